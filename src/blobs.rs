//! The bytes of attachments: each content an object of its own, in a local folder or a bucket, named by its SHA-256.
//!
//! | folder | what lies there |
//! | --- | --- |
//! | `incoming/` | files on their way in |
//! | `parts/` | the parts of uploads in unary calls |
//! | `sha256/ab/` | contents, `<64 digits>.<a name of its own>`: no object's name is ever used twice |
//!
//! An object appears under its name whole or not at all, and is safe before its writer is told so: in a folder a temporary file is
//! written, synced and renamed, and the folder synced; a bucket does as much by itself, and copies where a folder renames. The rows in the database are written after
//! that, so that there is never a row without bytes. What has no row is swept after a day.

mod bucket;
mod errors;
mod incoming;
mod local;
mod sweep;

use std::{fs::DirBuilder, ops::Range, os::unix::fs::DirBuilderExt as _, path::Path, sync::Arc};

use bytes::Bytes;
use futures::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};
use object_store::{
    GetOptions, GetRange, GetResultPayload, ObjectStore, ObjectStoreExt as _,
    local::LocalFileSystem, path::Path as Name,
};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, SeekFrom};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

pub use incoming::{Incoming, Staged};

use crate::{
    domain::attachment::Sha256Text,
    error::{Error, Result},
};
use errors::told;

const INCOMING: &str = "incoming";
const PARTS: &str = "parts";
const CONTENTS: &str = "sha256";

/// How much is read from a folder at once, and so the size of the pieces that a reader gets.
const READ: usize = 256 * 1024;
/// How much is written to a folder at once.
const WRITE_LOCAL: usize = 512 * 1024;

/// Where the bytes lie. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    /// The folder, where it is one.
    folder: Option<Arc<Path>>,
    /// How much is written at once; a bucket sets a least size.
    write: usize,
}

/// The bytes of an object in pieces, in their order.
pub type Pieces = BoxStream<'static, Result<Bytes>>;

impl Blobs {
    /// A folder of this machine, made for its owner alone where it is missing.
    pub fn in_folder(folder: &Path) -> Result<Self> {
        let unusable = |problem: &dyn std::fmt::Display| {
            Error::internal(format!("UPLOAD_DIR {}: {problem}", folder.display()))
        };
        let mut builder = DirBuilder::new();
        let made = builder.recursive(true).mode(0o700).create(folder);
        made.map_err(|error| unusable(&error))?;
        tempfile::tempfile_in(folder).map_err(|error| unusable(&error))?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(|error| unusable(&error))?;
        Ok(Self {
            store: Arc::new(store.with_fsync(true)),
            folder: Some(folder.into()),
            write: WRITE_LOCAL,
        })
    }

    /// Begins to take in a file. Nothing of it stays unless it is [published](Staged::publish).
    pub fn begin(&self) -> Incoming {
        let name = Name::from_iter([INCOMING, &Uuid::now_v7().to_string()]);
        Incoming::new(self.clone(), name)
    }

    /// Keeps a part of an upload, and gives the name that it lies under.
    pub async fn keep_part(&self, bytes: Bytes) -> Result<String> {
        let name = Name::from_iter([PARTS, &Uuid::now_v7().to_string()]);
        let kept = self.store.put(&name, bytes.into()).await;
        kept.map_err(told)?;
        Ok(name.into())
    }

    /// Bytes of an object, from the range's start to its end. `None`: there is no such object. One that has become shorter ends with an
    /// error: its bytes are not what was taken in.
    pub async fn read(&self, object: &str, range: Range<u64>) -> Result<Option<Pieces>> {
        if range.is_empty() {
            return Ok(Some(stream::empty().boxed()));
        }
        let wanted = range.end - range.start;
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            ..GetOptions::default()
        };
        let found = match self.store.get_opts(&Name::from(object), options).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(told(error)),
        };
        let Range { start, end } = found.range;
        Ok(Some(whole(
            object,
            wanted,
            match found.payload {
                GetResultPayload::Stream(stream) => stream.map_err(told).boxed(),
                GetResultPayload::File(file, _) => {
                    let mut file = tokio::fs::File::from_std(file);
                    let sought = file.seek(SeekFrom::Start(start)).await;
                    sought.map_err(Error::internal)?;
                    let pieces = ReaderStream::with_capacity(file.take(end - start), READ);
                    pieces.map_err(Error::internal).boxed()
                }
            },
        )))
    }

    /// Removes an object. One that is gone already is no fault.
    pub async fn remove(&self, object: &str) -> Result<()> {
        match self.store.delete(&Name::from(object)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(told(error)),
        }
    }

    /// A new name for this content.
    fn name_of(content: &Sha256Text) -> Name {
        let digits = content.as_str();
        let file = format!("{digits}.{}", Uuid::now_v7().simple());
        Name::from_iter([CONTENTS, &digits[..2], &file])
    }
}

/// The pieces, and an error behind them where they are not as many bytes as wanted.
fn whole(object: &str, wanted: u64, pieces: Pieces) -> Pieces {
    let object = object.to_owned();
    let counted = stream::unfold((pieces.fuse(), 0), move |(mut pieces, count)| {
        let object = object.clone();
        async move {
            let piece = match pieces.next().await {
                Some(piece) => piece,
                None if count < wanted => Err(Error::internal(format!(
                    "{object}: has become shorter: {count} of {wanted} bytes are there"
                ))),
                None => return None,
            };
            let count = piece
                .as_ref()
                .map_or(wanted, |bytes| count + bytes.len() as u64);
            Some((piece, (pieces, count)))
        }
    });
    counted.boxed()
}
