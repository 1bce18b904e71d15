//! A clock for tests of what waits.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{TimeDelta, Utc};
use docket::{app::clock::Clock, domain::time::Time};
use futures::future::BoxFuture;
use tokio::sync::watch;

/// A clock on which waiting takes no time: it moves on by as much as was waited for. Remembers each wait.
pub(crate) struct SteppingClock {
    now: Mutex<Time>,
    waits: Mutex<Vec<Duration>>,
    held: watch::Sender<bool>,
}

impl SteppingClock {
    pub(crate) fn new() -> Arc<Self> {
        let now = Mutex::new(docket::domain::time::cut(Utc::now()));
        Arc::new(Self {
            now,
            waits: Mutex::default(),
            held: watch::Sender::new(false),
        })
    }

    /// From now on whoever waits does so until [`SteppingClock::release`].
    pub(crate) fn hold(&self) {
        self.held.send_replace(true);
    }

    pub(crate) fn release(&self) {
        self.held.send_replace(false);
    }

    /// Every wait so far.
    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.waits.lock().unwrap().clone()
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.now.lock().unwrap() += TimeDelta::from_std(by).unwrap();
    }
}

impl Clock for SteppingClock {
    fn now(&self) -> Time {
        *self.now.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.waits.lock().unwrap().push(duration);
        let mut held = self.held.subscribe();
        Box::pin(async move {
            held.wait_for(|held| !held).await.unwrap();
            self.advance(duration);
            tokio::task::yield_now().await;
        })
    }
}
