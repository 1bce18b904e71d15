//! What is recorded with an applied fix: the link that is set, the file that an issue has, the value that Jira has now.

use super::{
    export_outcome::with_files,
    snapshot::{Resent, Snapshot},
};
use crate::{
    db::{
        Tx, export, export_attachment, export_item, export_link, history, session_ticket, ticket,
    },
    domain::ids::{ExportId, TicketId},
    error::Result,
};

/// What an applied fix changes beside itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Beside {
    pub(super) link: Option<export_link::Model>,
    pub(super) file: Option<export_attachment::Model>,
    /// The value that the issue has now.
    pub(super) resent: Option<Resent>,
    /// The ticket and the key of a second issue that is gone.
    pub(super) settled: Option<(TicketId, String)>,
}

/// Writes it; `entry` tells of a file.
pub(super) async fn write_beside(
    tx: &Tx,
    id: ExportId,
    beside: &Beside,
    entry: Option<&history::Entry>,
) -> Result<()> {
    if let Some(link) = &beside.link {
        export_link::save(tx, link).await?;
    }
    if let (Some(file), Some(entry)) = (&beside.file, entry) {
        write_file(tx, file, entry).await?;
    }
    if let Some((ticket, key)) = &beside.settled {
        export::settle_orphan(tx, id, key).await?;
        forget_spare(tx, id, *ticket, key).await?;
    }
    match &beside.resent {
        Some(resent) => write_resent(tx, id, resent).await,
        None => Ok(()),
    }
}

/// Records that an issue has the file, also in what the ticket tells of its issue.
async fn write_file(
    tx: &Tx,
    file: &export_attachment::Model,
    entry: &history::Entry,
) -> Result<()> {
    export_attachment::save(tx, file).await?;
    let files = export_attachment::of_ticket(tx, file.export_id, file.ticket_id).await?;
    let rows = ticket::find_many(tx, [file.ticket_id]).await?;
    let result = rows.into_iter().find_map(|row| row.integration_result);
    let Some(result) = result.and_then(|result| with_files(result, &files)) else {
        // The export has not come to its end with this ticket.
        return Ok(());
    };
    session_ticket::told_anew(tx, file.ticket_id, result, entry.create_time).await?;
    history::append(tx, vec![entry.clone()]).await
}

/// Takes a second issue that is gone off its ticket: nothing more is to be done about it.
async fn forget_spare(tx: &Tx, export: ExportId, ticket: TicketId, key: &str) -> Result<()> {
    for mut item in export_item::of_tickets(tx, export, [ticket]).await? {
        let Some(mut spares) = item.spare_issues.take() else {
            continue;
        };
        spares.0.retain(|spare| spare.key != key);
        item.spare_issues = Some(spares).filter(|spares| !spares.0.is_empty());
        export_item::save(tx, &item).await?;
    }
    Ok(())
}

/// Records the value beside those that the export has sent, for whoever compares the two sides later.
async fn write_resent(tx: &Tx, export: ExportId, resent: &Resent) -> Result<()> {
    for mut item in export_item::of_tickets(tx, export, [resent.ticket.id]).await? {
        let stored = item.exported.take().unwrap_or_default();
        let mut snapshot: Snapshot = serde_json::from_value(stored).unwrap_or_default();
        // Of an export from before docket kept what it had sent nothing is compared.
        if snapshot != Snapshot::default() {
            snapshot.resend(resent);
            item.exported = serde_json::to_value(snapshot).ok();
            export_item::save(tx, &item).await?;
        }
    }
    Ok(())
}
