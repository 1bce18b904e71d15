//! What an earlier export has left of a ticket: an issue that a revert kept, because somebody had touched it. It is taken over as it is.
//! Nothing is sent to it that was sent before, whoever has changed or removed that since; what it had to do without is told again.

use super::{
    change::Change,
    passage::Passage,
    run::{Run, Stop},
    ticket::count,
};
use crate::{
    app::{
        kept_issues::{next_spare, recorded, stays},
        spare_issues,
    },
    connectors::jira::Jira,
    db::{export, export_attachment, export_fix, export_item, export_link},
    domain::{
        export::{ItemState, LinkState, ManualFixType, SpareIssue, SpareIssues},
        ids::{FixId, TicketId},
    },
};

/// The two tickets that a link joins.
type Ends = [TicketId; 2];

impl Run {
    /// Takes over the issue that a revert had kept, or makes the ticket's item one that has none where it is not there any more.
    pub(super) async fn take_over(&self, passage: &mut Passage<'_>) -> Result<(), Stop> {
        let jira = passage.jira;
        loop {
            let item = &mut passage.item;
            let strange = self.estranged(jira, std::slice::from_ref(item)).await?;
            let why = strange.get(&item.ticket_id);
            if stays(jira, item, why) && !self.is_elsewhere(jira, item).await? {
                passage.estranged = why.map(ToString::to_string);
                return self.carry_over(passage).await;
            }
            // The ticket may have a second one that was kept, too.
            if !next_spare(item, |key| jira.browse_url(key).to_string()) {
                *item = export_item::Model::new(item.export_id, item.ticket_id, item.position);
                return Ok(());
            }
        }
    }

    /// Whether the issue is of another project than the session goes to by now.
    async fn is_elsewhere(&self, jira: &Jira, item: &export_item::Model) -> Result<bool, Stop> {
        let earlier = self.earlier().await?;
        let (Some(earlier), Some(issue)) = (earlier.first(), recorded(item)) else {
            return Ok(false);
        };
        let former = &earlier.jira_project_key;
        if *former == self.claimed.jira_project_key {
            return Ok(false);
        }
        let issues = [issue];
        let asked = || jira.elsewhere(&self.project, former, &issues);
        Ok(!self
            .ask("look at an issue's project", asked)
            .await?
            .is_empty())
    }

    /// Writes down, once and with the events that tell of it, what the issue has and what it has to do without.
    async fn carry_over(&self, passage: &mut Passage<'_>) -> Result<(), Stop> {
        let (files, mut fixes, mut details) = match self.former(&passage.item).await? {
            Some(former) if is_same(&former, &passage.item) => {
                let (files, fixes) = self.left_undone(&former).await?;
                let told = fixes.iter().map(|fix| passage.told(fix)).collect();
                (files, fixes, told)
            }
            // A second issue, to which nothing was sent after its create.
            _ => {
                let (fixes, details) = self.fixes(passage, passage.noted());
                (Vec::new(), fixes, details)
            }
        };
        let spares = self.spares_left(passage).await?;
        let now = self.app.clock.now();
        for spare in &spares {
            let fix = spare_issues::fix(&passage.item, spare, now);
            details.push(passage.told(&fix));
            fixes.push(fix);
        }
        let keys: Vec<String> = spares.iter().map(|spare| spare.key.clone()).collect();
        let item = &mut passage.item;
        item.spare_issues = Some(SpareIssues(spares)).filter(|spares| !spares.0.is_empty());
        // From now on it is the run's own: this is done once.
        item.high_key = Some(self.traffic.high_key());
        let more = count(&fixes);
        let change = Change {
            item: Some(item.clone()),
            new_files: files,
            fixes,
            ..Change::default()
        };
        let alter = |next: &mut export::Model| {
            next.manual_fixes += more;
            next.orphaned_keys.0.extend(keys);
        };
        self.record(alter, change, details).await
    }

    /// How far the files of an earlier export's ticket have come, and what is still to be put right by hand, as this run's.
    async fn left_undone(
        &self,
        former: &export_item::Model,
    ) -> Result<(Vec<export_attachment::Model>, Vec<export_fix::Model>), Stop> {
        let (conn, run, ticket) = (self.app.db.read(), self.claimed.id, former.ticket_id);
        let mut files = export_attachment::of_ticket(conn, former.export_id, ticket).await?;
        for file in &mut files {
            file.export_id = run;
        }
        let mut fixes = export_fix::of_ticket(conn, former.export_id, ticket).await?;
        // Links are this run's to make, and second issues are looked at for themselves.
        fixes.retain(|fix| {
            let here =
                fix.fix_type != ManualFixType::LinkFailed && fix.field != spare_issues::FIELD;
            here && !fix.applied
        });
        Ok((files, fixes.into_iter().map(|fix| self.anew(fix)).collect()))
    }

    /// An earlier export's fix as this run's.
    fn anew(&self, fix: export_fix::Model) -> export_fix::Model {
        let now = self.app.clock.now();
        export_fix::Model {
            id: FixId::at(now),
            export_id: self.claimed.id,
            create_time: now,
            ..fix
        }
    }

    /// Those of the ticket's second issues that are still there.
    async fn spares_left(&self, passage: &Passage<'_>) -> Result<Vec<SpareIssue>, Stop> {
        let mut left = Vec::new();
        for spare in passage.item.spares() {
            let asked = || passage.jira.is_gone(&spare.key, &spare.id);
            if !self.ask("look at a second issue", asked).await? {
                left.push(spare.clone());
            }
        }
        Ok(left)
    }

    /// Whether an earlier export has come to its end with the issue that the ticket has now.
    pub(super) async fn was_done_before(&self, item: &export_item::Model) -> Result<bool, Stop> {
        if !item.adopted {
            return Ok(false);
        }
        let former = self.former(item).await?;
        let done = |former: export_item::Model| {
            is_same(&former, item) && former.state == ItemState::Exported
        };
        Ok(former.is_some_and(done))
    }

    /// Those of these links that an earlier export has set between the very same issues, with its fixes about them: whoever has taken
    /// one out since meant it.
    pub(super) async fn linked_before(
        &self,
        links: &[export_link::Model],
        items: &[export_item::Model],
    ) -> Result<Vec<(Ends, Vec<export_fix::Model>)>, Stop> {
        let mut before = Vec::new();
        for link in links {
            let ends = [link.from_ticket_id, link.to_ticket_id];
            let item = |id| {
                items
                    .iter()
                    .find(|item| item.ticket_id == id && item.adopted)
            };
            let (Some(from), Some(to)) = (item(ends[0]), item(ends[1])) else {
                continue;
            };
            let (Some(was_from), Some(was_to)) = (self.former(from).await?, self.former(to).await?)
            else {
                continue;
            };
            let same = is_same(&was_from, from) && is_same(&was_to, to);
            let together = was_from.export_id == was_to.export_id;
            let conn = self.app.db.read();
            if !(same && together)
                || export_link::state(conn, was_to.export_id, ends).await? != Some(LinkState::Done)
            {
                continue;
            }
            let key = |item: &export_item::Model| item.jira_key.clone().unwrap_or_default();
            let wanted = format!("{} blocks {}", key(&was_from), key(&was_to));
            let mut fixes = export_fix::of_ticket(conn, was_to.export_id, ends[1]).await?;
            fixes.retain(|fix| {
                fix.fix_type == ManualFixType::LinkFailed && fix.wanted == wanted && !fix.applied
            });
            let fixes = fixes.into_iter().map(|fix| self.anew(fix)).collect();
            before.push((ends, fixes));
        }
        Ok(before)
    }

    /// What the latest export before this one that has dealt with the ticket has noted of it.
    async fn former(&self, item: &export_item::Model) -> Result<Option<export_item::Model>, Stop> {
        let conn = self.app.db.read();
        for earlier in self.earlier().await? {
            let found = export_item::of_tickets(conn, earlier.id, [item.ticket_id]).await?;
            let dealt_with = |it: &export_item::Model| {
                let waiting = it.state == ItemState::Created && it.high_key.is_none();
                !waiting && it.state != ItemState::Pending
            };
            if let Some(former) = found.into_iter().find(dealt_with) {
                return Ok(Some(former));
            }
        }
        Ok(None)
    }

    /// The session's earlier runs, the latest first.
    async fn earlier(&self) -> Result<&[export::Model], Stop> {
        let look = || export::before(self.app.db.read(), &self.claimed);
        Ok(self.earlier.get_or_try_init(look).await?)
    }
}

/// Whether both tell of the same issue.
fn is_same(one: &export_item::Model, other: &export_item::Model) -> bool {
    one.jira_id.is_some() && one.jira_id == other.jira_id
}
