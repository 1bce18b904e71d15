//! Sweeping: what uploads that never ended, and crashes, have left behind.

use chrono::TimeDelta;
use futures::TryStreamExt as _;

use super::App;
use crate::{
    db::{blob, upload},
    error::Result,
};

/// How much longer than an upload may take a file is left alone, for whoever is at work on it right now.
const GRACE: TimeDelta = TimeDelta::hours(1);

impl App {
    /// Removes uploads that nobody may go on with, and files that no row tells of. Safe to run twice, on any replica, at any time.
    pub async fn sweep_files(&self) -> Result<()> {
        let old = self.clock.now() - upload::KEPT;
        self.db
            .write(move |tx| Box::pin(upload::forget_before(tx, old)))
            .await?;
        let mut removed = self.blobs.sweep_unfinished(old - GRACE).await?;
        let mut batches = self.blobs.contents_before(old);
        while let Some(batch) = batches.try_next().await? {
            let known = blob::known(self.db.read(), &batch).await?;
            let orphans = batch.into_iter().filter(|name| !known.contains(name));
            let orphans: Vec<String> = orphans.collect();
            removed += orphans.len();
            self.blobs.remove_all(&orphans).await?;
        }
        if removed > 0 {
            tracing::info!(files = removed, "files without a row were removed");
        }
        Ok(())
    }
}
