//! Files as differences between what was exported and what Jira and docket have: those that an issue has twice, and those that were
//! deleted.

use std::collections::{HashMap, HashSet};

use super::{
    App,
    drift::Drift,
    jira_calls::failed,
    spare_files::{doubled, is_sent_again},
};
use crate::{
    connectors::jira::{CallError, IssueFile, IssueNow, Jira},
    db::{export, export_attachment, export_item},
    domain::{
        export::{FileSource, FileState},
        ids::{AttachmentId, TicketId},
    },
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

/// The files of each ticket that its issue has got.
pub(super) fn sent(
    rows: Vec<export_attachment::Model>,
) -> HashMap<TicketId, Vec<export_attachment::Model>> {
    let mut sent: HashMap<TicketId, Vec<export_attachment::Model>> = HashMap::new();
    for row in rows.into_iter().filter(|row| row.state == FileState::Sent) {
        sent.entry(row.ticket_id).or_default().push(row);
    }
    sent
}

/// Those of a ticket's files that were deleted since, in Jira or in docket; `live` are those that docket has.
pub(super) fn deleted(
    key: &str,
    rows: Option<&Vec<export_attachment::Model>>,
    issue: &IssueNow,
    live: &HashSet<AttachmentId>,
) -> Vec<Drift> {
    let Some(files) = &issue.files else {
        return Vec::new();
    };
    let deleted = rows.into_iter().flatten().filter_map(|row| {
        let name = || row.filename.clone();
        let drift = Drift {
            jira_key: key.to_owned(),
            field: FIELD.to_owned(),
            exported: name(),
            in_jira: is_there(row, files).then(name),
            in_docket: (row.source != FileSource::Attachment || live.contains(&row.id)).then(name),
        };
        (drift.in_jira.is_none() || drift.in_docket.is_none()).then_some(drift)
    });
    deleted.collect()
}

/// Whether the issue has the file. Of one that it had twice the other one stands for it.
fn is_there(row: &export_attachment::Model, files: &[IssueFile]) -> bool {
    let id = row.external_id.as_ref();
    let same =
        |file: &IssueFile| id == Some(&file.id) || (row.doubted && file.filename == row.filename);
    files.iter().any(same)
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
