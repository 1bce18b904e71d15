//! A file on its way in: looked at and written piece by piece, then whole under a name for the time being, then published under its
//! content's.

use bytes::{Bytes, BytesMut};
use object_store::{MultipartUpload, ObjectStoreExt as _, path::Path as Name};
use tokio::task::JoinHandle;
use tokio_util::task::AbortOnDropHandle;

use super::{Blobs, local::LocalUpload, told};
use crate::{
    domain::attachment::{Facts, Inspector, Sha256Text},
    error::{Error, Result},
};

/// A file that is being written. Dropped, nothing of it stays.
#[derive(Debug)]
pub struct Incoming {
    blobs: Blobs,
    name: Name,
    /// Begun with the first piece: a file that is smaller than that is written at once.
    upload: Option<Box<dyn MultipartUpload>>,
    waiting: BytesMut,
    /// None while it looks at a piece.
    inspector: Option<Inspector>,
    writing: Option<Writing>,
    size: u64,
}

/// A piece that is being looked at and written while the next one comes in.
#[derive(Debug)]
struct Writing {
    look: JoinHandle<Inspector>,
    write: AbortOnDropHandle<object_store::Result<()>>,
    piece: Bytes,
}

/// A file that is whole and safe: under a name for the time being, or under its lasting one.
#[derive(Debug)]
pub struct Staged {
    blobs: Blobs,
    name: Name,
    published: bool,
}

impl Incoming {
    pub(super) fn new(blobs: Blobs, name: Name) -> Self {
        Self {
            blobs,
            name,
            upload: None,
            waiting: BytesMut::new(),
            inspector: Some(Inspector::default()),
            writing: None,
            size: 0,
        }
    }

    /// How many bytes have come.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds bytes; returns once less than one piece of them waits in memory, beside one that is being written.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        let piece = self.blobs.write;
        self.size += bytes.len() as u64;
        while self.waiting.len() + bytes.len() >= piece {
            let (now, later) = bytes.split_at(piece - self.waiting.len());
            self.keep(now);
            self.put().await?;
            bytes = later;
        }
        self.keep(bytes);
        Ok(())
    }

    /// Writes the rest, and makes all of it safe; with what was seen of the whole.
    pub async fn finish(mut self) -> Result<(Staged, Facts)> {
        if self.upload.is_some() && !self.waiting.is_empty() {
            self.put().await?;
        }
        self.written().await?;
        let mut inspector = self.inspector()?;
        match &mut self.upload {
            Some(upload) => drop(upload.complete().await.map_err(told)?),
            None => {
                let whole = std::mem::take(&mut self.waiting).freeze();
                inspector.look_at(&whole);
                let put = self.blobs.store.put(&self.name, whole.into()).await;
                put.map_err(told)?;
            }
        }
        // Complete, so that there is nothing left to be given up.
        self.upload = None;
        let staged = Staged {
            blobs: self.blobs.clone(),
            name: self.name.clone(),
            published: false,
        };
        Ok((staged, inspector.finish()))
    }

    /// Keeps bytes waiting, in room for one piece and no more.
    fn keep(&mut self, bytes: &[u8]) {
        let wanted = self.waiting.len() + bytes.len();
        if self.waiting.capacity() < wanted {
            // Not reserved: that would double the room, also beyond a piece.
            let room = wanted.next_power_of_two().min(self.blobs.write);
            let waiting = std::mem::replace(&mut self.waiting, BytesMut::with_capacity(room));
            self.waiting.extend_from_slice(&waiting);
        }
        self.waiting.extend_from_slice(bytes);
    }

    /// Writes what waits as the next piece: in a folder while the one after it comes in, and at once into a bucket, whose pieces are too
    /// large for two of them to be kept in memory.
    async fn put(&mut self) -> Result<()> {
        let piece = std::mem::take(&mut self.waiting).freeze();
        self.written().await?;
        let upload = match &mut self.upload {
            Some(upload) => upload,
            None => {
                let begun = self.blobs.begin_upload(&self.name).await;
                self.upload.insert(begun.map_err(told)?)
            }
        };
        let write = tokio::spawn(upload.put_part(piece.clone().into()));
        let (mut inspector, seen) = (self.inspector()?, piece.clone());
        let look = tokio::task::spawn_blocking(move || {
            inspector.look_at(&seen);
            inspector
        });
        self.writing = Some(Writing {
            look,
            write: AbortOnDropHandle::new(write),
            piece,
        });
        match self.blobs.folder {
            Some(_) => Ok(()),
            None => self.written().await,
        }
    }

    /// After a failure there is none, and nothing more of the file is taken.
    fn inspector(&mut self) -> Result<Inspector> {
        let given_up = || Error::internal("a file on its way in was given up");
        self.inspector.take().ok_or_else(given_up)
    }

    /// Waits until the piece that is being written is; its room is used again.
    async fn written(&mut self) -> Result<()> {
        let Some(Writing { look, write, piece }) = self.writing.take() else {
            return Ok(());
        };
        write.await.map_err(Error::internal)?.map_err(told)?;
        self.inspector = Some(look.await.map_err(Error::internal)?);
        if let Ok(mut room) = piece.try_into_mut() {
            room.clear();
            self.waiting = room;
        }
        Ok(())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        let Some(mut upload) = self.upload.take() else {
            return;
        };
        // A folder forgets the file when the upload is dropped; a bucket has to be told, and forgets by its own rules otherwise.
        if let (None, Ok(runtime)) = (&self.blobs.folder, tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                if let Err(error) = upload.abort().await {
                    tracing::warn!(%error, "an upload that was given up stays in the bucket for now");
                }
            });
        }
    }
}

impl Staged {
    /// Gives the file its lasting name, by its content; durable once this returns. Doing it again changes nothing.
    pub async fn publish(&mut self, content: &Sha256Text) -> Result<()> {
        if !self.published {
            let name = Blobs::name_of(content);
            self.blobs.move_to(&self.name, &name).await?;
            self.name = name;
            self.published = true;
        }
        Ok(())
    }

    /// The lasting name, once it has it.
    pub fn object(&self) -> Option<&str> {
        self.published.then(|| self.name.as_ref())
    }

    /// Removes the file, which nobody needs. Where that fails the sweep does it later.
    pub async fn discard(self) {
        self.blobs.discard(self.name.as_ref()).await;
    }
}

impl Blobs {
    async fn begin_upload(&self, name: &Name) -> object_store::Result<Box<dyn MultipartUpload>> {
        match &self.folder {
            Some(folder) => {
                let object = folder.join(name.as_ref());
                Ok(Box::new(LocalUpload::begin(object).await?))
            }
            None => self.store.put_multipart(name).await,
        }
    }

    /// Gives an object another name. A bucket copies it; should the first one not go then, the sweep takes it later.
    async fn move_to(&self, from: &Name, to: &Name) -> Result<()> {
        if self.folder.is_some() {
            return self.store.rename(from, to).await.map_err(told);
        }
        self.store.copy(from, to).await.map_err(told)?;
        self.discard(from.as_ref()).await;
        Ok(())
    }

    /// Removes an object that nobody needs. Where that fails the sweep does it later.
    pub async fn discard(&self, object: &str) {
        if let Err(error) = self.remove(object).await {
            tracing::warn!(%error, object, "an object that nobody needs stays until the next sweep");
        }
    }
}
