//! Deleting and keeping, issue by issue.

use serde_json::json;

use super::{
    Revert,
    judge::note,
    order::{in_groups, places},
};
use crate::{
    app::jira_calls::failed,
    connectors::jira::{CallError, Condition, IssueRef},
    db::{export_item, history},
    domain::{
        export::{ItemState, RevertState},
        history::HistoryEventType,
    },
    error::Result,
};

impl Revert<'_> {
    /// Deletes or keeps what was made of each ticket, subtasks before what they are subtasks of; the items in the order given.
    pub(super) async fn settle_all(
        &mut self,
        items: Vec<export_item::Model>,
    ) -> Result<Vec<export_item::Model>> {
        let places = places(&items);
        let mut settled = Vec::with_capacity(items.len());
        for item in in_groups(items).into_iter().flatten() {
            let item = self.settle(item).await?;
            self.note_going(&item);
            settled.push(item);
        }
        settled.sort_by_key(|item| places.get(&item.ticket_id));
        Ok(settled)
    }

    /// Remembers that the item's issue is no sign any more that its parent is somebody's.
    pub(super) fn note_going(&mut self, item: &export_item::Model) {
        let deleted = item.revert == Some(RevertState::Deleted);
        let key = item.jira_key.as_deref().filter(|_| deleted);
        let key = key.map(|key| self.present(key));
        self.going.extend(key);
    }

    /// Deletes or keeps what was made of one ticket, as far as that is not settled already.
    async fn settle(&mut self, mut item: export_item::Model) -> Result<export_item::Model> {
        if let Some((issue, condition)) = self.judge(&mut item).await? {
            let kept = match condition {
                Condition::Untouched => {
                    item.revert = Some(RevertState::Deleting);
                    self.delete(item.clone(), &issue).await?
                }
                condition => self.kept(condition, item.revert).await?,
            };
            note(&mut item, kept);
            self.record(&item, issue.key).await?;
        }
        self.settle_spares(&mut item).await?;
        Ok(item)
    }

    /// Deletes an issue that nobody has touched; `row` is written before and tells of it. A text says why Jira did not.
    pub(super) async fn delete(
        &mut self,
        row: export_item::Model,
        issue: &IssueRef,
    ) -> Result<Option<String>> {
        let mut next = self.row.clone();
        next.revert_time = next.revert_time.or(Some(self.app.clock.now()));
        self.write(next, |step| step.item = Some(row)).await?;
        let deletion = || self.jira.delete_issue(&issue.id);
        match self.app.ask_jira(deletion).await {
            Ok(()) => Ok(None),
            Err(CallError::Rejected(refused)) if matches!(refused.status, 404 | 410) => {
                self.why_missed(issue).await
            }
            // A right that the account lacks, it lacks for every issue: the call ends, and can be repeated once it has it.
            Err(CallError::Rejected(refused)) if !matches!(refused.status, 401 | 403) => {
                Ok(Some(format!("Jira did not delete it: {}", refused.quote())))
            }
            Err(error) => Err(failed(&error, &self.row.jira_project_key)),
        }
    }

    /// Records that an issue is deleted or kept.
    async fn record(&mut self, item: &export_item::Model, key: String) -> Result<()> {
        let now = self.app.clock.now();
        let mut next = self.row.clone();
        let deleted = item.revert == Some(RevertState::Deleted);
        if deleted && item.state == ItemState::Exported {
            next.tickets_completed = (next.tickets_completed - 1).max(0);
        }
        let entry = history::Entry {
            field: Some("jira_key".to_owned()),
            old_value: Some(key.clone()),
            ..history::Entry::event(
                item.ticket_id,
                HistoryEventType::Updated,
                self.caller.clone(),
                None,
                json!({ "session_id": self.row.session_id, "task_id": self.row.id }),
                now,
            )
        };
        let row = item.clone();
        self.write(next, |step| {
            step.item = Some(row);
            if deleted {
                step.taken_back = Some((item.ticket_id, key));
                step.entry = Some(entry);
            }
        })
        .await
    }
}
