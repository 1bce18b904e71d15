//! Fixes and the issues that they are about: whether a key still leads to what docket has made, and second issues, which a person
//! deletes.

use super::{
    fix_apply::{Fixer, refused},
    jira_calls::failed,
    kept_issues::recorded,
    spare_files::doubled,
    spare_issues::spares,
};
use crate::{
    connectors::jira::{Estranged, Recorded},
    db::{export_attachment, export_fix},
    domain::ids::TicketId,
    error::Result,
};

impl Fixer<'_> {
    /// Refuses where the ticket's key does not lead to its issue any more: the value would go to somebody else's.
    pub(super) async fn require_own(
        &mut self,
        fix: &export_fix::Model,
        ticket: TicketId,
    ) -> Result<()> {
        if !self.estranged.contains_key(&ticket) {
            let item = self.items.get(&ticket);
            let why = match item.and_then(recorded) {
                Some(issue) => self.why_estranged(issue).await?,
                None => None,
            };
            self.estranged.insert(ticket, why);
        }
        match self.estranged.get(&ticket) {
            Some(Some(why)) => Err(refused(fix, &format!("nothing was sent: {why}"))),
            _ => Ok(()),
        }
    }

    /// Refuses for as long as the second issue that the fix is about is there; answers its key.
    pub(super) async fn second_issue(&mut self, fix: &export_fix::Model) -> Result<String> {
        let item = self.items.get(&fix.ticket_id);
        let mut spares = item.iter().flat_map(|item| item.spares());
        let spare = spares.find(|spare| fix.jira_key.as_ref() == Some(&spare.key));
        let spare = spare.ok_or_else(|| refused(fix, "the second issue is not known any more"))?;
        let issue = Recorded {
            key: &spare.key,
            id: &spare.id,
            ticket: fix.ticket_id,
        };
        match self.why_estranged(issue).await? {
            Some(Estranged::Gone(_) | Estranged::Another(_)) => Ok(spare.key.clone()),
            // One without the mark is none the less there.
            Some(Estranged::Unmarked(_)) | None => {
                let how = format!("{} is still there; delete it in Jira", spare.key);
                Err(refused(fix, &how))
            }
        }
    }

    /// Refuses for as long as the ticket has, or may have, a second issue.
    pub(super) async fn no_second_issue(&self, fix: &export_fix::Model) -> Result<()> {
        let item = self.items.get(&fix.ticket_id);
        let item = item.ok_or_else(|| refused(fix, "the ticket has no issue"))?;
        let (project, task) = (&self.meta.project().key, self.export.id);
        let after = item.high_key.unwrap_or_default();
        let look = || self.jira.made_by(project, after, task);
        let looked = self.app.ask_jira(look).await;
        let (seen, whole) = looked.map_err(|error| failed(&error, project))?;
        match spares(item, &seen).first() {
            Some(spare) => {
                let how = format!("{} is a second issue; delete it in Jira", spare.key);
                Err(refused(fix, &how))
            }
            None if whole => Ok(()),
            None => Err(refused(fix, "not all keys of the project could be read")),
        }
    }

    /// Refuses for as long as the issue has the file twice that the fix is about.
    pub(super) async fn second_file(&self, fix: &export_fix::Model, key: &str) -> Result<()> {
        let project = &self.export.jira_project_key;
        let account = self.app.ask_jira(|| self.jira.myself()).await;
        let account = account.map_err(|error| failed(&error, project))?;
        let listed = self.app.ask_jira(|| self.jira.issue_files(key)).await;
        let listed = listed.map_err(|error| failed(&error, project))?;
        let rows = export_attachment::of_ticket(self.app.db.read(), fix.export_id, fix.ticket_id);
        let rows = rows.await?;
        let doubled = doubled(&rows, &listed, &account);
        let twice = doubled.iter().any(|row| row.filename == fix.field);
        match twice {
            true => Err(refused(fix, &format!("{key} still has the file twice"))),
            false => Ok(()),
        }
    }

    async fn why_estranged(&self, issue: Recorded<'_>) -> Result<Option<Estranged>> {
        let issues = [issue];
        let looked = self.app.ask_jira(|| self.jira.estranged(&issues)).await;
        let mut strange = looked.map_err(|error| failed(&error, &self.export.jira_project_key))?;
        Ok(strange.remove(&issue.ticket))
    }
}
