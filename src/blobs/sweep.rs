//! What has been lying about for too long: objects that a crash left without a row.

use std::{fs, io, path::Path, time::SystemTime};

use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use object_store::{ObjectMeta, path::Path as Name};

use super::{Blobs, CONTENTS, INCOMING, PARTS, told};
use crate::{
    domain::time::Time,
    error::{Error, Result},
};

/// How many objects are looked at together.
const BATCH: usize = 500;

impl Blobs {
    /// Removes what was on its way in before `time`: by then every upload that it belonged to has ended.
    pub async fn sweep_unfinished(&self, time: Time) -> Result<usize> {
        let mut removed = self.sweep_temporary(time).await?;
        for folder in [INCOMING, PARTS] {
            let mut batches = self.older(folder, time);
            while let Some(batch) = batches.try_next().await? {
                removed += batch.len();
                self.remove_all(&batch).await?;
            }
        }
        Ok(removed)
    }

    /// The contents that were written before `time`, in batches.
    pub fn contents_before(&self, time: Time) -> BoxStream<'_, Result<Vec<String>>> {
        self.older(CONTENTS, time)
    }

    /// Removes objects.
    pub async fn remove_all(&self, objects: &[String]) -> Result<()> {
        for object in objects {
            self.remove(object).await?;
        }
        Ok(())
    }

    fn older(&self, folder: &str, time: Time) -> BoxStream<'_, Result<Vec<String>>> {
        let old = move |meta: &ObjectMeta| futures::future::ready(meta.last_modified < time);
        let listed = self.store.list(Some(&Name::from(folder)));
        let names = listed
            .try_filter(old)
            .map_ok(|meta| String::from(meta.location));
        names
            .try_chunks(BATCH)
            .map_err(|error| told(error.1))
            .boxed()
    }

    /// Files that a killed process was writing; the store itself does not list them.
    async fn sweep_temporary(&self, time: Time) -> Result<usize> {
        let Some(root) = self.folder.clone() else {
            return Ok(0);
        };
        let sweep = move || {
            let mut removed = 0;
            for folder in [INCOMING, PARTS] {
                removed += sweep_folder(&root.join(folder), time.into())?;
            }
            Ok::<_, io::Error>(removed)
        };
        let swept = tokio::task::spawn_blocking(sweep).await;
        swept.map_err(Error::internal)?.map_err(Error::internal)
    }
}

fn sweep_folder(folder: &Path, time: SystemTime) -> io::Result<usize> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let mut removed = 0;
    for entry in entries {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().contains('#') {
            continue;
        }
        match remove_older(&entry, time) {
            Ok(true) => removed += 1,
            Ok(false) => (),
            // Another process sweeps, too, or the file has become whole meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => (),
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}

fn remove_older(entry: &fs::DirEntry, time: SystemTime) -> io::Result<bool> {
    let old = entry.metadata()?.modified()? < time;
    if old {
        fs::remove_file(entry.path())?;
    }
    Ok(old)
}
