//! The loop that takes up dispatches: retries that are due, and what a crash has left lying. Safe to run in any number of processes.

use std::{sync::Arc, time::Duration};

use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Looks every so often, until `stop` is cancelled; then waits until the attempts under way have come to a safe point, or the grace is over.
pub(super) async fn run(
    app: &Arc<App>,
    every: Duration,
    grace: Duration,
    stop: &CancellationToken,
) {
    while !stop.is_cancelled() {
        match app.take_up_dispatches().await {
            Ok(0) => (),
            Ok(attempts) => tracing::debug!(attempts, "took up dispatches"),
            Err(error) => tracing::warn!(%error, "cannot look for dispatches to take up"),
        }
        tokio::select! {
            () = stop.cancelled() => (),
            () = time::sleep(every) => (),
        }
    }
    app.end_dispatches(grace).await;
}
