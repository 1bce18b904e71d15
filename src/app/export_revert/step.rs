//! One write of a revert: the run, an item and the ticket together, while nobody else has changed the run.

use std::sync::Arc;

use super::Revert;
use crate::{
    db::{Tx, export, export_item, export_log, history, session, session_ticket},
    domain::{
        export_log::LogEntry,
        ids::{TicketId, UserId},
        session::{SessionStage, SessionStatus},
    },
    error::{Error, Reason, Result},
};

/// What one write of a revert changes.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// The run's age before.
    read: export::Age,
    next: export::Model,
    pub(super) item: Option<export_item::Model>,
    /// The ticket whose issue is gone, with its key.
    pub(super) taken_back: Option<(TicketId, String)>,
    pub(super) entry: Option<history::Entry>,
    /// What is told in the log; nothing: what follows from the rest.
    pub(super) text: Option<String>,
    /// That the run is REVERTED by this.
    pub(super) ends: bool,
    log: Vec<LogEntry>,
}

impl Revert<'_> {
    /// Writes the run as `next` with what changes beside it, while nobody else has changed the run.
    pub(super) async fn write(
        &mut self,
        mut next: export::Model,
        fill: impl FnOnce(&mut Step),
    ) -> Result<()> {
        next.update_time = self.app.clock.now();
        let mut step = Step {
            read: self.row.age(),
            next: next.clone(),
            item: None,
            taken_back: None,
            entry: None,
            text: None,
            ends: false,
            log: Vec::new(),
        };
        fill(&mut step);
        let noted = self.journal.take();
        step.log.clone_from(&noted);
        let text = step.text.take();
        let text = text.unwrap_or_else(|| step.told(&self.caller));
        step.log
            .push(LogEntry::state(next.update_time, next.attempt, &text));
        let step = Arc::new(step);
        let written = self.app.db.write(move |tx| {
            let step = Arc::clone(&step);
            Box::pin(async move { step.write(tx).await })
        });
        let written = written.await;
        if written.is_err() {
            self.journal.put_back(noted);
        }
        match written {
            Err(Error::Fenced) => Err(overtaken(&self.row)),
            Err(error) => Err(error),
            Ok(()) => {
                self.row = next;
                Ok(())
            }
        }
    }
}

impl Revert<'_> {
    /// Keeps what was asked last, although the revert has come to nothing by it. The log is not worth a second failure.
    pub(super) async fn keep_journal(&self) {
        let (id, log) = (self.row.id, Arc::new(self.journal.take()));
        let written = self.app.db.write(move |tx| {
            let log = Arc::clone(&log);
            Box::pin(async move { export_log::append(tx, id, &log).await })
        });
        if let Err(error) = written.await {
            tracing::warn!(%error, "the log of a revert could not be kept");
        }
    }
}

/// Somebody else reverts or retries the export, or applies its fixes, at the same time, and goes on with it.
fn overtaken(export: &export::Model) -> Error {
    let message = "another call takes the export back, retries it or applies its fixes at this moment; what this one has deleted is recorded. See GetExport, and call again once that has ended";
    let subject = format!("session/{}", export.session_id);
    let overtaken = Error::aborted(Reason::ExportRunning, subject, message);
    overtaken.with("task_id", export.id)
}

impl Step {
    /// The write in words, for the log.
    fn told(&self, caller: &UserId) -> String {
        match &self.item {
            Some(item) => {
                let revert = item
                    .revert
                    .map(|revert| revert.to_string())
                    .unwrap_or_default();
                let key = item.jira_key.as_deref().unwrap_or_default();
                let note = item.revert_note.as_deref().unwrap_or_default();
                let text = format!("issue {key} of ticket {}: {revert} {note}", item.ticket_id);
                text.trim_end().to_owned()
            }
            None if self.ends => format!("export is REVERTED, by {caller}"),
            None => format!("a revert is begun by {caller}"),
        }
    }

    async fn write(&self, tx: &Tx) -> Result<()> {
        let (next, now) = (&self.next, self.next.update_time);
        export::save(tx, self.read, next).await?;
        export_log::append(tx, next.id, &self.log).await?;
        if let Some(item) = &self.item {
            export_item::save(tx, [item]).await?;
        }
        if let Some((ticket, key)) = &self.taken_back {
            session_ticket::taken_back(tx, *ticket, key, now).await?;
        }
        if let Some(entry) = &self.entry {
            history::append(tx, vec![entry.clone()]).await?;
        }
        if self.ends {
            session_ticket::reset_failed(tx, next.session_id, now).await?;
            let (stage, status) = (SessionStage::Review, SessionStatus::Active);
            session::advance(tx, next.session_id, stage, status, now).await?;
        }
        Ok(())
    }
}
