//! What is recorded with an applied fix: the link that is set, the file that an issue has, the value that Jira has now.

use std::sync::Arc;

use serde_json::json;

use super::{
    export_outcome::with_files,
    fix_apply::{Fixer, changed_meanwhile},
    snapshot::{Resent, Snapshot},
};
use crate::{
    db::{
        Tx, export, export_attachment, export_fix, export_item, export_lease, export_link, history,
        session_ticket, ticket,
    },
    domain::{
        export::LinkState,
        history::HistoryEventType,
        ids::{ExportId, TicketId},
    },
    error::Result,
};

/// What an applied fix changes beside itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Beside {
    pub(super) link: Option<export_link::Model>,
    pub(super) file: Option<Settled>,
    /// The value that the issue has now.
    pub(super) resent: Option<Resent>,
    /// The ticket and the key of a second issue that is gone.
    pub(super) settled: Option<(TicketId, String)>,
}

/// How a file is not missing any more.
#[derive(Clone, Debug)]
pub(super) enum Settled {
    /// The issue has it.
    There(export_attachment::Model),
    /// The ticket does not have it any more.
    Unwanted(export_attachment::Model),
}

impl Settled {
    fn row(&self) -> &export_attachment::Model {
        match self {
            Self::There(row) | Self::Unwanted(row) => row,
        }
    }
}

impl Fixer<'_> {
    /// Notes that the fix is applied, once, with what it was about.
    pub(super) async fn record(&self, fix: &export_fix::Model, beside: Beside) -> Result<()> {
        let linked = beside.link.as_ref().is_some_and(|link| {
            let same = |row: &&export_link::Model| {
                (row.from_ticket_id, row.to_ticket_id) == (link.from_ticket_id, link.to_ticket_id)
            };
            let before = self.links.iter().find(same);
            before.is_some_and(|row| row.state == LinkState::Failed)
        });
        let entry = beside.file.as_ref().map(|file| self.entry(fix, file));
        let plain = Arc::new((fix.clone(), self.lease.key(), beside, entry));
        let written = self.app.db.write(move |tx| {
            let plain = Arc::clone(&plain);
            Box::pin(async move {
                let (fix, (export, owner), beside, entry) = &*plain;
                if export_fix::apply(tx, fix).await? {
                    export_lease::fix_applied(tx, *export, owner, linked).await?;
                    write_beside(tx, *export, beside, entry.as_ref()).await?;
                }
                Ok(())
            })
        });
        let written = written.await;
        written.map_err(|error| changed_meanwhile(error, self.export.session_id, self.export.id))
    }

    /// What the ticket's history tells of a file that is not missing any more.
    fn entry(&self, fix: &export_fix::Model, file: &Settled) -> history::Entry {
        let (row, kind) = match file {
            Settled::There(row) => (row, HistoryEventType::Exported),
            Settled::Unwanted(row) => (row, HistoryEventType::Updated),
        };
        let told = json!({
            "session_id": self.export.session_id,
            "task_id": self.export.id,
            "jira_key": fix.jira_key,
            "filename": row.filename,
        });
        let (caller, now) = (self.caller.clone(), self.app.clock.now());
        history::Entry {
            field: Some("integration_result".to_owned()),
            ..history::Entry::event(row.ticket_id, kind, caller, None, told, now)
        }
    }
}

/// Writes it; `entry` tells of a file.
async fn write_beside(
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

/// Records that the file is not missing any more, also in what the ticket tells of its issue.
async fn write_file(tx: &Tx, file: &Settled, entry: &history::Entry) -> Result<()> {
    match file {
        Settled::There(row) => export_attachment::save(tx, row).await?,
        Settled::Unwanted(row) => export_attachment::forget(tx, row).await?,
    }
    let file = file.row();
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
        export_item::save(tx, [&item]).await?;
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
            export_item::save(tx, [&item]).await?;
        }
    }
    Ok(())
}
