//! The loop that has files scanned. Safe to run in any number of processes: each file is taken up by one of them.

use std::time::Duration;

use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Looks for files that wait, when one comes in and every so often, until `stop` is cancelled.
pub(super) async fn run(app: &App, every: Duration, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        match app.scan_files(stop).await {
            Ok(0) => (),
            Ok(files) => {
                tracing::debug!(files, "scanned");
                continue;
            }
            Err(error) => tracing::warn!(%error, "cannot look for files to be scanned"),
        }
        tokio::select! {
            () = stop.cancelled() => (),
            () = app.wake.wait_for_scans() => (),
            () = time::sleep(every) => (),
        }
    }
}
