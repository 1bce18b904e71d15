//! The life of a ticket: from which status it may go to which, and who is asked for what on the way.

use std::collections::VecDeque;

use chrono::TimeDelta;

use super::{permission::TicketAction, ticket::TicketStatus, time::Time};
use crate::error::{Error, Reason, Result};

/// The status machine: where a ticket may go, in the order of the enum. Everything else is ILLEGAL_TRANSITION.
pub const fn targets(from: TicketStatus) -> &'static [TicketStatus] {
    use TicketStatus::{
        Closed, Escalated, InProgress, New, Open, PendingInfo, Reopened, Resolved, Review,
    };
    match from {
        New => &[Open, InProgress, Closed],
        Open => &[InProgress, PendingInfo, Escalated, Resolved],
        InProgress => &[PendingInfo, Escalated, Review, Resolved],
        PendingInfo => &[Open, InProgress, Resolved],
        Escalated => &[InProgress, PendingInfo, Resolved],
        Review => &[InProgress, Resolved],
        Resolved => &[Closed, Reopened],
        Closed => &[Reopened],
        Reopened => &[Open, InProgress, PendingInfo],
    }
}

/// The shortest way from one status to another: without the first one, and with the last one. `None` where no way leads there.
pub fn way(from: TicketStatus, to: TicketStatus) -> Option<Vec<TicketStatus>> {
    let mut ways = VecDeque::from([vec![from]]);
    let mut seen = vec![from];
    while let Some(way) = ways.pop_front() {
        let last = *way.last()?;
        if last == to {
            return way.get(1..).map(<[TicketStatus]>::to_vec);
        }
        for next in targets(last) {
            if !seen.contains(next) {
                seen.push(*next);
                ways.push_back([way.as_slice(), &[*next]].concat());
            }
        }
    }
    None
}

/// What a caller does with a ticket who moves it to this status.
pub const fn action(to: TicketStatus) -> TicketAction {
    match to {
        TicketStatus::Resolved => TicketAction::ResolveTicket,
        TicketStatus::Closed => TicketAction::CloseTicket,
        TicketStatus::Reopened => TicketAction::ReopenTicket,
        _ => TicketAction::UpdateTicket,
    }
}

/// A wished move of a ticket.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    /// Where it stands.
    pub from: TicketStatus,
    /// When it was closed.
    pub close_time: Option<Time>,
    /// Where it is to stand.
    pub to: TicketStatus,
    /// When.
    pub at: Time,
}

impl Move {
    /// ILLEGAL_TRANSITION where the machine has no such move, REOPEN_WINDOW_PASSED for a ticket that was closed longer ago than
    /// `window`; the window's last instant belongs to it. `subject` names the ticket.
    pub fn check(self, window: TimeDelta, subject: &str) -> Result<()> {
        let allowed = targets(self.from);
        if !allowed.contains(&self.to) {
            return Err(self.illegal(allowed, subject));
        }
        match self.close_time {
            Some(closed) if self.from == TicketStatus::Closed && self.at > closed + window => {
                Err(passed(closed, closed + window, subject))
            }
            _ => Ok(()),
        }
    }

    fn illegal(self, allowed: &[TicketStatus], subject: &str) -> Error {
        let names: Vec<String> = allowed.iter().map(ToString::to_string).collect();
        let (from, to) = (self.from, self.to);
        let message = format!(
            "a ticket cannot go from {from} to {to}; from {from} it goes to {}",
            names.join(", ")
        );
        Error::refused(Reason::IllegalTransition, subject, message)
            .with("from", from)
            .with("to", to)
            .with("allowed", names.join(","))
    }
}

fn passed(closed: Time, window_end: Time, subject: &str) -> Error {
    let rfc3339 = |time: Time| time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
    let message =
        "the ticket was closed too long ago to be reopened; create a new one that refers to it";
    Error::refused(Reason::ReopenWindowPassed, subject, message)
        .with("close_time", rfc3339(closed))
        .with("window_end", rfc3339(window_end))
}
