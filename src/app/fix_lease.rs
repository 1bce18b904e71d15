//! Who applies the fixes of an export: one call at a time, on however many replicas, so that no value is sent twice at once.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;

use super::{
    App,
    clock::Clock,
    lease::{self, HeldUntil},
};
use crate::{
    blobs::Pieces,
    db::{Db, export, export_lease},
    domain::{
        ids::{ExportId, FixId},
        time::Time,
    },
    error::{Error, Result},
};

/// For how long a call has the export to itself without saying so again: longer than it looks for a file.
const LEASE: Duration = Duration::from_secs(60);

/// The lease of an export that has ended, for the call that applies its fixes.
pub(super) struct FixLease {
    db: Db,
    clock: Arc<dyn Clock>,
    export: ExportId,
    owner: String,
    held: HeldUntil,
    given_back: bool,
}

impl FixLease {
    /// [`Error::Fenced`]: another call has it, or the export is not as it was read.
    pub(super) async fn take(app: &App, read: &export::Model) -> Result<Self> {
        let now = app.clock.now();
        let until = from(now);
        let name = format!("fixes {}", FixId::at(now));
        let (id, fence, owner) = (read.id, read.fence, name.clone());
        let written = app.db.write(move |tx| {
            let owner = owner.clone();
            Box::pin(
                async move { export_lease::take_ended(tx, id, fence, &owner, (now, until)).await },
            )
        });
        written.await?;
        Ok(Self {
            db: app.db.clone(),
            clock: Arc::clone(&app.clock),
            export: id,
            owner: name,
            held: HeldUntil::new(Some(until)),
            given_back: false,
        })
    }

    /// The export and the name by which the lease is known.
    pub(super) fn key(&self) -> (ExportId, String) {
        (self.export, self.owner.clone())
    }

    /// Whether nobody else can have the export by now.
    pub(super) fn is_held(&self) -> bool {
        !self.held.is_over(self.clock.now())
    }

    /// The bytes of a file, for as long as the lease holds.
    pub(super) fn fenced(&self, bytes: Pieces) -> Pieces {
        self.held.fenced(&self.clock, bytes, "fix.file_piece")
    }

    /// Holds the lease for as long as nobody takes the export over; returns once somebody has.
    pub(super) async fn keep(&self) {
        lease::keep(&*self.clock, LEASE, &self.held, || Box::pin(self.renew())).await;
    }

    async fn renew(&self) -> Result<bool> {
        let (id, owner) = self.key();
        let clock = Arc::clone(&self.clock);
        let written = self.db.write(move |tx| {
            // From each try anew: one that is late does not shorten it.
            let (owner, until) = (owner.clone(), from(clock.now()));
            Box::pin(async move {
                export_lease::hold_ended(tx, id, &owner, until).await?;
                Ok(until)
            })
        });
        match written.await {
            Ok(until) => {
                self.held.extend(until);
                Ok(true)
            }
            Err(Error::Fenced) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Lets the next call have the export.
    pub(super) async fn give_back(mut self) {
        self.given_back = true;
        let (id, owner) = self.key();
        give_back(self.db.clone(), id, owner).await;
    }
}

impl Drop for FixLease {
    /// A caller that goes away in the middle does not keep the next one waiting.
    fn drop(&mut self) {
        if !self.given_back {
            let (id, owner) = self.key();
            tokio::spawn(give_back(self.db.clone(), id, owner));
        }
    }
}

/// A lease that cannot be given back is over after a while by itself.
async fn give_back(db: Db, id: ExportId, owner: String) {
    let written = db.write(move |tx| {
        let owner = owner.clone();
        Box::pin(async move { export_lease::release_ended(tx, id, &owner).await })
    });
    if let Err(error) = written.await {
        tracing::warn!(%error, "the lease of an export's fixes could not be given back");
    }
}

/// Until when a lease lasts that is held from now on.
pub(super) fn from(now: Time) -> Time {
    now + TimeDelta::from_std(LEASE).unwrap_or_default()
}
