//! Until when a worker may act: shared by the work and by what renews the lease.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use crate::domain::time::Time;

/// Until when a lease is known to be held, in microseconds since 1970.
#[derive(Clone, Debug)]
pub(crate) struct HeldUntil(Arc<AtomicI64>);

impl HeldUntil {
    pub(crate) fn new(until: Option<Time>) -> Self {
        let held = Self(Arc::new(AtomicI64::new(0)));
        held.set(until);
        held
    }

    /// As it was written.
    pub(crate) fn set(&self, until: Option<Time>) {
        let until = until.map_or(0, |until| until.timestamp_micros());
        self.0.store(until, Ordering::Release);
    }

    pub(crate) fn extend(&self, until: Time) {
        self.0.fetch_max(until.timestamp_micros(), Ordering::AcqRel);
    }

    pub(crate) fn is_over(&self, now: Time) -> bool {
        now.timestamp_micros() >= self.0.load(Ordering::Acquire)
    }
}
