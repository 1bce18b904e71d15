//! The lease of an attempt: asked before it sends, renewed while it waits.

use std::sync::Arc;

use crate::{
    app::{
        App,
        lease::{self, HeldUntil},
    },
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
    /// Renews the lease for as long as it is held; returns once it is lost.
    pub(super) async fn keep(&self) {
        let (app, lease) = (&self.app, self.app.dispatches.settings.lease);
        lease::keep(&*app.clock, lease, &self.held, || Box::pin(self.renew())).await;
    }

    /// Holds the lease longer. `false`: the attempt is over.
    pub(super) async fn renew(&self) -> Result<bool> {
        let (app, id) = (Arc::clone(&self.app), self.id);
        let renewed = self.app.db.write(move |tx| {
            // From each try anew: one that is late does not shorten it.
            let until = app.lease_from(app.clock.now());
            Box::pin(async move { Ok(dispatch::renew(tx, id, until).await?.then_some(until)) })
        });
        let until = renewed.await?;
        if let Some(until) = until {
            self.held.extend(until);
        }
        Ok(until.is_some())
    }
}
