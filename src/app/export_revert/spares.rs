//! Second issues of tickets in a revert: they are taken back, too, each for itself.

use std::collections::BTreeSet;

use super::{Revert, judge::state_of};
use crate::{
    app::spare_issues::{new_spares, since},
    connectors::jira::{Condition, IssueRef, MarkedIssue, OwnFiles, OwnIssue},
    db::export_item,
    domain::export::{RevertState, SpareIssue},
    error::Result,
};

impl Revert<'_> {
    /// Everything that the run has made, where there may be second issues.
    pub(super) async fn look_for_spares(
        &self,
        items: &[export_item::Model],
    ) -> Result<Vec<MarkedIssue>> {
        let Some(after) = since(items) else {
            return Ok(Vec::new());
        };
        let (project, task) = (&self.project, self.row.id);
        let asked = || self.jira.made_by(project, after, task);
        // Where not all keys could be read, a manual fix of the run tells so.
        let (seen, _) = self.ask(asked).await?;
        Ok(seen)
    }

    /// Deletes or keeps each second issue that is not settled yet.
    pub(super) async fn settle_spares(&mut self, item: &mut export_item::Model) -> Result<()> {
        for spare in self.unsettled(item) {
            let condition = self.spare_condition(item, &spare).await?;
            let kept = match condition {
                Condition::Untouched => {
                    put(item, state_of(&spare, RevertState::Deleting));
                    self.delete(item.clone(), &issue(&spare)).await?
                }
                condition => self.kept(condition, spare.revert).await?,
            };
            let settled = settled(&spare, kept);
            let text = format!(
                "issue {}, a second one of ticket {}: {} {}",
                spare.key,
                item.ticket_id,
                settled.revert.map(|it| it.to_string()).unwrap_or_default(),
                settled.note.as_deref().unwrap_or_default(),
            );
            put(item, settled);
            let (next, row) = (self.row.clone(), item.clone());
            self.write(next, |step| {
                step.item = Some(row);
                step.text = Some(text.trim_end().to_owned());
            })
            .await?;
        }
        Ok(())
    }

    /// What would become of each second issue.
    pub(super) async fn foresee_spares(&self, item: &mut export_item::Model) -> Result<()> {
        for spare in self.unsettled(item) {
            let condition = self.spare_condition(item, &spare).await?;
            let kept = self.kept(condition, spare.revert).await?;
            put(item, settled(&spare, kept));
        }
        Ok(())
    }

    fn unsettled(&self, item: &export_item::Model) -> Vec<SpareIssue> {
        let known = item.spares().iter().cloned();
        let all = known.chain(new_spares(item, &self.seen));
        let done = |spare: &SpareIssue| {
            matches!(spare.revert, Some(RevertState::Deleted | RevertState::Kept))
        };
        all.filter(|spare| !done(spare)).collect()
    }

    async fn spare_condition(
        &self,
        item: &export_item::Model,
        spare: &SpareIssue,
    ) -> Result<Condition> {
        let key = self.present(&spare.key);
        let issue = OwnIssue {
            id: &spare.id,
            key: &key,
            marker: self.marker(item),
            linked: &BTreeSet::new(),
            resent: &BTreeSet::new(),
            sprint: None,
            files: &OwnFiles::default(),
            going: &self.going,
        };
        self.ask(|| self.jira.condition(&self.account, &issue))
            .await
    }
}

fn issue(spare: &SpareIssue) -> IssueRef {
    IssueRef {
        id: spare.id.clone(),
        key: spare.key.clone(),
    }
}

/// Replaces what an item tells of a second issue, or adds it.
fn put(item: &mut export_item::Model, spare: SpareIssue) {
    let spares = &mut item.spare_issues.get_or_insert_default().0;
    match spares.iter_mut().find(|known| known.id == spare.id) {
        Some(known) => *known = spare,
        None => spares.push(spare),
    }
}

fn settled(spare: &SpareIssue, kept: Option<String>) -> SpareIssue {
    let state = match &kept {
        Some(_) => RevertState::Kept,
        None => RevertState::Deleted,
    };
    SpareIssue {
        note: kept,
        ..state_of(spare, state)
    }
}
