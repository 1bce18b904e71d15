//! What WatchTickets asks for, and what it tells.

use super::{history, ticket, ticket_list};
use crate::{
    app::watch_tickets::Told,
    db::ticket_filter::Filter,
    error::{Broken, Result, Violations},
    proto::v1,
};

/// Which tickets, and behind which event; without one, from now on.
pub(in crate::api) fn request(request: &v1::WatchTicketsRequest) -> Result<(Filter, Option<i64>)> {
    let mut violations = Violations::new();
    let filter = request.filter.clone().unwrap_or_default();
    let filter = ticket_list::filter(&mut violations, &filter);
    let after = match request.after_sequence {
        Some(..0) => Err(Broken::new("must not be negative")),
        after => Ok(after),
    };
    let after = violations.check("after_sequence", after);
    violations.settle(filter.zip(after))
}

/// An event, or how far everything has been sent.
pub(in crate::api) fn response(told: Told) -> v1::WatchTicketsResponse {
    match told {
        Told::Position(sequence) => v1::WatchTicketsResponse {
            sequence,
            ..Default::default()
        },
        Told::Event(event) => {
            let (entry, view) = *event;
            v1::WatchTicketsResponse {
                sequence: entry.sequence,
                history_entry: Some(history::entry(entry)),
                ticket: Some(ticket::ticket(view)),
            }
        }
    }
}
