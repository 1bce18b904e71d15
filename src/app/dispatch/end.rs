//! The end of an attempt: recorded in one transaction with the ticket's result, its history, and what it says about the integration.

use std::{ops::RangeInclusive, sync::Arc};

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{
    attempt::{Attempt, End, Halt},
    health::Health,
    picture::picture,
    told::later,
};
use crate::{
    app::{App, ticket_edit::Edit},
    connectors::outcome::Failure,
    db::{
        Tx, attachment,
        dispatch::{self, DispatchState},
        integration_health,
    },
    domain::{
        dispatch::DispatchOutcome, export::ErrorCategory, history::HistoryEventType, ids::TicketId,
        time::Time,
    },
    error::{Error, Reason, Result},
};

/// In the ticket's history: its copy, known before all of its files are there.
const COPY: &str = "integration_result.external_ticket_id";
/// What is a status of HTTP.
const STATUSES: RangeInclusive<u16> = 100..=599;

/// An attempt as it has ended.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    /// The state in which it has to be until then.
    pub(super) open: DispatchState,
    /// The lease that it must have until then; `None`: whichever it has.
    pub(super) lease: Option<Time>,
    pub(super) row: dispatch::Model,
    pub(super) health: Health,
    /// Until when the platform asks to be sent nothing.
    hold: Option<Time>,
    /// Who can help, and why it failed, for a program; of one that failed.
    cause: Option<(ErrorCategory, Reason)>,
}

/// Why an attempt does not come to its end.
#[derive(Clone, Copy, Debug)]
pub(super) enum CutShort {
    /// Nobody works on it any more.
    Forsaken,
    /// What became of it could not be recorded.
    Unrecorded,
}

impl Attempt {
    /// Lets the ticket tell that its copy is there, while files are on their way to that.
    pub(super) async fn show(&self) -> Result<(), Halt> {
        let (row, now) = (Arc::new(self.row.clone()), self.app.clock.now());
        let shown = self.app.db.write(move |tx| {
            let row = Arc::clone(&row);
            Box::pin(async move { show(tx, &row, now).await })
        });
        shown.await.map_err(Halt::from)
    }

    /// Records how it ended.
    pub(super) async fn end(&self, end: End) -> Result<(), Halt> {
        let ended = Ended::of(&self.row, end, self.app.clock.now());
        self.app.record_end(ended, None).await.map_err(Halt::from)
    }
}

impl App {
    /// Records the end of an attempt, and opens the one that goes on with it.
    pub(super) async fn record_end(
        &self,
        ended: Ended,
        next: Option<dispatch::Model>,
    ) -> Result<()> {
        let (now, disable_after) = (self.clock.now(), self.dispatches.settings.disable_after);
        let plain = Arc::new((ended, next));
        self.db
            .write(move |tx| {
                let plain = Arc::clone(&plain);
                Box::pin(async move {
                    let (ended, next) = (*plain).clone();
                    let external = ended.write(tx, now, disable_after).await?;
                    match next {
                        Some(next) => {
                            dispatch::insert(tx, dispatch::Model { external, ..next }).await
                        }
                        None => Ok(()),
                    }
                })
            })
            .await
    }
}

impl Ended {
    /// The attempt as it ends now.
    pub(super) fn of(open: &dispatch::Model, end: End, now: Time) -> Self {
        let mut row = dispatch::Model {
            state: DispatchState::Ended,
            lease_until: None,
            finish_time: Some(now.max(open.start_time)),
            ..open.clone()
        };
        let (mut cause, mut hold) = (None, None);
        let health = match end {
            End::Made => {
                row.outcome = Some(DispatchOutcome::Created);
                row.aim = None;
                // What was there already says nothing of the ticket's being taken.
                match row.sent_time.take() {
                    None => Health::Untold,
                    Some(_) => Health::Well,
                }
            }
            End::MadeInPart => {
                row.outcome = Some(DispatchOutcome::Created);
                row.aim = None;
                row.next_attempt_time = row.next_try(None, now);
                Health::Untold
            }
            End::Failed {
                outcome,
                failure,
                again,
            } => {
                row.outcome = Some(outcome);
                // Some answer with numbers that are no status.
                let status = failure.http_status.filter(|n| STATUSES.contains(n));
                row.http_status = status.map(i32::from);
                cause = Some((failure.category, failure.reason));
                let health = Health::of(&failure);
                row.plan_next(&failure, again, now);
                if matches!(health, Health::Ill(_)) {
                    hold = failure.retry_after.and_then(|wait| later(now, wait));
                }
                health
            }
        };
        Self {
            open: open.state,
            lease: None,
            row,
            health,
            hold,
            cause,
        }
    }

    /// An attempt that ends without having come to an end: what it has written down so far is what is known of it.
    pub(super) fn cut_short(left: &dispatch::Model, why: CutShort, now: Time) -> Self {
        let end = match (&left.external, &left.aim) {
            (Some(_), _) => End::Made,
            (None, aim) => {
                let (outcome, text) = why.told(aim.is_some());
                End::Failed {
                    outcome,
                    failure: Failure::new(ErrorCategory::Temporary, Reason::Unavailable, text),
                    again: false,
                }
            }
        };
        let mut ended = Self {
            lease: left.lease_until,
            health: Health::Untold,
            ..Self::of(left, end, now)
        };
        // Nobody has told of it, nor seen what of its files is there.
        ended.row.sent_time = left.sent_time;
        ended
    }

    /// The same, and tried again only after the next wait of the schedule, whatever it has come to.
    pub(super) fn put_off(mut self, now: Time) -> Self {
        self.row.next_attempt_time = self.row.next_try(None, now);
        self
    }

    /// Has a file follow whose scan was over while this attempt went on: whoever ended that found nobody to tell.
    async fn go_on_with_files(&mut self, tx: &Tx, now: Time) -> Result<()> {
        let row = &mut self.row;
        if let Some(files) = row.files.as_ref().filter(|_| row.is_success())
            && files.missed_scan_of(&attachment::of_tickets(tx, [row.ticket_id]).await?)
        {
            row.next_attempt_time = Some(now);
        }
        Ok(())
    }

    /// Returns what is known by now of what it made.
    async fn write(
        mut self,
        tx: &Tx,
        now: Time,
        disable_after: Option<TimeDelta>,
    ) -> Result<Option<Value>> {
        // The ticket's row is locked first, as by every change of a ticket.
        let (id, author) = (self.row.ticket_id, self.row.actor_id.clone());
        let mut edit = Edit::of_dispatch(tx, id, author, now).await?;
        // A webhook may have told more of it meanwhile.
        if let Some(found) = dispatch::find(tx, self.row.id).await? {
            self.row.external = found.external;
        }
        self.go_on_with_files(tx, now).await?;
        let row = &self.row;
        dispatch::save(tx, self.open, self.lease, row).await?;
        edit.ticket.integration_result = Some(picture(row));
        edit.tell(HistoryEventType::IntegrationDispatched, self.facts());
        let off = self
            .health
            .record(tx, row.integration_id, now, disable_after)
            .await?;
        if let Some(until) = self.hold {
            integration_health::hold(tx, row.integration_id, until).await?;
            dispatch::put_off(tx, row.integration_id, until).await?;
        }
        edit.write(tx).await?;
        if let Some(told) = off {
            tell_off(tx, row.ticket_id, now, told).await?;
        }
        Ok(self.row.external)
    }
}

impl Ended {
    /// What history tells of it.
    fn facts(&self) -> Value {
        let row = &self.row;
        let result = picture(row);
        json!({
            "attempt": row.number,
            "integration_id": row.integration_id,
            "trigger": row.trigger,
            "outcome": row.outcome,
            "http_status": row.http_status,
            "external_ticket_id": result.external_ticket_id,
            "external_ticket_url": result.external_ticket_url,
            "error_category": self.cause.map(|(category, _)| category),
            "error_reason": self.cause.map(|(_, reason)| reason),
            "error_message": result.error_message,
            "next_attempt_time": row.next_attempt_time,
        })
    }
}

/// Tells in the ticket's history that its integration was switched off: it was docket that did it, and not whoever filed the ticket.
async fn tell_off(tx: &Tx, id: TicketId, now: Time, told: Value) -> Result<()> {
    if let Some(mut edit) = Edit::by_docket(tx, id, now).await? {
        let (on, off) = (Some("true".to_owned()), Some("false".to_owned()));
        edit.note("integration.enabled", on, off, told);
        edit.write(tx).await?;
    }
    Ok(())
}

/// Writes the picture of an attempt that is open still into its ticket, unless that shows the copy already.
async fn show(tx: &Tx, row: &dispatch::Model, now: Time) -> Result<()> {
    // The ticket's row is locked first, as by every change of a ticket.
    let mut edit = Edit::of_dispatch(tx, row.ticket_id, row.actor_id.clone(), now).await?;
    let ours = dispatch::find(tx, row.id).await?;
    if !ours.is_some_and(|ours| ours.is_open()) {
        return Err(Error::Fenced);
    }
    let picture = picture(row);
    let key = picture.external_ticket_id.clone();
    let before = edit.ticket.integration_result.as_ref();
    let shown = before.is_some_and(|before| {
        before.integration_id == row.integration_id && before.external_ticket_id == key
    });
    if shown || key.is_none() {
        return Ok(());
    }
    let before = before.and_then(|before| before.external_ticket_id.clone());
    let facts = json!({ "attempt": row.number, "integration_id": row.integration_id });
    edit.ticket.integration_result = Some(picture);
    edit.note(COPY, before, key, facts);
    edit.write(tx).await.map(drop)
}
