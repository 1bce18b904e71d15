//! When things happened in an export, as its events tell.

use std::time::Duration;

use chrono::{DateTime, Utc};
use docket::proto::v1::{ExportEvent, export_event::Detail};

/// How long each ticket took after the first: from the one before it to its own, as docket has stored them.
pub(crate) fn ticket_times(events: &[ExportEvent]) -> Vec<f64> {
    let done = |event: &&ExportEvent| matches!(event.detail, Some(Detail::TicketExported(_)));
    let times: Vec<_> = events.iter().filter(done).map(time).collect();
    let between = times.windows(2).map(|pair| pair[1] - pair[0]);
    between.map(|delta| delta.as_seconds_f64()).collect()
}

/// From the first event to the last.
pub(crate) fn whole(events: &[ExportEvent]) -> Duration {
    let (first, last) = (events.first(), events.last());
    let (first, last) = (first.expect("events"), last.expect("events"));
    (time(last) - time(first)).to_std().expect("forwards")
}

/// When the event was stored.
pub(crate) fn time(event: &ExportEvent) -> DateTime<Utc> {
    let time = event.time.expect("a time");
    let nanos = u32::try_from(time.nanos).expect("nanoseconds");
    DateTime::from_timestamp(time.seconds, nanos).expect("a time")
}
