//! Issues that a revert has kept, because people had touched them: the session's next export takes them over, so that a ticket never
//! gets a second one.

use std::collections::HashMap;

use super::App;
use crate::{
    connectors::jira::{CallError, Jira, Recorded},
    db::{export, export_item, session},
    domain::{
        export::{ExportStatus, ItemState, RevertState},
        ids::TicketId,
    },
    error::Result,
};

impl App {
    /// The items of the session's latest export, where that was reverted, whose issues were kept in the session's project.
    pub(super) async fn kept_issues(
        &self,
        session: &session::Model,
    ) -> Result<HashMap<TicketId, export_item::Model>> {
        let conn = self.db.read();
        let latest = export::of_session(conn, session.id).await?;
        let reverted = latest.filter(|export| {
            export.status == ExportStatus::Reverted
                && export.jira_project_key == session.jira_project_key
        });
        let Some(reverted) = reverted else {
            return Ok(HashMap::new());
        };
        let items = export_item::of_export(conn, reverted.id).await?;
        let kept = |item: &export_item::Model| {
            let whole = item.jira_key.is_some() && item.jira_id.is_some();
            whole && item.revert == Some(RevertState::Kept)
        };
        let items = items.into_iter().filter(kept);
        Ok(items.map(|item| (item.ticket_id, item)).collect())
    }

    /// The keys of those of these issues, at most 100, that are still there and docket's.
    pub(super) async fn still_ours(
        &self,
        jira: &Jira,
        items: &[&export_item::Model],
    ) -> Result<HashMap<TicketId, String>, CallError> {
        let recorded: Vec<_> = items.iter().filter_map(|item| recorded(item)).collect();
        if recorded.is_empty() {
            return Ok(HashMap::new());
        }
        let estranged = self.ask_jira(|| jira.estranged(&recorded)).await?;
        let ours = recorded
            .iter()
            .filter(|it| !estranged.contains_key(&it.ticket));
        Ok(ours.map(|it| (it.ticket, it.key.to_owned())).collect())
    }
}

/// The issue that an item tells of.
pub(crate) fn recorded(item: &export_item::Model) -> Option<Recorded<'_>> {
    Some(Recorded {
        key: item.jira_key.as_deref()?,
        id: item.jira_id.as_deref()?,
        ticket: item.ticket_id,
    })
}

/// The item of a new run whose ticket has its issue already.
pub(super) fn taken_over(
    item: export_item::Model,
    kept: Option<&export_item::Model>,
) -> export_item::Model {
    let Some(kept) = kept else {
        return item;
    };
    export_item::Model {
        state: ItemState::Created,
        jira_key: kept.jira_key.clone(),
        jira_id: kept.jira_id.clone(),
        jira_url: kept.jira_url.clone(),
        exported: kept.exported.clone(),
        adopted: true,
        ..item
    }
}
