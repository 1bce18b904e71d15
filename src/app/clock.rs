//! Time as the stories see it: what hour it is, and how to wait. Injected, so that tests are exact and do not wait.

use std::time::Duration;

use futures::future::BoxFuture;

use crate::domain::time::{Time, cut};

/// Tells the time and waits.
pub trait Clock: Send + Sync + 'static {
    /// The present instant, cut to microseconds.
    fn now(&self) -> Time;
    /// Returns once `duration` has passed.
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Time {
        cut(chrono::Utc::now())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}
