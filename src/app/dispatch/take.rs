//! Taking up attempts: those that somebody has left lying, and those that it is time for.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use super::{Intent, attempt, end::Ended, verdict::CutShort};
use crate::{
    app::App,
    db::{
        dispatch::{self, DispatchState},
        dispatch_files::SentFiles,
        ticket::{self, Visible},
        ticket_change,
    },
    domain::{
        dispatch::DispatchTrigger,
        ids::{DispatchId, TicketId, UserId},
    },
    error::{Error, Result},
};

/// How many attempts one process makes at once by itself.
pub(super) const AT_ONCE: usize = 16;
/// How many are looked at at once: others may be ahead of us at the first ones.
const CANDIDATES: u64 = 32;
/// After how many attempts in a row that went on with one cut short, and were cut short themselves, the next one waits.
const IN_A_ROW: u64 = 6;

impl App {
    /// Takes up the attempts that nobody works on and those that are due, as far as there is room; how many. Fails only where the database
    /// cannot be asked for them.
    pub(crate) async fn take_up_dispatches(self: &Arc<Self>) -> Result<usize> {
        let mut taken = 0;
        let now = self.clock.now();
        for row in dispatch::lapsed(self.db.read(), now, CANDIDATES).await? {
            let Some(room) = self.room() else {
                return Ok(taken);
            };
            taken += self.begun(room, row.id, self.recover(row).await);
        }
        for row in dispatch::due(self.db.read(), now, CANDIDATES).await? {
            let Some(room) = self.room() else {
                return Ok(taken);
            };
            taken += self.begun(room, row.id, self.retry(row).await);
        }
        Ok(taken)
    }

    fn room(&self) -> Option<OwnedSemaphorePermit> {
        let room = Arc::clone(&self.dispatches.by_itself);
        let going = !self.dispatches.stop.is_cancelled();
        room.try_acquire_owned().ok().filter(|_| going)
    }

    /// Begins an attempt that was opened. Somebody else may have been first; what went wrong with one holds up no other.
    fn begun(
        self: &Arc<Self>,
        room: OwnedSemaphorePermit,
        before: DispatchId,
        opened: Result<Option<dispatch::Model>>,
    ) -> usize {
        match opened {
            Ok(Some(row)) => {
                let attempt = attempt::run(Arc::clone(self), row);
                self.dispatches.running.spawn(async move {
                    attempt.await;
                    drop(room);
                });
                1
            }
            Ok(None) | Err(Error::Fenced) => 0,
            Err(error) => {
                tracing::error!(%error, dispatch = %before, "a dispatch cannot be taken up");
                0
            }
        }
    }

    /// Ends an attempt whose lease is over, and opens the one that goes on with it.
    async fn recover(&self, left: dispatch::Model) -> Result<Option<dispatch::Model>> {
        let id = left.ticket_id;
        let found = ticket::find(self.db.read(), &Visible::All, id, true).await?;
        let unsent = left.state == DispatchState::Pending && left.aim.is_none();
        let wanted = Wanted::of(found.as_ref(), &left);
        let now = self.clock.now();
        let ended = Ended::cut_short(&left, CutShort::Forsaken, now);
        let (ended, next) = match wanted {
            Wanted::Elsewhere if unsent => (ended, None),
            // Once the ticket is restored.
            Wanted::Deleted if unsent => (ended.put_off(now), None),
            _ if self.is_vain(id).await? => (ended.put_off(now), None),
            _ => {
                let next = self.following(&left, DispatchTrigger::Recovery);
                (ended, Some(next))
            }
        };
        self.record_end(ended, next.clone()).await?;
        Ok(next)
    }

    /// Whether attempts to hand this ticket over were cut short again and again: what cuts them short may well be they themselves.
    async fn is_vain(&self, id: TicketId) -> Result<bool> {
        let latest = dispatch::page(self.db.read(), id, None, IN_A_ROW).await?;
        let all = latest.len() as u64 == IN_A_ROW;
        let recovery = |row: &dispatch::Model| row.trigger == DispatchTrigger::Recovery;
        Ok(all && latest.iter().all(recovery))
    }

    /// Opens the attempt that is due after this one.
    async fn retry(&self, before: dispatch::Model) -> Result<Option<dispatch::Model>> {
        let mut next = self.following(&before, before.trigger_of_next());
        next.retries = before.retries + 1;
        let plain = Arc::new((before, next));
        self.db
            .write(move |tx| {
                let plain = Arc::clone(&plain);
                Box::pin(async move {
                    let (before, next) = &*plain;
                    let id = before.ticket_id;
                    let ticket = ticket_change::lock(tx, &Visible::All, id, true).await?;
                    let latest = dispatch::latest(tx, id).await?;
                    if latest.as_ref().is_none_or(|row| row.id != before.id) {
                        // Another one has followed it: this one is never tried again.
                        dispatch::settle(tx, before.id).await?;
                        return Ok(None);
                    }
                    if latest.as_ref() != Some(before) {
                        return Ok(None);
                    }
                    let wanted = Wanted::of(ticket.as_ref(), before);
                    if wanted == Wanted::Deleted {
                        return Ok(None);
                    }
                    dispatch::settle_ticket(tx, id).await?;
                    if wanted == Wanted::Elsewhere {
                        return Ok(None);
                    }
                    dispatch::insert(tx, next.clone()).await?;
                    Ok(Some(next.clone()))
                })
            })
            .await
    }

    /// The attempt that goes on with what is known from this one.
    fn following(&self, before: &dispatch::Model, trigger: DispatchTrigger) -> dispatch::Model {
        dispatch::Model {
            retries: before.retries,
            aim: before.aim.clone(),
            sent_time: before.sent_time,
            external: before.external.clone(),
            files: before.files.clone().map(SentFiles::go_on),
            ..self.opened(Intent {
                ticket: before.ticket_id,
                integration: before.integration_id,
                number: before.number + 1,
                trigger,
                actor: UserId::system(),
            })
        }
    }
}

/// Whether a ticket is to go where an attempt goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// It is.
    Yes,
    /// It would, and is deleted: it may be restored.
    Deleted,
    /// It is to go elsewhere, or nowhere.
    Elsewhere,
}

impl Wanted {
    pub(super) fn of(ticket: Option<&ticket::Model>, attempt: &dispatch::Model) -> Self {
        let there = |ticket: &&ticket::Model| ticket.integration_id == Some(attempt.integration_id);
        match ticket.filter(there) {
            None => Self::Elsewhere,
            Some(ticket) if ticket.delete_time.is_some() => Self::Deleted,
            Some(_) => Self::Yes,
        }
    }
}
