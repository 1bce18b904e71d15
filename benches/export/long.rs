//! A long session: whether a ticket at its end takes longer than one at its start, and what memory the server takes.

use std::time::Duration;

use super::{
    figures::{Figure, median, mib, ms},
    stage::{Database, Stage},
    times::ticket_times,
};

/// How much of memory the server may take, in MiB.
const MEMORY: f64 = 64.0;
/// How often the server's memory is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// Exports one session of so many tickets to a Jira that answers at once.
pub(crate) async fn measure(database: &Database, tickets: usize) -> Vec<Figure> {
    let stage = Stage::start(database, Duration::ZERO).await;
    let session = stage.session(tickets).await;
    let memory = stage.server.watch_memory(LOOK);
    let events = stage.export(&session).await;
    let memory = memory.end().await;

    let times = ticket_times(&events);
    let tenth = times.len() / 10;
    let (start, end) = (
        median(&times[..tenth]),
        median(&times[times.len() - tenth..]),
    );
    let tenth = (memory.len() / 10).max(1);
    let (early, late) = (
        median(&memory[..tenth]),
        median(&memory[memory.len() - tenth..]),
    );
    let most = memory.iter().copied().fold(0.0, f64::max);
    let what = format!("{}, {tickets} tickets", database.name());
    vec![
        Figure::told(format!("{what}: a ticket of the first tenth"), ms(start)),
        Figure::told(format!("{what}: a ticket of the last tenth"), ms(end)),
        Figure::below(
            format!("{what}: the last, of the first"),
            end / start,
            1.1,
            " times",
        ),
        Figure::told(
            format!("{what}: memory in the first tenth of the time"),
            mib(early),
        ),
        Figure::told(format!("{what}: memory in the last tenth"), mib(late)),
        Figure::below(format!("{what}: most memory"), most, MEMORY, " MiB"),
    ]
}
