//! A file of a folder on its way in: its first bytes go to the disk while later ones come, so that little is left to be waited for at the
//! end.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use futures::FutureExt as _;
use object_store::{MultipartUpload, PutPayload, PutResult, Result, UploadPart};
use tempfile::TempPath;
use tokio::{
    runtime::Handle,
    task::{JoinError, JoinHandle},
};

/// After how many bytes those that are written are sent to the disk.
const STRIDE: u64 = 4 * 1024 * 1024;

/// What is told where the store is told of.
const STORE: &str = "folder";

/// A file under a name for the time being. It becomes an object with [`MultipartUpload::complete`], whole, and with its bytes on the disk;
/// dropped before that, nothing of it stays.
#[derive(Debug)]
pub(super) struct LocalUpload {
    file: Arc<File>,
    /// Removed when it is dropped.
    path: Option<TempPath>,
    object: PathBuf,
    /// How many bytes were given to it.
    given: u64,
    /// How many of them are on the disk, or on their way there.
    synced: u64,
    syncing: Option<JoinHandle<io::Result<()>>>,
    /// The system tells of a failure to write once, and to whoever syncs first.
    failed: Option<io::Error>,
}

impl LocalUpload {
    /// Begins a file that is to lie at `object`, whose folder is made where it is missing.
    pub(super) async fn begin(object: PathBuf) -> Result<Self> {
        let made = blocking(move || {
            let folder = folder_of(&object)?;
            let name = object.file_name().unwrap_or_default().to_string_lossy();
            let prefix = format!("{name}#");
            let make = || tempfile::Builder::new().prefix(&prefix).tempfile_in(folder);
            let file = match make() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    std::fs::create_dir_all(folder)?;
                    File::open(folder_of(folder)?)?.sync_all()?;
                    make()?
                }
                made => made?,
            };
            Ok((file.into_parts(), object))
        });
        let ((file, path), object) = made.await?;
        Ok(Self {
            file: Arc::new(file),
            path: Some(path),
            object,
            given: 0,
            synced: 0,
            syncing: None,
            failed: None,
        })
    }

    /// Sends what is written to the disk, unless that is being done; nobody waits for it.
    fn sync_early(&mut self) {
        if let Some(syncing) = &mut self.syncing {
            let Some(ended) = syncing.now_or_never() else {
                return;
            };
            self.syncing = None;
            self.failed = self.failed.take().or_else(|| flat(ended).err());
        }
        if self.given - self.synced >= STRIDE {
            let file = Arc::clone(&self.file);
            self.synced = self.given;
            self.syncing = Some(tokio::task::spawn_blocking(move || file.sync_data()));
        }
    }
}

#[async_trait::async_trait]
impl MultipartUpload for LocalUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.sync_early();
        let (file, mut at) = (Arc::clone(&self.file), self.given);
        self.given += data.content_length() as u64;
        let write = move || {
            for bytes in &data {
                file.write_all_at(bytes, at)?;
                at += bytes.len() as u64;
            }
            Ok(())
        };
        blocking(write).boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        if let Some(syncing) = self.syncing.take() {
            self.failed = self.failed.take().or(flat(syncing.await).err());
        }
        if let Some(failed) = self.failed.take() {
            return Err(told(failed));
        }
        let Some(path) = self.path.take() else {
            return Err(told(io::Error::other("the file is complete already")));
        };
        let (file, object) = (Arc::clone(&self.file), self.object.clone());
        let complete = move || {
            file.sync_all()?;
            // Its lasting name is made to last: should this one be lost, its bytes lie where the sweep finds them.
            path.persist(&object).map_err(|error| error.error)
        };
        blocking(complete).await?;
        Ok(PutResult {
            e_tag: None,
            version: None,
            extensions: Default::default(),
        })
    }

    async fn abort(&mut self) -> Result<()> {
        let Some(path) = self.path.take() else {
            return Ok(());
        };
        blocking(move || path.close()).await
    }
}

impl Drop for LocalUpload {
    fn drop(&mut self) {
        // To remove a large file takes a while.
        if let (Some(path), Ok(runtime)) = (self.path.take(), Handle::try_current()) {
            runtime.spawn_blocking(move || drop(path));
        }
    }
}

fn folder_of(path: &Path) -> io::Result<&Path> {
    let none = || io::Error::other("a path without a folder");
    path.parent().ok_or_else(none)
}

/// Does what blocks, where that holds up nobody.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T> {
    flat(tokio::task::spawn_blocking(work).await).map_err(told)
}

fn flat<T>(ended: std::result::Result<io::Result<T>, JoinError>) -> io::Result<T> {
    ended.map_err(io::Error::other)?
}

fn told(error: io::Error) -> object_store::Error {
    object_store::Error::Generic {
        store: STORE,
        source: Box::new(error),
    }
}
