//! The lease of an attempt: asked before it sends, renewed while it waits.

use std::{sync::Arc, time::Duration};

use tokio::time::{self, MissedTickBehavior};

use crate::{
    app::{App, lease::HeldUntil},
    db::dispatch,
    domain::ids::DispatchId,
    error::Result,
};

/// Renews the lease of an attempt.
pub(super) struct Keeper {
    pub(super) app: Arc<App>,
    pub(super) id: DispatchId,
    pub(super) held: HeldUntil,
}

impl Keeper {
    /// Renews the lease for as long as it is held; returns once it is lost, or can no longer be proved to be held.
    pub(super) async fn keep(&self) {
        let pause: Duration = self.app.dispatches.settings.lease / 3;
        let mut ticks = time::interval(pause);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        loop {
            ticks.tick().await;
            match time::timeout(pause, self.renew()).await {
                Ok(Ok(true)) => continue,
                Ok(Ok(false)) => return,
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the lease of a dispatch could not be renewed")
                }
                Err(_) => tracing::warn!("the lease of a dispatch could not be renewed in time"),
            }
            if self.held.is_over(self.app.clock.now()) {
                return;
            }
        }
    }

    /// Holds the lease longer. `false`: the attempt is over.
    pub(super) async fn renew(&self) -> Result<bool> {
        let until = self.app.lease_from(self.app.clock.now());
        let id = self.id;
        let renewed = self
            .app
            .db
            .write(move |tx| Box::pin(async move { dispatch::renew(tx, id, until).await }))
            .await?;
        if renewed {
            self.held.extend(until);
        }
        Ok(renewed)
    }
}
