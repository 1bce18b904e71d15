//! The loops that have files scanned. Safe to run in any number of processes: each file is taken up by one of them.

use std::time::Duration;

use futures::future::join_all;
use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// How many files are scanned at once: one that takes its time holds up none of the others.
const AT_ONCE: usize = 2;

/// Looks for files that wait, when one comes in and every so often, until `stop` is cancelled.
pub(super) async fn run(app: &App, every: Duration, stop: &CancellationToken) {
    let places = (0..AT_ONCE).map(|_| one_by_one(app, every, stop));
    join_all(places).await;
}

async fn one_by_one(app: &App, every: Duration, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        match app.scan_next(stop).await {
            Ok(true) => continue,
            Ok(false) => (),
            Err(error) => tracing::warn!(%error, "cannot look for files to be scanned"),
        }
        tokio::select! {
            () = stop.cancelled() => (),
            () = app.wake.wait_for_scans() => (),
            () = time::sleep(every) => (),
        }
    }
}
