//! Files: what nobody needs any more is removed, at the start and then now and again.

use std::time::Duration;

use tokio::time;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// How often files that no row tells of are looked for; they are left alone for a day anyway.
const SWEEP: Duration = Duration::from_secs(6 * 3600);

/// Sweeps until `stop` is cancelled. A sweep that is cut short is carried on by the next one.
pub(super) async fn sweep(app: &App, stop: &CancellationToken) {
    let sweeps = async {
        let mut due = time::interval(SWEEP);
        loop {
            due.tick().await;
            if let Err(error) = app.sweep_files().await {
                tracing::warn!(%error, "files that nobody needs could not be swept");
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => (),
        () = sweeps => (),
    }
}
