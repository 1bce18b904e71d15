//! Service levels: by when a ticket must be answered and solved.

use chrono::TimeDelta;

use super::{
    ticket::{TicketPriority, TicketStatus},
    time::Time,
};

/// Hours to the first response and to the resolution, by priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlaPolicy {
    targets: [SlaTarget; 4],
}

/// What one priority promises, in hours from the ticket's creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlaTarget {
    /// To the first response.
    pub response_hours: u32,
    /// To the resolution.
    pub resolution_hours: u32,
}

/// When a ticket's promises fall due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlaDates {
    /// The first response.
    pub response_due: Time,
    /// The resolution.
    pub resolution_due: Time,
}

/// A ticket's clock: when its promises fall due, and what has stopped, met or broken them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlaClock {
    /// When the first response is due.
    pub response_due: Time,
    /// When the resolution is due.
    pub resolution_due: Time,
    /// When the first response came.
    pub first_response: Option<Time>,
    /// Whether the first response came, or is, late.
    pub response_breached: bool,
    /// Whether the resolution came, or is, late.
    pub resolution_breached: bool,
    /// Since when the clock stands still.
    pub paused_since: Option<Time>,
    /// How long it stood still before.
    pub paused: TimeDelta,
}

impl SlaPolicy {
    /// The clock after a change of status at `now`: it stands still in PENDING_INFO, and each pause moves on, when it ends, what is due
    /// and not met. A resolution that comes late is a breach, whether or not somebody noticed before.
    pub fn on_status_change(
        &self,
        clock: SlaClock,
        from: TicketStatus,
        to: TicketStatus,
        now: Time,
    ) -> SlaClock {
        use TicketStatus::{Closed, PendingInfo, Resolved};
        let mut clock = clock;
        if to == PendingInfo {
            clock.paused_since = clock.paused_since.or(Some(now));
        } else if let Some(since) = clock.paused_since.take() {
            let pause = (now - since).max(TimeDelta::zero());
            clock.paused += pause;
            clock.resolution_due += pause;
            if clock.first_response.is_none() {
                clock.response_due += pause;
            }
        }
        let solved = |status| matches!(status, Resolved | Closed);
        if solved(to) && !solved(from) {
            clock.resolution_breached |= now > clock.resolution_due;
        }
        clock
    }

    /// The clock after somebody other than the creator responded at `now`.
    pub fn on_response(&self, clock: SlaClock, now: Time) -> SlaClock {
        let mut clock = clock;
        if clock.first_response.is_none() {
            clock.first_response = Some(now);
            clock.response_breached |= clock.paused_since.unwrap_or(now) > clock.response_due;
        }
        clock
    }

    /// A policy from the targets of P1, P2, P3 and P4.
    pub const fn new(targets: [SlaTarget; 4]) -> Self {
        Self { targets }
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

    /// The due times of a ticket created at `created`.
    pub fn dates(&self, priority: TicketPriority, created: Time) -> SlaDates {
        let target = self.target(priority);
        SlaDates {
            response_due: created + TimeDelta::hours(target.response_hours.into()),
            resolution_due: created + TimeDelta::hours(target.resolution_hours.into()),
        }
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
