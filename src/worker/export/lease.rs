//! The lease of a run in a worker's hands: asked before each send, renewed while answers are waited for.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use tokio::time::{self, MissedTickBehavior};

use super::run::{Run, Stop};
use crate::{
    app::{App, lease::HeldUntil},
    db::export,
    domain::ids::ExportId,
    error::Result,
};

impl Run {
    /// Whether the lease still holds by the clock. Asked right before a create is sent, because a worker that was stopped for longer
    /// than its lease must not send what another worker may have sent since.
    pub(super) fn still_holds(&self) -> Result<(), Stop> {
        match self.held_until.is_over(self.app.clock.now()) {
            false => Ok(()),
            true => Err(Stop::Lost),
        }
    }

    /// What renews the lease while the run waits for answers.
    pub(super) fn keeper(&self) -> Keeper {
        Keeper {
            app: Arc::clone(&self.app),
            export: self.claimed.id,
            fence: self.claimed.fence,
            lease: self.lease,
            held_until: self.held_until.clone(),
        }
    }
}

/// Renews a lease.
pub(super) struct Keeper {
    app: Arc<App>,
    export: ExportId,
    fence: i64,
    lease: Duration,
    held_until: HeldUntil,
}

impl Keeper {
    /// Renews the lease for as long as it is held; returns once it is lost, or can no longer be proved to be held. Then whatever is
    /// under way is dropped, so that nothing is sent beside the worker that takes over.
    pub(super) async fn keep(&self) {
        let pause = self.lease / 3;
        let mut ticks = time::interval(pause);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        loop {
            ticks.tick().await;
            match time::timeout(pause, self.renew()).await {
                Ok(Ok(true)) => continue,
                Ok(Ok(false)) => return,
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the lease of an export could not be renewed")
                }
                Err(_) => tracing::warn!("the lease of an export could not be renewed in time"),
            }
            if self.held_until.is_over(self.app.clock.now()) {
                return;
            }
        }
    }

    /// Holds the lease longer. `false`: it is lost.
    pub(super) async fn renew(&self) -> Result<bool> {
        let until = self.app.clock.now() + TimeDelta::from_std(self.lease).unwrap_or_default();
        let (export, fence) = (self.export, self.fence);
        let renewed = self
            .app
            .db
            .write(move |tx| Box::pin(async move { export::renew(tx, export, fence, until).await }))
            .await?;
        if renewed {
            self.held_until.extend(until);
        }
        Ok(renewed)
    }
}
