//! The lease of a run in a worker's hands: asked before each send, renewed while answers are waited for.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;

use super::run::{Run, Stop};
use crate::{
    app::{
        App,
        lease::{self, HeldUntil},
    },
    db::export_lease,
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
    /// Renews the lease for as long as it is held; returns once it is lost.
    pub(super) async fn keep(&self) {
        let clock = &*self.app.clock;
        lease::keep(clock, self.lease, &self.held_until, || {
            Box::pin(self.renew())
        })
        .await;
    }

    /// Holds the lease longer. `false`: it is lost.
    pub(super) async fn renew(&self) -> Result<bool> {
        let lease = TimeDelta::from_std(self.lease).unwrap_or_default();
        let (clock, export, fence) = (Arc::clone(&self.app.clock), self.export, self.fence);
        let renewed = self.app.db.write(move |tx| {
            // From each try anew: one that is late does not shorten it.
            let until = clock.now() + lease;
            Box::pin(async move {
                let renewed = export_lease::renew(tx, export, fence, until).await?;
                Ok(renewed.then_some(until))
            })
        });
        let until = renewed.await?;
        if let Some(until) = until {
            self.held_until.extend(until);
        }
        Ok(until.is_some())
    }
}
