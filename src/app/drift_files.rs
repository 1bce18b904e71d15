//! Files that an issue has twice, as a difference between what was exported and what Jira has.

use std::collections::HashMap;

use super::{
    App,
    drift::Drift,
    jira_calls::failed,
    spare_files::{doubled, is_sent_again},
};
use crate::{
    connectors::jira::{CallError, Jira},
    db::{export, export_attachment, export_item},
    domain::ids::TicketId,
    error::Result,
};

/// Jira's id of the field.
const FIELD: &str = "attachment";

impl App {
    /// By ticket, the files that were sent again in doubt and that the issue has twice.
    pub(super) async fn files_twice(
        &self,
        jira: &Jira,
        export: &export::Model,
        items: &[export_item::Model],
    ) -> Result<HashMap<TicketId, Vec<Drift>>> {
        let conn = self.db.read();
        let mut doubted = export_attachment::doubted(conn, export.id).await?;
        doubted.retain(is_sent_again);
        doubted.dedup_by_key(|row| row.ticket_id);
        let mut twice = HashMap::new();
        if doubted.is_empty() {
            return Ok(twice);
        }
        let told = |error| failed(&error, &export.jira_project_key);
        let account = self.ask_jira(|| jira.myself()).await.map_err(told)?;
        let keys: HashMap<TicketId, &str> = items
            .iter()
            .filter_map(|item| Some((item.ticket_id, item.jira_key.as_deref()?)))
            .collect();
        for row in doubted {
            let Some(&key) = keys.get(&row.ticket_id) else {
                continue;
            };
            let listed = match self.ask_jira(|| jira.issue_files(key)).await {
                // Told as a whole.
                Err(CallError::Rejected(refused)) if refused.status == 404 => continue,
                listed => listed.map_err(told)?,
            };
            let rows = export_attachment::of_ticket(conn, export.id, row.ticket_id).await?;
            let drifts = doubled(&rows, &listed, &account);
            let drifts = drifts.into_iter().map(|row| drift(key, &row.filename));
            twice.insert(row.ticket_id, drifts.collect());
        }
        Ok(twice)
    }
}

fn drift(key: &str, filename: &str) -> Drift {
    Drift {
        jira_key: key.to_owned(),
        field: FIELD.to_owned(),
        exported: filename.to_owned(),
        in_jira: Some(format!("{filename}, {filename}")),
        in_docket: Some(filename.to_owned()),
    }
}
