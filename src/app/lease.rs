//! Until when a worker may act: shared by the work and by what renews the lease.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::{StreamExt as _, future::BoxFuture, stream};
use tokio::time::{self, MissedTickBehavior};

use super::{clock::Clock, step::step};
use crate::{
    blobs::Pieces,
    domain::time::Time,
    error::{Error, Result},
};

/// The most bytes that are sent without a look at the lease.
const PIECE: usize = 64 * 1024;

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

    /// The bytes of a file, for as long as the lease holds. A worker that is stopped in the middle of a file, and goes on once another one
    /// has sent it, breaks the request off before the other side has the whole of it. `place` is passed before each piece.
    pub(crate) fn fenced(
        &self,
        clock: &Arc<dyn Clock>,
        bytes: Pieces,
        place: &'static str,
    ) -> Pieces {
        let (held, clock) = (self.clone(), Arc::clone(clock));
        let pieces = bytes.flat_map(|piece| stream::iter(cut(piece)));
        let fenced = pieces.map(move |piece| {
            step(place);
            match held.is_over(clock.now()) {
                true => Err(Error::Fenced),
                false => piece,
            }
        });
        fenced.boxed()
    }
}

/// A piece in small ones.
fn cut(piece: Result<Bytes>) -> Vec<Result<Bytes>> {
    let mut rest = match piece {
        Ok(bytes) => bytes,
        Err(error) => return vec![Err(error)],
    };
    let mut pieces = Vec::new();
    while rest.len() > PIECE {
        pieces.push(Ok(rest.split_to(PIECE)));
    }
    pieces.push(Ok(rest));
    pieces
}

/// Has a lease of this length renewed for as long as it is held; returns once it is lost (`renew` answers `false`), or can no longer be
/// proved to be held. Then whatever is under way is to be dropped, so that nothing is sent beside the worker that takes over.
pub(crate) async fn keep<'a>(
    clock: &dyn Clock,
    lease: Duration,
    held: &HeldUntil,
    renew: impl Fn() -> BoxFuture<'a, Result<bool>>,
) {
    let pause = lease / 3;
    let mut ticks = time::interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        match time::timeout(pause, renew()).await {
            Ok(Ok(true)) => continue,
            Ok(Ok(false)) => return,
            Ok(Err(error)) => tracing::warn!(%error, "a lease could not be renewed"),
            Err(_) => tracing::warn!("a lease could not be renewed in time"),
        }
        if held.is_over(clock.now()) {
            return;
        }
    }
}
