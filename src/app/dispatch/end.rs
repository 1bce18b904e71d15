//! The end of an attempt: recorded in one transaction with the ticket's result, its history, and what it says about the integration.

use std::{ops::RangeInclusive, sync::Arc, time::Duration};

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{
    attempt::{Attempt, End, Halt},
    health::Health,
};
use crate::{
    app::{App, ticket_edit::Edit},
    connectors::{
        PLACE,
        outcome::{AtFault, External, Failure},
    },
    db::{
        Tx,
        dispatch::{self, DispatchState},
    },
    domain::{
        dispatch::{DispatchOutcome, DispatchTrigger, next_wait},
        export::ErrorCategory,
        export_log::shortened,
        history::HistoryEventType,
        integration::IntegrationResult,
        time::Time,
    },
    error::{Reason, Result},
};

/// The most bytes of what a platform says beside the contract's own fields.
const RAW_MAX: usize = 16 * 1024;
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
                    let (ended, next) = &*plain;
                    ended.write(tx, now, disable_after).await?;
                    match next {
                        Some(next) => dispatch::insert(tx, next.clone()).await,
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
        let health = match end {
            End::Made => {
                row.outcome = Some(DispatchOutcome::Created);
                row.aim = None;
                // Somebody asked for what was there already.
                match (row.trigger, row.sent_time) {
                    (DispatchTrigger::Request, None) => Health::Untold,
                    _ => Health::Well,
                }
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
                let health = Health::of(&failure);
                row.plan_next(&failure, again, now);
                health
            }
        };
        Self {
            open: open.state,
            lease: None,
            row,
            health,
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
        Self {
            lease: left.lease_until,
            health: Health::Untold,
            ..Self::of(left, end, now)
        }
    }

    /// The same, and tried again only after the next wait of the schedule, whatever it has come to.
    pub(super) fn put_off(mut self, now: Time) -> Self {
        self.row.next_attempt_time = self.row.next_try(None, now);
        self
    }

    async fn write(&self, tx: &Tx, now: Time, disable_after: Option<TimeDelta>) -> Result<()> {
        let row = &self.row;
        // The ticket's row is locked first, as by every change of a ticket.
        let mut edit = Edit::of_dispatch(tx, row.ticket_id, row.actor_id.clone(), now).await?;
        dispatch::save(tx, self.open, self.lease, row).await?;
        edit.ticket.integration_result = Some(picture(row));
        edit.tell(HistoryEventType::IntegrationDispatched, facts(row));
        let off = self
            .health
            .record(tx, row.integration_id, now, disable_after)
            .await?;
        edit.write(tx).await?;
        // It was docket that did it, and not whoever filed the ticket.
        if let Some(told) = off
            && let Some(mut edit) = Edit::by_docket(tx, row.ticket_id, now).await?
        {
            let (on, off) = (Some("true".to_owned()), Some("false".to_owned()));
            edit.note("integration.enabled", on, off, told);
            edit.write(tx).await?;
        }
        Ok(())
    }
}

impl CutShort {
    const fn told(self, sent: bool) -> (DispatchOutcome, &'static str) {
        use DispatchOutcome::{RetryLater, Uncertain};
        match (self, sent) {
            (Self::Forsaken, true) => (
                Uncertain,
                "docket was interrupted while the ticket was on its way. It looks for it before it sends anything.",
            ),
            (Self::Forsaken, false) => (
                RetryLater,
                "docket was interrupted before the ticket was sent.",
            ),
            (Self::Unrecorded, true) => (
                Uncertain,
                "docket could not record what became of the ticket on its way. It looks for it before it sends anything.",
            ),
            (Self::Unrecorded, false) => (
                RetryLater,
                "docket met a fault of its own before the ticket was sent, and tries again. Ask an administrator of docket to look into its log.",
            ),
        }
    }
}

impl dispatch::Model {
    /// When docket tries again by itself, and what a person is told.
    fn plan_next(&mut self, failure: &Failure, again: bool, now: Time) {
        let mut text = failure.text();
        if self.outcome == Some(DispatchOutcome::Uncertain) {
            text = format!("{} {text}", self.in_doubt());
        }
        if again {
            self.next_attempt_time = self.next_try(failure.retry_after, now);
            text = format!("{text} {}", self.what_next(failure));
        }
        self.error_message = Some(shortened(&text, Failure::MESSAGE_MAX));
    }

    /// What docket does by itself after a failure that may pass.
    fn what_next(&self, failure: &Failure) -> String {
        if self.next_attempt_time.is_none() {
            return format!(
                "docket has tried {} times and does not try again by itself; DispatchTicket does.",
                self.retries + 1
            );
        }
        let off =
            failure.at_fault == AtFault::Gone || failure.reason == Reason::IntegrationDisabled;
        let when = match failure.retry_after {
            _ if off => " once the integration is switched on again".to_owned(),
            Some(after) => format!(", in {} s at the earliest", after.as_secs()),
            None => String::new(),
        };
        let once = match self.outcome {
            Some(DispatchOutcome::Uncertain) => ", and sees to it that nothing is made twice",
            _ => "",
        };
        format!("docket tries again by itself{when}{once}.")
    }

    /// That nobody knows, and where a person may look.
    fn in_doubt(&self) -> String {
        let place = self.aim.as_ref().and_then(|aim| aim[PLACE].as_str());
        match place.filter(|place| !place.is_empty()) {
            Some(place) => format!("The ticket may have arrived: look in {place}."),
            None => "The ticket may have arrived: look where the integration leads.".to_owned(),
        }
    }

    fn next_try(&self, asked: Option<Duration>, now: Time) -> Option<Time> {
        let wait = next_wait(self.id, self.retries, asked)?;
        now.checked_add_signed(TimeDelta::from_std(wait).ok()?)
    }
}

/// The result that a ticket shows: the picture of its latest attempt that has ended.
pub(in crate::app) fn picture(row: &dispatch::Model) -> IntegrationResult {
    let external = row.external.clone();
    let external = external.and_then(|json| serde_json::from_value::<External>(json).ok());
    let success = row.outcome == Some(DispatchOutcome::Created);
    let external = external.filter(|_| success);
    let url = external.as_ref().map(|external| external.url.clone());
    IntegrationResult {
        success,
        integration_id: row.integration_id,
        external_ticket_id: external.as_ref().map(|external| external.key.clone()),
        external_ticket_url: url.filter(|url| !url.is_empty()),
        error_message: row.error_message.clone().filter(|_| !success),
        dispatch_time: row.finish_time.unwrap_or(row.start_time),
        response: external.map_or(Value::Null, |external| response(row, external)),
    }
}

/// The platform's answer, by the contract's names.
fn response(row: &dispatch::Model, external: External) -> Value {
    let raw = Value::Object(external.raw);
    let raw = match raw.to_string().len() {
        0..=RAW_MAX => raw,
        _ => json!({}),
    };
    json!({
        "key": external.key,
        "id": external.id,
        "url": external.url,
        "self": external.self_url,
        "project_key": external.project_key,
        "issue_type": external.issue_type,
        "summary": external.summary,
        "attachments": row.files.clone().unwrap_or_default(),
        "raw": raw,
    })
}

/// What history tells of an attempt.
fn facts(row: &dispatch::Model) -> Value {
    let result = picture(row);
    json!({
        "attempt": row.number,
        "integration_id": row.integration_id,
        "trigger": row.trigger,
        "outcome": row.outcome,
        "http_status": row.http_status,
        "external_ticket_id": result.external_ticket_id,
        "external_ticket_url": result.external_ticket_url,
        "error_message": result.error_message,
        "next_attempt_time": row.next_attempt_time,
    })
}
