//! What the tests stand on.

pub(crate) mod database;
pub(crate) mod logs;
pub(crate) mod server;

use std::time::Duration;

use tokio::time;

/// How long anything may take that a process does by itself.
const SOON: Duration = Duration::from_secs(20);
/// Between two looks at what no process tells of.
const LOOK: Duration = Duration::from_millis(5);

/// Looks until it is so. For what comes about without a signal that a client could wait for; how often it is looked at decides nothing.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let looking = async {
        while !is_so().await {
            time::sleep(LOOK).await;
        }
    };
    let looked = time::timeout(SOON, looking).await;
    assert!(looked.is_ok(), "not in time: {what}");
}
