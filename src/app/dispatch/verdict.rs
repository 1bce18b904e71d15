//! What an attempt comes to by its end: what its row says then, when the next one is due, and what that says about the integration.

use std::{ops::RangeInclusive, time::Duration};

use super::{attempt::End, end::Ended, health::Health, told::later};
use crate::{
    connectors::outcome::Failure,
    db::dispatch::{self, DispatchState},
    domain::{dispatch::DispatchOutcome, export::ErrorCategory, time::Time},
    error::Reason,
};

/// What is a status of HTTP.
const STATUSES: RangeInclusive<u16> = 100..=599;

/// Why an attempt does not come to its end.
#[derive(Clone, Copy, Debug)]
pub(super) enum CutShort {
    /// Nobody works on it any more.
    Forsaken,
    /// What became of it could not be recorded.
    Unrecorded,
}

impl End {
    const fn goes_on(&self) -> bool {
        match self {
            Self::Made => false,
            Self::MadeInPart(_) | Self::Held(_) => true,
            Self::Left { again, .. } | Self::Failed { again, .. } => *again,
        }
    }
}

impl Ended {
    /// The attempt as it ends now.
    pub(super) fn of(open: &dispatch::Model, end: End, now: Time) -> Self {
        let mut ended = Self {
            open: open.state,
            lease: None,
            row: dispatch::Model {
                state: DispatchState::Ended,
                lease_until: None,
                finish_time: Some(now.max(open.start_time)),
                ..open.clone()
            },
            health: Health::Untold,
            again: end.goes_on(),
            way: None,
            hold: None,
            cause: None,
        };
        match end {
            End::Made => ended.health = ended.row.made(),
            End::MadeInPart(asked) => ended.made_in_part(asked, now),
            End::Left { again, asked } => {
                ended.row.there();
                let next = ended.row.next_try(asked, now);
                ended.row.next_attempt_time = next.filter(|_| again);
            }
            End::Held(failure) => ended.held(&failure, now),
            End::Failed {
                outcome,
                failure,
                again,
            } => ended.failed(outcome, &failure, again, now),
        }
        ended
    }

    fn made_in_part(&mut self, asked: Option<Duration>, now: Time) {
        self.health = self.row.made();
        self.row.next_attempt_time = self.row.next_try(asked, now);
        self.hold = asked.and_then(|wait| later(now, wait));
    }

    /// It was no try: the one after it counts in its place.
    fn held(&mut self, failure: &Failure, now: Time) {
        let row = &mut self.row;
        row.uncounted = true;
        row.next_attempt_time = failure.retry_after.and_then(|wait| later(now, wait));
        if row.external.is_some() {
            return row.there();
        }
        row.outcome = Some(match row.aim {
            Some(_) => DispatchOutcome::Uncertain,
            None => DispatchOutcome::RetryLater,
        });
        row.tell(failure, true);
        self.cause = Some((failure.category, failure.reason));
    }

    fn failed(&mut self, outcome: DispatchOutcome, failure: &Failure, again: bool, now: Time) {
        let row = &mut self.row;
        row.outcome = Some(outcome);
        // Some answer with numbers that are no status.
        let status = failure.http_status.filter(|n| STATUSES.contains(n));
        row.http_status = status.map(i32::from);
        if again {
            row.next_attempt_time = row.next_try(failure.retry_after, now);
        }
        row.tell(failure, again);
        self.cause = Some((failure.category, failure.reason));
        self.health = Health::of(failure);
        if matches!(self.health, Health::Ill(_)) {
            self.hold = failure.retry_after.and_then(|wait| later(now, wait));
        }
    }

    /// An attempt that ends without having come to an end: what it has written down so far is what is known of it.
    pub(super) fn cut_short(left: &dispatch::Model, why: CutShort, now: Time) -> Self {
        let end = match (&left.external, &left.aim) {
            (Some(_), _) => End::Left {
                again: false,
                asked: None,
            },
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
}

impl dispatch::Model {
    fn there(&mut self) {
        self.outcome = Some(DispatchOutcome::Created);
        self.aim = None;
    }

    /// Ends with the copy there. What was there already says nothing of the ticket's being taken.
    fn made(&mut self) -> Health {
        self.there();
        match self.sent_time.take() {
            None => Health::Untold,
            Some(_) => Health::Well,
        }
    }
}
