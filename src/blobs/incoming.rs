//! A file on its way in: written piece by piece, then whole under a name for the time being, then published under its content's.

use bytes::Bytes;
use object_store::{MultipartUpload, ObjectStoreExt as _, path::Path as Name};

use super::{Blobs, told};
use crate::{domain::attachment::Sha256Text, error::Result};

/// A file that is being written. Dropped, nothing of it stays.
#[derive(Debug)]
pub struct Incoming {
    blobs: Blobs,
    name: Name,
    /// Begun with the first piece: a file that is smaller than that is written at once.
    upload: Option<Box<dyn MultipartUpload>>,
    waiting: Vec<u8>,
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
            waiting: Vec::new(),
        }
    }

    /// Adds bytes; returns once less than one piece of them waits in memory.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        let piece = self.blobs.write;
        while self.waiting.len() + bytes.len() >= piece {
            let (now, later) = bytes.split_at(piece - self.waiting.len());
            self.keep(now);
            self.put().await?;
            bytes = later;
        }
        self.keep(bytes);
        Ok(())
    }

    /// Writes the rest, and makes all of it safe.
    pub async fn finish(mut self) -> Result<Staged> {
        if self.upload.is_some() && !self.waiting.is_empty() {
            self.put().await?;
        }
        match &mut self.upload {
            Some(upload) => drop(upload.complete().await.map_err(told)?),
            None => {
                let whole = Bytes::from(std::mem::take(&mut self.waiting));
                let put = self.blobs.store.put(&self.name, whole.into()).await;
                put.map_err(told)?;
            }
        }
        // Complete, so that there is nothing left to be given up.
        self.upload = None;
        Ok(Staged {
            blobs: self.blobs.clone(),
            name: self.name.clone(),
            published: false,
        })
    }

    /// Keeps bytes waiting, in room for one piece and no more.
    fn keep(&mut self, bytes: &[u8]) {
        let wanted = self.waiting.len() + bytes.len();
        if self.waiting.capacity() < wanted {
            let room = wanted.next_power_of_two().min(self.blobs.write);
            self.waiting.reserve_exact(room - self.waiting.len());
        }
        self.waiting.extend_from_slice(bytes);
    }

    /// Writes what waits as the next piece.
    async fn put(&mut self) -> Result<()> {
        let piece = Bytes::from(std::mem::take(&mut self.waiting));
        let upload = match &mut self.upload {
            Some(upload) => upload,
            None => {
                let begun = self.blobs.store.put_multipart(&self.name).await;
                self.upload.insert(begun.map_err(told)?)
            }
        };
        upload.put_part(piece.into()).await.map_err(told)
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
