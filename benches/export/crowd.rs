//! Many watchers of one export: each is told everything, and the export is hardly slower for it.

use std::time::Duration;

use docket::proto::v1::ExportEvent;
use futures::future;

use super::{
    figures::{Figure, median, ms},
    stage::{Database, Stage, follow},
    times::ticket_times,
};

/// How long each call to Jira takes at least.
const LATENCY: Duration = Duration::from_millis(50);

/// Exports sessions in turn without and with watchers, each on a connection of its own.
pub(crate) async fn measure(
    database: &Database,
    tickets: usize,
    watchers: usize,
    rounds: usize,
) -> Vec<Figure> {
    let stage = Stage::start(database, LATENCY).await;
    let (mut alone, mut watched) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        alone.push(one(&stage, tickets, 0).await);
        watched.push(one(&stage, tickets, watchers).await);
    }
    let slower = (median(&watched) / median(&alone) - 1.0) * 100.0;
    let name = database.name();
    let what = format!("{name}, {watchers} watchers");
    vec![
        Figure::told(
            format!("{name}: a ticket without watchers"),
            ms(median(&alone)),
        ),
        Figure::told(format!("{what}: a ticket"), ms(median(&watched))),
        Figure::below(format!("{what}: slower by"), slower, 5.0, "%"),
        Figure::told(format!("{what}: told every event, once, in order"), "each"),
    ]
}

/// One export; gives the mean time of a ticket.
async fn one(stage: &Stage, tickets: usize, watchers: usize) -> f64 {
    let session = stage.session(tickets).await;
    stage.begin(&session).await;
    let crowd: Vec<_> = (0..watchers)
        .map(|_| {
            let (client, session) = (stage.client(&stage.server), session.clone());
            tokio::spawn(async move { follow(client, &session).await })
        })
        .collect();
    let events = follow(stage.client(&stage.server), &session).await;
    let wanted: Vec<i64> = (1..).take(events.len()).collect();
    assert_eq!(sequences(&events), wanted, "without a gap");
    for told in future::join_all(crowd).await {
        assert_eq!(told.expect("it ends well"), events, "each is told the same");
    }
    let times = ticket_times(&events);
    times.iter().sum::<f64>() / times.len() as f64
}

fn sequences(events: &[ExportEvent]) -> Vec<i64> {
    events.iter().map(|event| event.sequence).collect()
}
