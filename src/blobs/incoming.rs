//! A file on its way in: written piece by piece, then whole under a name for the time being, then published under its content's.

use bytes::{Bytes, BytesMut};
use object_store::{MultipartUpload, ObjectStoreExt as _, path::Path as Name};

use super::{Blobs, told};
use crate::{domain::attachment::Sha256Text, error::Result};

/// A file that is being written. Dropped, nothing of it stays.
#[derive(Debug)]
pub struct Incoming {
    blobs: Blobs,
    name: Name,
    upload: Option<Box<dyn MultipartUpload>>,
    waiting: BytesMut,
}

/// A file that is whole and safe: under a name for the time being, or under its lasting one.
#[derive(Debug)]
pub struct Staged {
    blobs: Blobs,
    name: Name,
    published: bool,
}

impl Incoming {
    pub(super) fn new(blobs: Blobs, name: Name, upload: Box<dyn MultipartUpload>) -> Self {
        Self {
            blobs,
            name,
            upload: Some(upload),
            waiting: BytesMut::new(),
        }
    }

    /// Adds bytes; returns once no more than one piece of them waits in memory.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.waiting.extend_from_slice(bytes);
        while self.waiting.len() >= self.blobs.write {
            let piece = self.waiting.split_to(self.blobs.write).freeze();
            self.put(piece).await?;
        }
        Ok(())
    }

    /// Writes the rest, and makes all of it safe.
    pub async fn finish(mut self) -> Result<Staged> {
        let rest = self.waiting.split().freeze();
        if !rest.is_empty() {
            self.put(rest).await?;
        }
        if let Some(upload) = &mut self.upload {
            upload.complete().await.map_err(told)?;
        }
        // Complete, so that there is nothing left to be given up.
        self.upload = None;
        Ok(Staged {
            blobs: self.blobs.clone(),
            name: self.name.clone(),
            published: false,
        })
    }

    async fn put(&mut self, piece: Bytes) -> Result<()> {
        match &mut self.upload {
            Some(upload) => upload.put_part(piece.into()).await.map_err(told),
            None => Ok(()),
        }
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
            let renamed = self.blobs.store.rename(&self.name, &name).await;
            renamed.map_err(told)?;
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
    /// Removes an object that nobody needs. Where that fails the sweep does it later.
    pub async fn discard(&self, object: &str) {
        if let Err(error) = self.remove(object).await {
            tracing::warn!(%error, object, "an object that nobody needs stays until the next sweep");
        }
    }
}
