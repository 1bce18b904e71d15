//! A ticket's sprint, into which its issue is put once that exists.

use super::{
    passage::Passage,
    run::{Run, Stop},
};
use crate::{
    app::snapshot::Snapshot,
    connectors::jira::{CallError, Sprint, Unsent},
    domain::export::ManualFixType,
};

impl Run {
    /// Puts the issue into its sprint, where it has one; what is lost of that is answered.
    pub(super) async fn send_sprint(
        &self,
        passage: &mut Passage<'_>,
    ) -> Result<Option<Unsent>, Stop> {
        if self.was_done_before(&passage.item).await? {
            // Whoever has put it elsewhere since meant that.
            return Ok(None);
        }
        if let Some(lost) = lost_sprint(passage) {
            return Ok(Some(lost));
        }
        let Some(sprint) = passage.plan.sprint.clone() else {
            return Ok(None);
        };
        let late = self.add_to_sprint(passage, &sprint).await?;
        if late.is_none() {
            // Another one than before the create, if the ticket was changed between two attempts.
            let item = &mut passage.item;
            item.exported = Snapshot::in_sprint(
                item.exported.take(),
                &passage.plan.ids,
                &sprint,
                passage.ticket,
            );
        }
        Ok(late)
    }

    /// What Jira refuses, or keeps failing at, is a manual fix, not a stop.
    async fn add_to_sprint(
        &self,
        passage: &Passage<'_>,
        sprint: &Sprint,
    ) -> Result<Option<Unsent>, Stop> {
        let key = passage.item.jira_key.clone().unwrap_or_default();
        let lost = |reason: String| Unsent {
            field: "sprint".to_owned(),
            fix_type: ManualFixType::SprintNotFound,
            wanted: sprint.name.clone(),
            sent: String::new(),
            reason,
            recommended_action: format!(
                "Have Jira take {key} into the sprint “{}” and call ApplyFixes, or add it by hand.",
                sprint.name
            ),
        };
        if let Some(why) = &passage.estranged {
            return Ok(Some(lost(why.clone())));
        }
        let keys = [key.clone()];
        let added = self
            .try_spare(passage.jira, "add to a sprint", || {
                passage.jira.add_to_sprint(sprint.id, &keys)
            })
            .await?;
        match added {
            Ok(()) => Ok(None),
            Err(CallError::Rejected(refused)) if refused.status == 401 => {
                Err(CallError::Rejected(refused)
                    .failure(&self.claimed.jira_project_key)
                    .into())
            }
            Err(refused) => Ok(Some(lost(refused.to_string()))),
        }
    }
}

/// A sprint that was there when the issue was created and is not any more, for an issue that a worker left before its sprint.
fn lost_sprint(passage: &Passage<'_>) -> Option<Unsent> {
    let about_sprint = |unsent: &&Unsent| unsent.field == "sprint";
    if passage.noted().iter().any(|unsent| about_sprint(&unsent)) {
        return None;
    }
    passage.plan.unsent.iter().find(about_sprint).cloned()
}
