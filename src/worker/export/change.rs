//! What one write of a run changes beside the run's own row.

use crate::{
    app::wake,
    db::{
        Tx, export, export_attachment, export_event, export_fix, export_item, export_link,
        export_log, export_request, history, notify_in, session, session_ticket,
    },
    domain::{
        export::TicketExportStatus,
        export_log::LogEntry,
        export_request::ExportRequest,
        ids::TicketId,
        session::{SessionStage, SessionStatus},
        time::Time,
    },
    error::Result,
};

/// What one write changes beside the run's own row: all of it or nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Change {
    pub(super) item: Option<export_item::Model>,
    /// What is going to be sent next.
    pub(super) intent: Option<export_item::Model>,
    pub(super) link: Option<export_link::Model>,
    /// Files that are to go to an issue.
    pub(super) new_files: Vec<export_attachment::Model>,
    pub(super) file: Option<export_attachment::Model>,
    /// A file that was deleted here before it was sent.
    pub(super) unwanted: Option<export_attachment::Model>,
    pub(super) fixes: Vec<export_fix::Model>,
    /// The issue that a ticket became.
    pub(super) exported: Option<session_ticket::Exported>,
    /// The tickets that the run stopped at.
    pub(super) failed: Vec<TicketId>,
    pub(super) entry: Option<history::Entry>,
    pub(super) session: Option<(SessionStage, SessionStatus)>,
    /// What was asked for and happens by this.
    pub(super) answered: Option<ExportRequest>,
}

/// What is written with a run: what changes beside it, the events that tell of it, and its log.
pub(super) type Beside = (Change, Vec<export_event::Model>, Vec<LogEntry>);

/// Writes a run that was read at this age, and all beside it.
pub(super) async fn write_whole(
    tx: &Tx,
    age: export::Age,
    next: &export::Model,
    (change, events, log): &Beside,
    now: Time,
) -> Result<()> {
    export::save(tx, age, next).await?;
    write_change(tx, next, change, now).await?;
    export_log::append(tx, next.id, log).await?;
    write_events(tx, next, events).await
}

async fn write_change(tx: &Tx, next: &export::Model, change: &Change, now: Time) -> Result<()> {
    export_item::save(tx, change.item.iter().chain(&change.intent)).await?;
    if let Some(link) = &change.link {
        export_link::save(tx, link).await?;
    }
    if !change.new_files.is_empty() {
        export_attachment::insert_many(tx, change.new_files.clone()).await?;
    }
    if let Some(file) = &change.file {
        export_attachment::save(tx, file).await?;
    }
    if let Some(file) = &change.unwanted {
        export_attachment::forget(tx, file).await?;
    }
    for fix in &change.fixes {
        export_fix::insert(tx, fix.clone()).await?;
    }
    if let Some(issue) = &change.exported {
        session_ticket::exported(tx, issue, now).await?;
    }
    if let Some(request) = change.answered {
        export_request::answer(tx, next.id, request).await?;
    } else if next.status.is_terminal() {
        export_request::set_request(tx, next.id, None).await?;
    }
    for id in &change.failed {
        session_ticket::set_export_status(tx, *id, TicketExportStatus::Failed, now).await?;
    }
    if let Some(entry) = &change.entry {
        history::append(tx, vec![entry.clone()]).await?;
    }
    if let Some((stage, status)) = change.session {
        session::advance(tx, next.session_id, stage, status, now).await?;
    }
    Ok(())
}

async fn write_events(tx: &Tx, next: &export::Model, events: &[export_event::Model]) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    export_event::append(tx, events.to_vec()).await?;
    notify_in(tx, wake::EXPORT_CHANNEL, &next.session_id.to_string()).await?;
    Ok(())
}
