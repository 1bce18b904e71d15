//! Watching on one replica what another one works on: how long an event takes to arrive.

use std::time::Duration;

use chrono::Utc;
use docket::proto::v1::WatchExportRequest;

use super::{
    figures::{Figure, median, ms},
    stage::{Database, Stage},
    times::time,
};

/// How long each call to Jira takes at least.
const LATENCY: Duration = Duration::from_millis(50);

/// Exports one session on one of two servers, and watches on the other.
pub(crate) async fn measure(database: &Database, tickets: usize) -> Vec<Figure> {
    let stage = Stage::start(database, LATENCY).await;
    let session_id = stage.session(tickets).await;
    stage.begin(&session_id).await;
    let request = WatchExportRequest {
        session_id,
        after_sequence: None,
    };
    let mut here = stage.client(&stage.server);
    let begun = here.watch_export(request.clone()).await.expect("a stream");
    let first = begun.into_inner().message().await.expect("a message");
    assert!(first.is_some(), "the first server works on it");
    // Only now is there another one, which can no longer take it up.
    let other = stage.replica();
    let mut there = stage.client(&other);
    let stream = there.watch_export(request).await.expect("a stream");
    let mut stream = stream.into_inner();
    let connected = Utc::now();
    let mut late = Vec::new();
    while let Some(message) = stream.message().await.expect("a message") {
        let arrived = Utc::now();
        let event = message.event.expect("an event");
        if event.sequence > 0 && time(&event) > connected {
            late.push((arrived - time(&event)).as_seconds_f64());
        }
    }
    let most = late.iter().copied().fold(0.0, f64::max);
    let what = format!("an event of another replica ({} events)", late.len());
    vec![
        Figure::told(
            format!("{what}: median until it arrives"),
            ms(median(&late)),
        ),
        Figure::below(format!("{what}: longest"), most, 0.5, " s"),
    ]
}
