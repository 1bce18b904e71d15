//! Service levels: by when a ticket must be answered and solved.

use chrono::TimeDelta;

use super::{ticket::TicketPriority, time::Time};

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

impl SlaPolicy {
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
