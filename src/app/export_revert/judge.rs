//! What a revert sees of each issue: whether docket made it, and whether anybody has touched it since.

use std::{
    collections::{BTreeSet, HashMap},
    ops::RangeInclusive,
    time::Duration,
};

use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    Revert,
    order::{in_groups, places},
};
use crate::{
    app::{jira_calls::failed, renamed::renamed, snapshot::Snapshot},
    connectors::jira::{CallError, Condition, IssueRef, OwnFiles, OwnIssue, Probe},
    db::{export_attachment, export_item},
    domain::{
        export::{FileState, ItemState, LinkState, RevertState, SpareIssue},
        ids::TicketId,
    },
    error::{Error, Reason, Result},
};

/// How many issues a dry run looks at at once.
const LOOKS_AT_ONCE: usize = 8;
/// Why an issue is kept that cannot be deleted.
const GONE: &str = "it is not there any more, or docket's account may not see it";
/// Why an issue is kept that Jira shows and does not find.
const MISSED: &str =
    "Jira did not delete it: it answered that there is no such issue, and shows it all the same";
/// When to look again for what could not be found.
const LATER: Duration = Duration::from_secs(60);

impl Revert<'_> {
    /// What would become of each, in the order given: looked at several at once, for nothing is changed.
    pub(super) async fn foresee_all(
        &mut self,
        items: Vec<export_item::Model>,
    ) -> Result<Vec<export_item::Model>> {
        let places = places(&items);
        let mut foreseen = Vec::with_capacity(items.len());
        for group in in_groups(items) {
            let looks: Vec<_> = group.into_iter().map(|item| self.foreseen(item)).collect();
            let looks = stream::iter(looks).buffered(LOOKS_AT_ONCE);
            let group: Vec<export_item::Model> = looks.try_collect().await?;
            group.iter().for_each(|item| self.note_going(item));
            foreseen.extend(group);
        }
        foreseen.sort_by_key(|item| places.get(&item.ticket_id));
        Ok(foreseen)
    }

    async fn foreseen(&self, mut item: export_item::Model) -> Result<export_item::Model> {
        if let Some((_, condition)) = self.judge(&mut item).await? {
            let kept = self.kept(condition, item.revert).await?;
            note(&mut item, kept);
        }
        self.foresee_spares(&mut item).await?;
        Ok(item)
    }

    /// The ticket's issue and what has become of it; none where there is none, or that is settled already.
    pub(super) async fn judge(
        &self,
        item: &mut export_item::Model,
    ) -> Result<Option<(IssueRef, Condition)>> {
        if matches!(item.revert, Some(RevertState::Deleted | RevertState::Kept)) {
            return Ok(None);
        }
        self.find_unrecorded(item).await?;
        let (Some(key), Some(id)) = (item.jira_key.clone(), item.jira_id.clone()) else {
            return Ok(None);
        };
        let condition = self.condition(item, &key, &id).await?;
        Ok(Some((IssueRef { id, key }, condition)))
    }

    /// A create that the run could not settle may have made an issue.
    async fn find_unrecorded(&self, item: &mut export_item::Model) -> Result<()> {
        if item.state != ItemState::Creating || item.jira_key.is_some() {
            return Ok(());
        }
        let (project, after) = (&self.project, item.high_key.unwrap_or_default());
        let marker = self.marker(item);
        let look = || self.jira.find_created(project, after, &marker);
        match self.ask(look).await? {
            Probe::Found(issue) => {
                item.jira_url = Some(self.jira.browse_url(&issue.key).to_string());
                item.jira_key = Some(issue.key);
                item.jira_id = Some(issue.id);
                item.state = ItemState::Created;
                Ok(())
            }
            Probe::Absent { .. } => Ok(()),
            // To go on would be to forget an issue that may be there, and to make a second one some day.
            Probe::Unfinished { searched_to } => Err(self.unsure(item, after + 1..=searched_to)),
        }
    }

    /// Nobody can tell whether the ticket has an issue; `keys` are the numbers of those that were looked at.
    fn unsure(&self, item: &export_item::Model, keys: RangeInclusive<i64>) -> Error {
        let title = Snapshot::summary(item.exported.as_ref()).unwrap_or_default();
        let (project, first, last) = (&self.project, keys.start(), keys.end());
        Error::Unavailable {
            reason: Reason::JiraCreateUncertain,
            message: format!(
                "nobody can tell whether Jira has made an issue titled “{title}”: there is none among {project}-{first} to {project}-{last}, and more keys have been given out than docket can read; what was taken back until now stays so. Call RevertExport again later; if it stops here again, look in Jira for that issue, and tell an administrator of docket its key"
            ),
            retry_after: LATER,
        }
    }

    async fn condition(&self, item: &export_item::Model, key: &str, id: &str) -> Result<Condition> {
        let linked = self.linked(item.ticket_id);
        let done = item.state == ItemState::Exported;
        let sprint = Snapshot::sprint(item.exported.as_ref(), done);
        let key = self.present(key);
        let resent = Snapshot::resent(item.exported.as_ref());
        let no_files = OwnFiles::default();
        let issue = OwnIssue {
            id,
            key: &key,
            marker: self.marker(item),
            linked: &linked,
            sprint: sprint.as_deref(),
            resent: &resent,
            files: self.files.get(&item.ticket_id).unwrap_or(&no_files),
            going: &self.going,
        };
        self.ask(|| self.jira.condition(&self.account, &issue))
            .await
    }

    /// The keys of the issues that the export linked this ticket's issue to.
    fn linked(&self, ticket: TicketId) -> BTreeSet<String> {
        let made = self
            .links
            .iter()
            .filter(|link| link.state != LinkState::Failed);
        let other = made.filter_map(|link| match ticket {
            _ if link.from_ticket_id == ticket => Some(link.to_ticket_id),
            _ if link.to_ticket_id == ticket => Some(link.from_ticket_id),
            _ => None,
        });
        let keys = other.filter_map(|id| self.keys.get(&id));
        keys.map(|key| self.present(key)).collect()
    }

    /// Why an issue is kept that may not be deleted, or not any more; `before` is what an earlier call has noted of it.
    pub(super) async fn kept(
        &self,
        condition: Condition,
        before: Option<RevertState>,
    ) -> Result<Option<String>> {
        let about_to = before == Some(RevertState::Deleting);
        Ok(match condition {
            // Deleted by an earlier call, whose answer was lost.
            Condition::Gone if about_to && self.sees_project().await? => None,
            Condition::Gone => Some(GONE.to_owned()),
            Condition::Touched(why) => Some(why),
            Condition::Untouched => None,
        })
    }

    /// What it means that Jira, asked to delete an issue, answers that there is none: a call of which this one has taken the place was
    /// still about to delete it, or the account may not see it any more, or not delete it.
    pub(super) async fn why_missed(&self, issue: &IssueRef) -> Result<Option<String>> {
        let key = self.present(&issue.key);
        if !self.ask(|| self.jira.is_gone(&key, &issue.id)).await? {
            return Ok(Some(MISSED.to_owned()));
        }
        Ok(match self.sees_project().await? {
            true => None,
            false => Some(GONE.to_owned()),
        })
    }

    /// Whether docket's account may see the project: only then an issue that is not shown is not there.
    async fn sees_project(&self) -> Result<bool> {
        let look = || self.jira.permissions(&self.project);
        match self.app.ask_jira(look).await {
            Ok(held) => Ok(held.has("BROWSE_PROJECTS")),
            Err(CallError::Rejected(refused)) if matches!(refused.status, 403 | 404 | 410) => {
                Ok(false)
            }
            Err(error) => Err(failed(&error, &self.row.jira_project_key)),
        }
    }

    /// A key of the run's project as it is since the project was renamed.
    pub(super) fn present(&self, key: &str) -> String {
        renamed(key, &self.row.jira_project_key, &self.project)
    }
}

/// Whether this is why an issue was kept: it was not there.
pub(in crate::app) fn is_gone(note: Option<&str>) -> bool {
    note == Some(GONE)
}

/// The keys of the second issues that are there yet.
pub(super) fn spares_left(items: &[export_item::Model]) -> Vec<String> {
    let spares = items.iter().flat_map(|item| item.spares());
    let left = spares
        .filter(|spare| spare.revert == Some(RevertState::Kept) && !is_gone(spare.note.as_deref()));
    left.map(|spare| spare.key.clone()).collect()
}

pub(super) fn state_of(spare: &SpareIssue, state: RevertState) -> SpareIssue {
    SpareIssue {
        revert: Some(state),
        ..spare.clone()
    }
}

pub(super) fn note(item: &mut export_item::Model, kept: Option<String>) {
    item.revert = Some(match &kept {
        Some(_) => RevertState::Kept,
        None => RevertState::Deleted,
    });
    item.revert_note = kept;
}

/// The files of each ticket that the issue has, or may have.
pub(super) fn sent(files: Vec<export_attachment::Model>) -> HashMap<TicketId, OwnFiles> {
    let mut sent: HashMap<TicketId, OwnFiles> = HashMap::new();
    for file in files {
        let own = sent.entry(file.ticket_id).or_default();
        if file.doubted {
            // The issue may have it twice.
            own.unheard.insert(file.filename.clone());
        }
        match (file.external_id, file.state) {
            (Some(id), _) => own.ids.insert(id),
            (None, FileState::Pending) => false,
            (None, _) => own.unheard.insert(file.filename),
        };
    }
    sent
}
