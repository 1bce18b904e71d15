//! The search index is filled once a start, the newest tickets first. Safe to run in any number of processes.

use std::time::Duration;

use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// How long to wait after a failure.
const AGAIN: Duration = Duration::from_secs(10);

/// Goes through all tickets once, unless `stop` is cancelled before.
pub(super) async fn fill(app: &App, stop: &CancellationToken) {
    let (mut below, mut filled) = (i64::MAX, false);
    while !stop.is_cancelled() {
        match app.fill_search(below).await {
            Ok(Some(lowest)) => {
                if !filled {
                    tracing::info!(
                        "search does not know all tickets yet; older ones are found later"
                    );
                }
                (below, filled) = (lowest, true);
            }
            Ok(None) => break,
            Err(error) => {
                tracing::warn!(%error, "search cannot be told of all tickets");
                tokio::select! {
                    () = stop.cancelled() => (),
                    () = time::sleep(AGAIN) => (),
                }
            }
        }
    }
    if filled && !stop.is_cancelled() {
        tracing::info!("search knows all tickets");
    }
}
