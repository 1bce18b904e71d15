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
