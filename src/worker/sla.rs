//! The loop that looks for broken promises. Safe to run in any number of processes.

use std::time::Duration;

use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Looks every so often, until `stop` is cancelled.
pub(super) async fn run(app: &App, every: Duration, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        sweep(app, stop).await;
        tokio::select! {
            () = stop.cancelled() => (),
            () = time::sleep(every) => (),
        }
    }
}

/// Notes all there is, batch by batch.
async fn sweep(app: &App, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        match app.note_broken_promises().await {
            Ok(0) => return,
            Ok(tickets) => tracing::debug!(tickets, "noted broken promises"),
            Err(error) => {
                tracing::warn!(%error, "cannot look for broken promises");
                return;
            }
        }
    }
}
