//! Service levels: by when a ticket must be answered and solved, and what its life does to that.
//!
//! Time counts from the ticket's creation, without the stays in PENDING_INFO and, with a business calendar, without what is outside
//! its hours. A promise is due at the first instant by which its span has been counted, and broken when it is kept later than that
//! or not at all.

mod calendar;
mod clock;
mod timeline;

use chrono::TimeDelta;
use strum::IntoEnumIterator as _;

pub use calendar::{BusinessCalendar, Hours};
pub use clock::{Promise, PromiseState, SlaClock, SlaEvent};
use timeline::Timeline;
pub use timeline::{Pause, Piece, PieceKind};

use super::{
    ticket::{TicketPriority, TicketStatus},
    time::Time,
};

/// What is promised, by priority, and which hours count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlaPolicy {
    targets: [SlaTarget; 4],
    calendar: Option<BusinessCalendar>,
    warning_percent: u8,
}

/// What one priority promises, in counted hours from the ticket's creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlaTarget {
    /// To the first response.
    pub response_hours: u32,
    /// To the resolution.
    pub resolution_hours: u32,
}

impl SlaTarget {
    /// The time that the promise allows.
    pub fn span(self, promise: Promise) -> TimeDelta {
        let hours = match promise {
            Promise::Response => self.response_hours,
            Promise::Resolution => self.resolution_hours,
        };
        TimeDelta::hours(hours.into())
    }
}

impl SlaPolicy {
    /// After how much of its time a promise is warned of, in percent, unless told otherwise.
    pub const DEFAULT_WARNING_PERCENT: u8 = 80;

    /// A policy from the targets of P1, P2, P3 and P4, for every hour of the week.
    pub const fn new(targets: [SlaTarget; 4]) -> Self {
        Self {
            targets,
            calendar: None,
            warning_percent: Self::DEFAULT_WARNING_PERCENT,
        }
    }

    /// The policy for these hours alone; `None`: for every hour of the week.
    #[must_use]
    pub fn with_calendar(self, calendar: Option<BusinessCalendar>) -> Self {
        Self { calendar, ..self }
    }

    /// The policy with warnings after so much of a promise's time, in percent; 0: without warnings.
    #[must_use]
    pub fn with_warning_percent(self, warning_percent: u8) -> Self {
        Self {
            warning_percent,
            ..self
        }
    }

    /// After how much of its time a promise is warned of, in percent; 0: never.
    pub fn warning_percent(&self) -> u8 {
        self.warning_percent
    }

    /// The promise for a priority.
    pub fn target(&self, priority: TicketPriority) -> SlaTarget {
        match priority {
            TicketPriority::P1 => self.targets[0],
            TicketPriority::P2 => self.targets[1],
            TicketPriority::P3 => self.targets[2],
            TicketPriority::P4 => self.targets[3],
        }
    }

    /// The clock of a ticket that is created at `created`.
    pub fn begin(&self, priority: TicketPriority, created: Time) -> SlaClock {
        let promised = |promise| self.promised(priority, promise, created, &[]);
        SlaClock {
            created,
            response: promised(Promise::Response),
            resolution: promised(Promise::Resolution),
            first_response: None,
            ended: None,
            paused_since: None,
            paused: TimeDelta::zero(),
        }
    }

    /// The ticket was moved to `status` at `now`, by the creator or by somebody else, which is a response. `state.ended` is as the
    /// move leaves it. A pause that ends moves what is not due yet.
    pub fn status_changed(
        &self,
        state: &mut SlaClock,
        status: TicketStatus,
        by_creator: bool,
        now: Time,
    ) -> Vec<SlaEvent> {
        let mut events = Vec::new();
        match (state.paused_since, status) {
            (None, TicketStatus::PendingInfo) => state.paused_since = Some(now),
            (Some(since), status) if status != TicketStatus::PendingInfo => {
                events.extend(self.resume(state, since, now));
            }
            _ => (),
        }
        match by_creator {
            true if state.first_response.is_none() => {
                events.extend(state.judge(Promise::Response, now))
            }
            true => (),
            false => events.extend(self.responded(state, now)),
        }
        events.extend(state.judge(Promise::Resolution, now));
        events
    }

    /// Somebody other than the creator answered at `now`; only the first time counts.
    pub fn responded(&self, state: &mut SlaClock, now: Time) -> Option<SlaEvent> {
        if state.first_response.is_some() {
            return None;
        }
        state.first_response = Some(now);
        state.response.warning = None;
        state.judge(Promise::Response, now)
    }

    /// The ticket has another priority since `now`: its due times are recomputed from its creation. `pauses` are all it ever had, in
    /// their order, with the one that goes on. What was kept is judged anew, by the new due times.
    pub fn priority_changed(
        &self,
        state: &mut SlaClock,
        priority: TicketPriority,
        pauses: &[Pause],
        now: Time,
    ) -> Vec<SlaEvent> {
        let mut events = Vec::new();
        for promise in Promise::iter() {
            let counted = counted_pauses(state, promise, pauses);
            let new = self.promised(priority, promise, state.created, &counted);
            let old = *state.promise(promise);
            let kept = promise == Promise::Response && state.first_response.is_some();
            *state.promise_mut(promise) = PromiseState {
                due: new.due,
                warning: new.warning.filter(|_| !kept && !old.breached),
                breached: old.breached,
            };
            if old.due != new.due {
                events.push(SlaEvent::DueChanged {
                    promise,
                    old: old.due,
                    new: new.due,
                });
            }
            events.extend(judge_kept(state, promise, pauses, now));
        }
        events
    }

    /// What a look at the clock at `now` finds: promises that are broken, and such as will be soon.
    pub fn look(&self, state: &mut SlaClock, now: Time) -> Vec<SlaEvent> {
        let mut events = Vec::new();
        for promise in Promise::iter() {
            if state.paused_since.is_some() || !state.is_open(promise) {
                continue;
            }
            let broken = state.judge(promise, now);
            let due = state.promise(promise).due;
            let warning = &mut state.promise_mut(promise).warning;
            let warned = warning.take_if(|time| *time <= now);
            events.extend(broken.or(warned.map(|_| SlaEvent::Warned { promise, due })));
        }
        events
    }

    /// How the due times came about: from the creation to the later one, without gap or overlap. A pause that goes on is the last.
    pub fn explain(&self, state: &SlaClock, pauses: &[Pause]) -> Vec<Piece> {
        let end = state.response.due.max(state.resolution.due);
        Timeline::between(self.calendar.as_ref(), pauses, state.created, end).merged()
    }

    /// A promise as its priority and these pauses have it.
    fn promised(
        &self,
        priority: TicketPriority,
        promise: Promise,
        created: Time,
        pauses: &[Pause],
    ) -> PromiseState {
        let span = self.target(priority).span(promise);
        let due = |span| Timeline::after(self.calendar.as_ref(), pauses, created).due(span);
        let percent = i32::from(self.warning_percent);
        PromiseState {
            due: due(span),
            warning: (percent > 0).then(|| due(span * percent / 100)),
            breached: false,
        }
    }

    /// Ends the pause: what was left of a promise's time when it began is left now.
    fn resume(&self, state: &mut SlaClock, since: Time, now: Time) -> Vec<SlaEvent> {
        let calendar = self.calendar.as_ref();
        let moved = |time: Time| {
            let left = Timeline::between(calendar, &[], since, time).counted();
            match time > since {
                true => Timeline::after(calendar, &[], now).due(left).max(time),
                false => time,
            }
        };
        let mut events = Vec::new();
        for promise in Promise::iter() {
            if promise == Promise::Response && state.first_response.is_some() {
                continue;
            }
            let promised = state.promise_mut(promise);
            let old = promised.due;
            promised.due = moved(old);
            promised.warning = promised.warning.map(moved);
            if promised.due != old {
                let new = promised.due;
                events.push(SlaEvent::DueChanged { promise, old, new });
            }
        }
        state.paused += now - since;
        state.paused_since = None;
        events
    }
}

/// The pauses that move a promise: those that have ended, for the response before it came.
fn counted_pauses(state: &SlaClock, promise: Promise, pauses: &[Pause]) -> Vec<Pause> {
    let last = match promise {
        Promise::Response => state.first_response,
        Promise::Resolution => None,
    };
    let counts = |pause: &&Pause| {
        let ended = pause.to;
        ended.is_some_and(|to| last.is_none_or(|last| to <= last))
    };
    pauses.iter().filter(counts).copied().collect()
}

/// Judges a promise whose due time is another one now, also when it was kept long ago.
fn judge_kept(
    state: &mut SlaClock,
    promise: Promise,
    pauses: &[Pause],
    now: Time,
) -> Option<SlaEvent> {
    match (promise, state.first_response) {
        (Promise::Response, Some(kept)) => {
            let within = |pause: &&Pause| pause.from <= kept && pause.to.is_none_or(|to| kept < to);
            // A response during a pause came on a clock that stood still since the pause began.
            let reached = pauses.iter().find(within).map_or(kept, |pause| pause.from);
            // One that came after the end was needed no more.
            let void = state.ended.unwrap_or(reached);
            state.judge_at(promise, reached.min(void))
        }
        _ => state.judge(promise, now),
    }
}

impl Default for SlaPolicy {
    /// The contract's table: P1 1/4, P2 4/12, P3 8/48, P4 24/120.
    fn default() -> Self {
        let target = |response_hours, resolution_hours| SlaTarget {
            response_hours,
            resolution_hours,
        };
        Self::new([target(1, 4), target(4, 12), target(8, 48), target(24, 120)])
    }
}
