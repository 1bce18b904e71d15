//! Wake-ups: they say "look at the database again" and carry no data. In one process channels, between replicas PostgreSQL's NOTIFY.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::StreamExt as _;
use tokio::sync::{Notify, watch};

use super::clock::Clock;
use crate::{db::Db, domain::ids::SessionId};

/// The channel that replicas on one PostgreSQL wake each other on; the payload is a session's id.
pub const EXPORT_CHANNEL: &str = "docket_export";

/// Sessions that nobody watches any more are forgotten once there are this many.
const SWEEP_AT: usize = 1024;
/// How long to wait before listening is tried again.
const LISTEN_AGAIN: Duration = Duration::from_secs(2);

/// The wake-ups of one process.
#[derive(Debug, Default)]
pub struct Wake {
    sessions: Mutex<HashMap<SessionId, watch::Sender<()>>>,
    work: Notify,
    scans: Notify,
}

impl Wake {
    /// Marks each change of the session's export from now on. Subscribe first, then read, and nothing is missed.
    pub fn subscribe(&self, session: SessionId) -> watch::Receiver<()> {
        let mut sessions = self.sessions();
        if sessions.len() >= SWEEP_AT {
            sessions.retain(|_, sender| sender.receiver_count() > 0);
        }
        sessions
            .entry(session)
            .or_insert_with(|| watch::channel(()).0)
            .subscribe()
    }

    /// Something about the session's export changed.
    pub fn changed(&self, session: SessionId) {
        let mut sessions = self.sessions();
        let watched = sessions
            .get(&session)
            .is_some_and(|sender| sender.send(()).is_ok());
        if !watched {
            sessions.remove(&session);
        }
    }

    /// Wake-ups may have been lost: everybody looks.
    pub fn all(&self) {
        self.sessions().retain(|_, sender| sender.send(()).is_ok());
        self.work();
    }

    /// There may be a run to take up.
    pub fn work(&self) {
        self.work.notify_one();
    }

    /// Returns when there may be a run to take up.
    pub async fn wait_for_work(&self) {
        self.work.notified().await;
    }

    /// There may be a file to be scanned.
    pub fn scan(&self) {
        self.scans.notify_one();
    }

    /// Returns when there may be a file to be scanned.
    pub async fn wait_for_scans(&self) {
        self.scans.notified().await;
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<SessionId, watch::Sender<()>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Passes on what other replicas say, for ever. Watchers and workers also look by themselves, so a gap here delays and loses nothing.
pub(super) async fn relay(db: &Db, wake: &Wake, clock: &dyn Clock) {
    loop {
        match db.listen(EXPORT_CHANNEL).await {
            Ok(wakes) => {
                let mut wakes = std::pin::pin!(wakes);
                while let Some(payload) = wakes.next().await {
                    match payload.and_then(|text| text.parse().ok()) {
                        Some(session) => {
                            wake.changed(session);
                            wake.work();
                        }
                        None => wake.all(),
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "cannot listen for wake-ups of other replicas"),
        }
        clock.sleep(LISTEN_AGAIN).await;
    }
}
