//! Taking up attempts: those that somebody has left lying, and those that it is time for.

use std::sync::Arc;

use super::{Intent, attempt, end::Ended, places::Place, verdict::CutShort};
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

/// How many are looked at at once: others may be ahead of us at the first ones.
const CANDIDATES: u64 = 32;
/// After how many attempts in a row that went on with one cut short, and were cut short themselves, the next one waits.
const IN_A_ROW: u64 = 6;

/// Why an attempt is taken up.
#[derive(Clone, Copy, Debug)]
enum Why {
    /// Nobody works on it any more.
    Lapsed,
    /// It is time for another one.
    Due,
}

impl App {
    /// Takes up the attempts that nobody works on and those that are due, as far as there is room; how many. Fails only where the database
    /// cannot be asked for them.
    pub(crate) async fn take_up_dispatches(self: &Arc<Self>) -> Result<usize> {
        let lapsed = self.take_up(Why::Lapsed).await?;
        Ok(lapsed + self.take_up(Why::Due).await?)
    }

    /// Goes on while there is room: behind many attempts to one integration there may be some to others.
    async fn take_up(self: &Arc<Self>, why: Why) -> Result<usize> {
        let (mut taken, now) = (0, self.clock.now());
        while let Some(full) = self.dispatches.by_itself.full()
            && !self.dispatches.stop.is_cancelled()
        {
            let conn = self.db.read();
            let rows = match why {
                Why::Lapsed => dispatch::lapsed(conn, now, full, CANDIDATES).await?,
                Why::Due => dispatch::due(conn, now, full, CANDIDATES).await?,
            };
            let mut begun = 0;
            for row in rows {
                let Some(place) = self.dispatches.by_itself.take(row.integration_id) else {
                    continue;
                };
                let id = row.id;
                let opened = match why {
                    Why::Lapsed => self.recover(row).await,
                    Why::Due => self.retry(row).await,
                };
                begun += self.begun(place, id, opened);
            }
            if begun == 0 {
                break;
            }
            taken += begun;
        }
        Ok(taken)
    }

    /// Begins an attempt that was opened. Somebody else may have been first; what went wrong with one holds up no other.
    fn begun(
        self: &Arc<Self>,
        place: Place,
        before: DispatchId,
        opened: Result<Option<dispatch::Model>>,
    ) -> usize {
        match opened {
            Ok(Some(row)) => {
                let attempt = attempt::run(Arc::clone(self), row);
                self.dispatches.running.spawn(async move {
                    attempt.await;
                    drop(place);
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
        next.retries = before.retries + i32::from(!before.uncounted);
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
