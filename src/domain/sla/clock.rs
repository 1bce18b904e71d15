//! The clock of one ticket: what it promises, and how that is kept.

use chrono::TimeDelta;

use crate::domain::time::Time;

/// What an SLA promises.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumIter, strum::IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
pub enum Promise {
    /// That somebody other than the creator answers.
    Response,
    /// That the ticket is resolved.
    Resolution,
}

/// How one promise stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PromiseState {
    /// By when it is to be kept.
    pub due: Time,
    /// When to warn that it will be broken; `None` once that was done, or where it no longer matters.
    pub warning: Option<Time>,
    /// Whether it was found broken. Never taken back.
    pub breached: bool,
}

/// The clock of one ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlaClock {
    /// From when it counts.
    pub created: Time,
    /// The first response.
    pub response: PromiseState,
    /// The resolution.
    pub resolution: PromiseState,
    /// When somebody other than the creator answered first.
    pub first_response: Option<Time>,
    /// When the ticket was resolved or, without that, closed; `None` while it is neither.
    pub ended: Option<Time>,
    /// Since when the clock stands still.
    pub paused_since: Option<Time>,
    /// Total of the pauses that have ended.
    pub paused: TimeDelta,
}

/// What happened to a ticket's clock, to be told in its history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlaEvent {
    /// A due time was moved.
    DueChanged {
        /// Which.
        promise: Promise,
        /// From when.
        old: Time,
        /// To when.
        new: Time,
    },
    /// A promise was found broken: once a ticket and promise.
    Breached {
        /// Which.
        promise: Promise,
        /// By when it was to be kept.
        due: Time,
    },
    /// A promise will soon be broken.
    Warned {
        /// Which.
        promise: Promise,
        /// By when it is to be kept.
        due: Time,
    },
}

impl Promise {
    /// Its name in history: `response` or `resolution`.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl SlaClock {
    /// How the promise stands.
    pub fn promise(&self, promise: Promise) -> &PromiseState {
        match promise {
            Promise::Response => &self.response,
            Promise::Resolution => &self.resolution,
        }
    }

    pub(super) fn promise_mut(&mut self, promise: Promise) -> &mut PromiseState {
        match promise {
            Promise::Response => &mut self.response,
            Promise::Resolution => &mut self.resolution,
        }
    }

    /// Whether the promise still has to be kept. That of a response is void once the ticket is resolved or closed.
    pub(super) fn is_open(&self, promise: Promise) -> bool {
        match promise {
            Promise::Response => self.first_response.is_none() && self.ended.is_none(),
            Promise::Resolution => self.ended.is_none(),
        }
    }

    /// What the promise's due time is to be compared with: when it was kept or became void, or how late it is on a clock that stands
    /// still during a pause.
    fn reached(&self, promise: Promise, now: Time) -> Time {
        let kept = match promise {
            Promise::Response => self.first_response,
            Promise::Resolution => None,
        };
        let moments = [kept, self.ended, self.paused_since];
        moments.into_iter().flatten().fold(now, Time::min)
    }

    /// Notes the promise as broken if it is.
    pub(super) fn judge(&mut self, promise: Promise, now: Time) -> Option<SlaEvent> {
        self.judge_at(promise, self.reached(promise, now))
    }

    /// As [`SlaClock::judge`], for a clock that has come to `reached`.
    pub(super) fn judge_at(&mut self, promise: Promise, reached: Time) -> Option<SlaEvent> {
        let state = self.promise_mut(promise);
        if state.breached || reached <= state.due {
            return None;
        }
        state.breached = true;
        state.warning = None;
        let due = state.due;
        Some(SlaEvent::Breached { promise, due })
    }
}
