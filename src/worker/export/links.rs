//! The links between a run's issues, made once all of them exist.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{
    change::Change,
    run::{Run, Stop},
    ticket::count,
};
use crate::{
    app::step::step,
    connectors::jira::{CallError, IssueLink, Jira, LinkType},
    db::{export, export_fix, export_item, export_link, ticket},
    domain::{
        export::{EventDetail, LinkState, ManualFixType},
        ids::{FixId, TicketId},
    },
    error::Error,
};

/// How many links are read at once.
const BATCH: u64 = 100;

/// A link that was sent, or could not be.
struct Sent<'a> {
    link: export_link::Model,
    /// The issues, the blocker first.
    ends: [&'a export_item::Model; 2],
    kind: Option<&'a LinkType>,
    refused: Option<String>,
}

impl Run {
    /// Makes every dependency a link. One that a worker has sent that did not live to record it is sent again: Jira keeps one of a kind.
    pub(super) async fn link_dependencies(&self, jira: &Jira) -> Result<(), Stop> {
        let mut kind = None;
        loop {
            let links = export_link::pending(self.app.db.read(), self.claimed.id, BATCH).await?;
            if links.is_empty() {
                return Ok(());
            }
            if kind.is_none() {
                kind = self.link_type(jira).await?;
            }
            let ends = links
                .iter()
                .flat_map(|link| [link.from_ticket_id, link.to_ticket_id]);
            let items = export_item::of_tickets(self.app.db.read(), self.claimed.id, ends).await?;
            let before = self.linked_before(&links, &items).await?;
            let strange = self.estranged(jira, &items).await?;
            // What has become of one link is written down while the next is on its way: one that is sent again does no harm.
            let mut last = None;
            for link in links {
                let ends = [link.from_ticket_id, link.to_ticket_id];
                if let Some((_, fixes)) = before.iter().find(|(known, _)| *known == ends) {
                    self.keep_link(last.take()).await?;
                    self.boundary().await?;
                    self.leave_link(jira, link, fixes.clone(), &items).await?;
                    continue;
                }
                let strange = ends.iter().find_map(|end| strange.get(end));
                let way = match strange {
                    Some(why) => Err(why.to_string()),
                    None => Ok(kind.as_ref()),
                };
                let keep = async {
                    self.keep_link(last.take()).await?;
                    self.integration().await.map(drop)
                };
                let (kept, sent) = tokio::join!(keep, self.send_link(jira, way, link, &items));
                if let Err(stop) = kept {
                    self.keep_link(sent.ok()).await?;
                    return Err(stop);
                }
                last = Some(sent?);
            }
            self.keep_link(last).await?;
        }
    }

    /// Records a link that an earlier export has set between two issues that were kept. Whether it is there still is theirs to say who
    /// have touched them since: only then it counts.
    async fn leave_link(
        &self,
        jira: &Jira,
        mut link: export_link::Model,
        fixes: Vec<export_fix::Model>,
        items: &[export_item::Model],
    ) -> Result<(), Stop> {
        let mut details = Vec::new();
        for fix in &fixes {
            let item = items.iter().find(|item| item.ticket_id == fix.ticket_id);
            let url = item.and_then(|item| item.jira_url.clone());
            details.push(self.link_fix_told(fix, url.unwrap_or_default()).await?);
        }
        let there = self.is_linked(jira, &link, items).await?;
        link.state = LinkState::Done;
        let more = count(&fixes);
        let change = Change {
            link: Some(link),
            fixes,
            ..Change::default()
        };
        let alter = |next: &mut export::Model| {
            next.dependencies_created += i32::from(there);
            next.manual_fixes += more;
        };
        self.record(alter, change, details).await
    }

    /// Whether any link joins the two issues. One that Jira does not show is none.
    async fn is_linked(
        &self,
        jira: &Jira,
        link: &export_link::Model,
        items: &[export_item::Model],
    ) -> Result<bool, Stop> {
        let key = |id| {
            let item = items.iter().find(|item| item.ticket_id == id)?;
            item.jira_key.as_deref()
        };
        let (Some(one), Some(other)) = (key(link.from_ticket_id), key(link.to_ticket_id)) else {
            return Ok(false);
        };
        let asked = self.try_ask("read an issue's links", || jira.issue_links(one));
        match asked.await? {
            Ok(links) => Ok(links
                .iter()
                .any(|it| it.inward == other || it.outward == other)),
            Err(CallError::Rejected(refused)) if refused.status == 401 => {
                let refused = CallError::Rejected(refused);
                Err(refused.failure(&self.claimed.jira_project_key).into())
            }
            Err(_) => Ok(false),
        }
    }

    /// The type of link that dependencies become; `None` where links are switched off or withheld, which Jira tells by a refusal.
    async fn link_type(&self, jira: &Jira) -> Result<Option<LinkType>, Stop> {
        let asked = self.try_ask("read the link types", || jira.link_types());
        match asked.await? {
            Ok(kinds) => Ok(LinkType::blocking(&kinds).cloned()),
            Err(CallError::Rejected(refused)) if matches!(refused.status, 403 | 404) => Ok(None),
            Err(refused) => Err(refused.failure(&self.claimed.jira_project_key).into()),
        }
    }

    /// Makes one link; `way` is its type, or why there can be none.
    async fn send_link<'a>(
        &self,
        jira: &Jira,
        way: Result<Option<&'a LinkType>, String>,
        link: export_link::Model,
        items: &'a [export_item::Model],
    ) -> Result<Sent<'a>, Stop> {
        self.may_go_on().await?;
        self.still_holds()?;
        let item = |id| {
            let mut known = items.iter().filter(|item| item.jira_key.is_some());
            let item = known.find(|item| item.ticket_id == id);
            item.ok_or_else(|| Error::internal("a link between tickets without issues"))
        };
        let ends = [item(link.from_ticket_id)?, item(link.to_ticket_id)?];
        let [blocker, blocked] = ends.map(key);
        let kind = way.as_ref().ok().copied().flatten();
        let made = match way {
            Ok(kind) => self.make_link(jira, kind, blocker, blocked).await?,
            Err(why) => Err(why),
        };
        step("export.link_sent");
        Ok(Sent {
            link,
            ends,
            kind,
            refused: made.err(),
        })
    }

    /// Writes down what has become of a link.
    async fn keep_link(&self, sent: Option<Sent<'_>>) -> Result<(), Stop> {
        let Some(Sent {
            mut link,
            ends,
            kind,
            refused,
        }) = sent
        else {
            return Ok(());
        };
        let [blocker, blocked] = ends.map(key);
        let mut details = Vec::new();
        if refused.is_none() {
            details.push(EventDetail::DependencyCreated {
                from_key: blocker.to_owned(),
                to_key: blocked.to_owned(),
            });
        }
        link.state = match &refused {
            None => LinkState::Done,
            Some(_) => LinkState::Failed,
        };
        let done = i32::from(refused.is_none());
        link.error.clone_from(&refused);
        let mut fixes = Vec::new();
        if let Some(unlike) = LinkFix::of(blocker, blocked, kind, refused) {
            let url = ends[1].jira_url.clone().unwrap_or_default();
            let fix = self.link_fix(link.to_ticket_id, blocked.to_owned(), unlike);
            details.push(self.link_fix_told(&fix, url).await?);
            fixes.push(fix);
        }
        let more = count(&fixes);
        let change = Change {
            link: Some(link),
            fixes,
            ..Change::default()
        };
        let alter = |next: &mut export::Model| {
            next.dependencies_created += done;
            next.manual_fixes += more;
        };
        self.record(alter, change, details).await
    }

    /// Sends the link. What Jira refuses, or keeps failing at, is told, and not a stop; a token that it no longer takes is.
    async fn make_link(
        &self,
        jira: &Jira,
        kind: Option<&LinkType>,
        blocker: &str,
        blocked: &str,
    ) -> Result<Result<(), String>, Stop> {
        let Some(kind) = kind else {
            return Ok(Err(
                "this Jira site has no type of link that tells of a dependency".to_owned(),
            ));
        };
        let doubted = AtomicBool::new(false);
        let send = || async {
            if doubted.load(Ordering::Relaxed) && is_there(jira, kind, blocker, blocked).await? {
                return Ok(());
            }
            let sent = jira.link(kind, blocker, blocked).await;
            doubted.store(sent.is_err(), Ordering::Relaxed);
            sent
        };
        let made = self.try_spare(jira, "link issues", send).await?;
        match made {
            Err(CallError::Rejected(refused)) if refused.status == 401 => {
                let refused = CallError::Rejected(refused);
                Err(refused.failure(&self.claimed.jira_project_key).into())
            }
            made => Ok(made.map_err(|refused| refused.to_string())),
        }
    }

    /// A link that is not as it should be is a manual fix of the ticket that waits, not a stop.
    fn link_fix(&self, waiting: TicketId, blocked: String, unlike: LinkFix) -> export_fix::Model {
        let now = self.app.clock.now();
        export_fix::Model {
            id: FixId::at(now),
            export_id: self.claimed.id,
            ticket_id: waiting,
            jira_key: Some(blocked),
            fix_type: ManualFixType::LinkFailed,
            field: "depends_on".to_owned(),
            recommended_action: format!(
                "Have Jira take the link and call ApplyFixes, or link the two issues by hand: {}.",
                unlike.wanted
            ),
            wanted: unlike.wanted,
            sent: unlike.sent,
            reason: unlike.reason,
            applied: false,
            create_time: now,
        }
    }

    async fn link_fix_told(
        &self,
        fix: &export_fix::Model,
        url: String,
    ) -> Result<EventDetail, Stop> {
        let titles = ticket::find_many(self.app.db.read(), [fix.ticket_id]).await?;
        let title = titles.into_iter().next().map(|ticket| ticket.title.0);
        Ok(EventDetail::FieldFallback {
            ticket_id: fix.ticket_id,
            field: fix.field.clone(),
            fix: Box::new(fix.told(url, title.unwrap_or_default())),
        })
    }
}

/// The issue's key; there once all tickets have their issues.
fn key(item: &export_item::Model) -> &str {
    item.jira_key.as_deref().unwrap_or_default()
}

/// Whether a link is there whose answer was lost. An issue that Jira does not show tells nothing: then it is sent again.
async fn is_there(
    jira: &Jira,
    kind: &LinkType,
    blocker: &str,
    blocked: &str,
) -> Result<bool, CallError> {
    let same = |link: &IssueLink| link.kind.name == kind.name && link.says(blocker, blocked);
    match jira.issue_links(blocker).await {
        Ok(links) => Ok(links.iter().any(same)),
        Err(CallError::Rejected(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// What is wrong with a link.
struct LinkFix {
    wanted: String,
    sent: Option<String>,
    reason: String,
}

impl LinkFix {
    /// Nothing, where one issue blocks the other now.
    fn of(
        blocker: &str,
        blocked: &str,
        kind: Option<&LinkType>,
        refused: Option<String>,
    ) -> Option<Self> {
        let wanted = format!("{blocker} blocks {blocked}");
        let nearest = kind.filter(|kind| !kind.blocks());
        match (refused, nearest) {
            (Some(reason), _) => Some(Self {
                wanted,
                sent: None,
                reason,
            }),
            (None, Some(kind)) => Some(Self {
                wanted,
                sent: Some(format!("{blocker} {} {blocked}", kind.outward)),
                reason: format!(
                    "this Jira site has no link type “Blocks”; “{}” was used instead",
                    kind.name
                ),
            }),
            (None, None) => None,
        }
    }
}
