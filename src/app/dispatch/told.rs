//! What a person is told of an attempt that failed: what happened, where to look, what to do, and what docket does by itself.

use std::time::Duration;

use chrono::TimeDelta;

use super::verdict::CutShort;
use crate::{
    connectors::{
        PLACE,
        outcome::{AtFault, Failure},
    },
    db::dispatch,
    domain::{
        dispatch::{DispatchOutcome, next_wait},
        export_log::shortened,
        time::Time,
    },
    error::Reason,
};

/// What an answer comes to that an account or a place has given which the integration does not lead to any more.
const CHANGED: &str = "The integration was changed while the ticket was on its way, and docket tries again by itself.";

impl CutShort {
    pub(super) const fn told(self, sent: bool) -> (DispatchOutcome, &'static str) {
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
    /// What a person is told, once it is known when docket tries again by itself.
    pub(super) fn tell(&mut self, failure: &Failure, again: bool) {
        let mut text = self.doubting(failure.text());
        // What is gone says itself when that goes on.
        if again && failure.at_fault != AtFault::Gone {
            text = format!("{text} {}", self.what_next(failure));
        }
        self.error_message = Some(shortened(&text, Failure::MESSAGE_MAX));
    }

    /// What a person is told whose platform was changed while this was on its way.
    pub(super) fn tell_of_change(&mut self) {
        if !self.is_success() {
            self.error_message = Some(self.doubting(CHANGED.to_owned()));
        }
    }

    fn doubting(&self, text: String) -> String {
        match self.outcome {
            Some(DispatchOutcome::Uncertain) => format!("{} {text}", self.in_doubt()),
            _ => text,
        }
    }

    /// What docket does by itself after a failure that may pass.
    fn what_next(&self, failure: &Failure) -> String {
        if self.next_attempt_time.is_none() {
            return format!(
                "docket has tried {} times and does not try again by itself; DispatchTicket does.",
                self.retries + 1
            );
        }
        let off = failure.reason == Reason::IntegrationDisabled;
        let when = match failure.retry_after {
            _ if off => " once the integration is switched on again".to_owned(),
            Some(after) => format!(", in {} s at the earliest", after.as_secs()),
            None => String::new(),
        };
        let once = match self.outcome {
            Some(DispatchOutcome::Uncertain) => ", and sees to it that nothing is made twice",
            _ => "",
        };
        // Nobody tells it here when the integration is switched off, or deleted, later.
        let whether = match off {
            true => "docket",
            false => "While the integration is switched on, docket",
        };
        format!("{whether} tries again by itself{when}{once}.")
    }

    /// That nobody knows, and where a person may look.
    fn in_doubt(&self) -> String {
        let place = self.aim.as_ref().and_then(|aim| aim[PLACE].as_str());
        match place.filter(|place| !place.is_empty()) {
            Some(place) => format!("The ticket may have arrived: look in {place}."),
            None => "The ticket may have arrived: look where the integration leads.".to_owned(),
        }
    }

    pub(super) fn next_try(&self, asked: Option<Duration>, now: Time) -> Option<Time> {
        later(now, next_wait(self.id, self.retries, asked)?)
    }
}

pub(super) fn later(now: Time, wait: Duration) -> Option<Time> {
    now.checked_add_signed(TimeDelta::from_std(wait).ok()?)
}
