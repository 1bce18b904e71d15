//! Telling of exports: how they stand, what they made, and what they could not do.

use std::collections::HashMap;

use super::{App, moot_fixes, results_answer};
use crate::{
    db::{export_fix, export_item, session_ticket},
    domain::{
        actor::Actor,
        export::{ExportSnapshot, ManualFix},
        ids::{SessionId, TicketId},
        permission::Action,
    },
    error::Result,
};

/// What GetExportResults answers.
#[derive(Clone, Debug)]
pub struct Results {
    /// The run.
    pub export: ExportSnapshot,
    /// The issues that exist, in the run's order.
    pub issues: Vec<MadeIssue>,
    /// What a person has to put right, by the tickets' order.
    pub fixes: Vec<ManualFix>,
}

/// An issue that an export made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeIssue {
    /// The ticket it was made from.
    pub ticket_id: TicketId,
    /// Its key.
    pub key: String,
    /// Its address.
    pub url: String,
    /// The ticket's title.
    pub title: String,
}

impl MadeIssue {
    /// The address of the issue that the fix is about: the ticket's own, or a second one beside it.
    fn beside(&self, fix: &export_fix::Model) -> String {
        match (&fix.jira_key, self.url.strip_suffix(&self.key)) {
            (Some(key), Some(site)) => format!("{site}{key}"),
            _ => self.url.clone(),
        }
    }
}

impl App {
    /// The session's export as it stands; a caller may ask once in 2 s.
    pub async fn get_export(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<SessionId> + Send,
    ) -> Result<ExportSnapshot> {
        actor.require(Action::ReadSessions)?;
        let id = parse()?;
        let session = self.session(id).await?;
        self.polls.admit(id, &actor.user_id, self.clock.now())?;
        let export = self.export(id).await?;
        self.snapshot(&session, &export).await
    }

    /// What an export made, and what it could not do.
    pub async fn get_export_results(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<SessionId> + Send,
    ) -> Result<Results> {
        actor.require(Action::ReadSessions)?;
        let id = parse()?;
        let session = self.session(id).await?;
        let export = self.export(id).await?;
        let made = export_item::made(self.db.read(), export.id).await?;
        let titles = session_ticket::titles_of_session(self.db.read(), id).await?;
        let title = |id: TicketId| titles.get(&id).cloned().unwrap_or_default();
        let issues = made.into_iter().filter_map(|item| {
            Some(MadeIssue {
                ticket_id: item.ticket_id,
                key: item.jira_key?,
                url: item.jira_url.unwrap_or_default(),
                title: title(item.ticket_id),
            })
        });
        let mut issues: Vec<MadeIssue> = issues.collect();
        let orders = session_ticket::orders_of_session(self.db.read(), id).await?;
        let mut fixes = export_fix::of_export(self.db.read(), export.id).await?;
        if export.revert_time.is_some() {
            let items = export_item::of_export(self.db.read(), export.id).await?;
            let gone = moot_fixes::gone(&items);
            fixes.retain(|fix| !moot_fixes::is_moot(fix, &gone));
        }
        fixes.sort_by_cached_key(|fix| {
            let order = orders.get(&fix.ticket_id).copied();
            (order, fix.create_time, fix.field.clone())
        });
        let made: HashMap<TicketId, &MadeIssue> = issues
            .iter()
            .map(|issue| (issue.ticket_id, issue))
            .collect();
        let url = |fix: &export_fix::Model| {
            let url = made.get(&fix.ticket_id).map(|issue| issue.beside(fix));
            url.unwrap_or_default()
        };
        let fixes = fixes
            .into_iter()
            .map(|fix| fix.told(url(&fix), title(fix.ticket_id)));
        let mut fixes: Vec<ManualFix> = fixes.collect();
        results_answer::fit(&mut issues, &mut fixes);
        Ok(Results {
            export: self.snapshot(&session, &export).await?,
            issues,
            fixes,
        })
    }
}
