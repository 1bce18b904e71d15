//! The end of an attempt: recorded in one transaction with the ticket's result, its history, and what it says about the integration.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{
    attempt::{Attempt, End, Halt},
    health::Health,
    picture::picture,
};
use crate::{
    app::{App, ticket_edit::Edit},
    db::{
        Tx, attachment,
        dispatch::{self, DispatchState},
        integration::Way,
        integration_health,
    },
    domain::{export::ErrorCategory, history::HistoryEventType, ids::TicketId, time::Time},
    error::{Reason, Result},
};

/// An attempt as it has ended.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    /// The state in which it has to be until then.
    pub(super) open: DispatchState,
    /// The lease that it must have until then; `None`: whichever it has.
    pub(super) lease: Option<Time>,
    pub(super) row: dispatch::Model,
    pub(super) health: Health,
    /// Whether docket tries again by itself, unless it has done so for long enough.
    pub(super) again: bool,
    /// The integration as the attempt reached it; none where it did not.
    pub(super) way: Option<Way>,
    /// Until when the platform asks to be sent nothing.
    pub(super) hold: Option<Time>,
    /// Who can help, and why it failed, for a program; of one that failed.
    pub(super) cause: Option<(ErrorCategory, Reason)>,
}

impl Attempt {
    /// Records how it ended.
    pub(super) async fn end(&self, end: End) -> Result<(), Halt> {
        let mut ended = Ended {
            way: self.way,
            ..Ended::of(&self.row, end, self.app.clock.now())
        };
        if self.inherited && matches!(ended.health, Health::Well) {
            // It was made before, by whatever credentials the integration had then.
            ended.health = Health::WasWell;
        }
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
    /// Has a file follow whose scan was over while this attempt went on: whoever ended that found nobody to tell.
    async fn go_on_with_files(&mut self, tx: &Tx, now: Time) -> Result<()> {
        let row = &mut self.row;
        if let Some(files) = row.files.as_ref().filter(|_| row.is_success())
            && files.missed_scan_of(&attachment::of_tickets(tx, [row.ticket_id]).await?)
        {
            row.begin_anew(now);
        }
        Ok(())
    }

    /// What an account or a place has answered that the integration does not lead to any more says nothing of the one that it leads to now.
    async fn disregard_change(&mut self, tx: &Tx, now: Time) -> Result<()> {
        let Some(way) = self.way else {
            return Ok(());
        };
        let Some(found) = integration_health::lock(tx, self.row.integration_id).await? else {
            // Deleted while this went on: nothing goes there any more.
            self.row.next_attempt_time = None;
            return Ok(());
        };
        if found.way() == way {
            return Ok(());
        }
        self.hold = None;
        self.health = match self.health {
            Health::Well => Health::WasWell,
            _ => Health::Untold,
        };
        if self.again {
            self.row.begin_anew(now);
            self.row.tell_of_change();
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
        self.disregard_change(tx, now).await?;
        let row = &self.row;
        dispatch::save(tx, self.open, self.lease, row).await?;
        edit.ticket.integration_result = Some(picture(row));
        edit.tell(HistoryEventType::IntegrationDispatched, self.facts());
        let off = self
            .health
            .record(tx, row.integration_id, now, disable_after)
            .await?;
        if let Some(until) = self.hold {
            integration_health::hold(tx, row.integration_id, now, until).await?;
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
