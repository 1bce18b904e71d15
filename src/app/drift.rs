//! What has changed since an export, in docket or in Jira: each field held against what was exported.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{
    App,
    drift_files::{deleted, sent},
    drift_links::LinkDrifts,
    drift_pair::{Pair, WHOLE, snapshot},
    jira_calls::failed,
    pages::PAGE_BYTES,
    snapshot::{Snapshot, shortened},
    spare_issues::{since, spares},
};
use crate::{
    connectors::jira::{IssueNow, Jira, MarkedIssue},
    db::{
        attachment, dependency, export_attachment, export_fix, export_item, export_link, session,
        session_ticket, ticket,
    },
    domain::{
        actor::Actor,
        export::ExportStatus,
        ids::{AttachmentId, ExportId, SessionId, TicketId},
        permission::Action,
    },
    error::{Error, Reason, Result},
};

/// How many issues one read asks for: Jira's most.
const BATCH: usize = 100;
/// The longest texts where there is room for all, and where there is not, in code points.
const LENGTHS: [usize; 2] = [1000, 100];
/// A value that is no longer as it was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "each field is the contract's field of the same name, documented there"
)]
pub struct Drift {
    pub jira_key: String,
    pub field: String,
    pub exported: String,
    pub in_jira: Option<String>,
    pub in_docket: Option<String>,
}

/// What is held against each other, as far as it is read at once.
struct Sides<'a> {
    session: &'a session::Model,
    jira: Jira,
    /// The fields of each ticket whose values did not arrive.
    lost: HashMap<TicketId, HashSet<String>>,
    /// The files of each ticket that its issue has got.
    files: HashMap<TicketId, Vec<export_attachment::Model>>,
    links: LinkDrifts,
}

impl App {
    /// Everything that differs from what the session's export sent, by the tickets' order.
    pub async fn check_drift(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<SessionId> + Send,
    ) -> Result<Vec<Drift>> {
        actor.require(Action::ReadSessions)?;
        let session = self.session(parse()?).await?;
        let export = self.export(session.id).await?;
        if !export.status.is_terminal() {
            return Err(self.running(&session).await?);
        }
        if export.status == ExportStatus::Reverted {
            return Ok(Vec::new());
        }
        let integration = self.exportable(&session).await?;
        let jira = self.jira(&integration)?;
        let project = &export.jira_project_key;
        // So that issues which docket may no longer see are not taken for deleted ones.
        let now = self.ask_jira(|| jira.project(project)).await;
        let now = now.map_err(|error| failed(&error, project))?.key;
        let orders = session_ticket::orders_of_session(self.db.read(), session.id).await?;
        let mut items = export_item::made(self.db.read(), export.id).await?;
        items.sort_by_key(|item| (orders.get(&item.ticket_id).copied(), item.position));
        let seen = match since(&items) {
            Some(after) => self.ask_jira(|| jira.made_by(&now, after, export.id)).await,
            None => Ok((Vec::new(), true)),
        };
        // Where not all keys could be read, a manual fix tells so.
        let (seen, _) = seen.map_err(|error| failed(&error, project))?;
        let twice = self.files_twice(&jira, &export, &items).await?;
        let mut sides = Sides {
            lost: self.lost(&export.id).await?,
            files: sent(export_attachment::of_export(self.db.read(), export.id).await?),
            links: LinkDrifts::new(
                export_link::of_export(self.db.read(), export.id).await?,
                &dependency::of_session(self.db.read(), session.id).await?,
            ),
            session: &session,
            jira,
        };
        let mut compared = Vec::with_capacity(items.len());
        for some in items.chunks(BATCH) {
            compared.extend(self.compare(&mut sides, some).await?);
        }
        let mut drifts = Vec::new();
        for (item, of_ticket) in items.iter().zip(compared) {
            drifts.extend(of_ticket);
            drifts.extend(second_issues(item, &seen));
            drifts.extend(twice.get(&item.ticket_id).into_iter().flatten().cloned());
            drifts.extend(sides.links.of(item));
        }
        fit(drifts)
    }

    /// The fields of each ticket whose values did not arrive.
    async fn lost(&self, export: &ExportId) -> Result<HashMap<TicketId, HashSet<String>>> {
        let mut lost: HashMap<TicketId, HashSet<String>> = HashMap::new();
        let fixes = export_fix::of_export(self.db.read(), *export).await?;
        for fix in fixes.into_iter().filter(|fix| !fix.applied) {
            let field = fix.bare_field().to_owned();
            lost.entry(fix.ticket_id).or_default().insert(field);
        }
        Ok(lost)
    }

    async fn compare(
        &self,
        sides: &mut Sides<'_>,
        items: &[export_item::Model],
    ) -> Result<Vec<Vec<Drift>>> {
        let snapshots: Vec<Snapshot> = items.iter().map(snapshot).collect();
        let fields: BTreeSet<&str> = snapshots.iter().flat_map(Snapshot::fields).collect();
        let fields: Vec<&str> = fields.into_iter().collect();
        let ids: Vec<&str> = items
            .iter()
            .filter_map(|item| item.jira_id.as_deref())
            .collect();
        let read = self.ask_jira(|| sides.jira.issues_now(&ids, &fields)).await;
        let read = read.map_err(|error| failed(&error, &sides.session.jira_project_key))?;
        let issues: HashMap<&str, &IssueNow> = read
            .iter()
            .map(|issue| (issue.id.as_str(), issue))
            .collect();
        let tickets = || items.iter().map(|item| item.ticket_id);
        let rows = ticket::find_many(self.db.read(), tickets()).await?;
        let rows: HashMap<TicketId, ticket::Model> =
            rows.into_iter().map(|row| (row.id, row)).collect();
        let live = attachment::of_tickets(self.db.read(), tickets()).await?;
        let live: HashSet<AttachmentId> = live.into_iter().map(|file| file.id).collect();
        let none = HashSet::new();
        let mut drifts = Vec::new();
        for (item, snapshot) in items.iter().zip(snapshots) {
            let row = rows.get(&item.ticket_id);
            let row = row.filter(|row| row.session_id == Some(sides.session.id));
            let issue = item.jira_id.as_deref().and_then(|id| issues.get(id));
            let pair = Pair {
                key: item.jira_key.clone().unwrap_or_default(),
                docket: row.map(|row| snapshot.docket_now(row)),
                jira: issue.copied(),
                lost: sides.lost.get(&item.ticket_id).unwrap_or(&none),
                snapshot,
            };
            let mut of_ticket = pair.drifts();
            if let (Some(issue), Some(_)) = (issue, row) {
                let files = sides.files.get(&item.ticket_id);
                of_ticket.extend(deleted(&pair.key, files, issue, &live));
                sides.links.note(item.ticket_id, issue);
            }
            drifts.push(of_ticket);
        }
        Ok(drifts)
    }
}

/// One for each issue that the ticket has beside its own, which is not to be there.
fn second_issues(item: &export_item::Model, seen: &[MarkedIssue]) -> Vec<Drift> {
    let own = item.jira_key.clone().unwrap_or_default();
    let second = spares(item, seen).into_iter().map(|spare| Drift {
        jira_key: spare.key.clone(),
        field: WHOLE.to_owned(),
        exported: own.clone(),
        in_jira: Some(spare.key),
        in_docket: Some(own.clone()),
    });
    second.collect()
}

/// Keeps the answer within what clients take.
fn fit(mut drifts: Vec<Drift>) -> Result<Vec<Drift>> {
    for most in LENGTHS {
        for drift in &mut drifts {
            drift.exported = shortened(&drift.exported, most);
            for text in [&mut drift.in_jira, &mut drift.in_docket]
                .into_iter()
                .flatten()
            {
                *text = shortened(text, most);
            }
        }
        if drifts.iter().map(weight).sum::<usize>() <= PAGE_BYTES {
            return Ok(drifts);
        }
    }
    Err(Error::Exhausted {
        reason: Reason::MessageTooLarge,
        message: "more has changed than clients take in one answer".to_owned(),
        retry_after: std::time::Duration::from_secs(60),
    })
}

fn weight(drift: &Drift) -> usize {
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len) + 4;
    let texts = [&drift.jira_key, &drift.field, &drift.exported];
    texts.iter().map(|text| text.len() + 4).sum::<usize>()
        + length(&drift.in_jira)
        + length(&drift.in_docket)
}
