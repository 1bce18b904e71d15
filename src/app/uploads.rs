//! Uploads in unary calls: begun, carried on from wherever they have come to, and turned into attachments. Every part is safe in the
//! blob store before it is counted, so that an upload survives restarts and any replica can go on with it.

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    App,
    attachments::NewFile,
    filing::Also,
    requests::{Create, Request, remember},
    ticket_change::broken_id,
};
use crate::{
    blobs::{Blobs, Pieces},
    db::{attachment, upload, upload_part, user},
    domain::{
        actor::Actor,
        attachment::{Filename, Sha256Text},
        ids::{TicketId, UploadId},
        permission::TicketAction,
        time::Time,
    },
    error::{Error, Reason, Result},
};

/// How many bytes a part should have.
pub(crate) const CHUNK: i32 = 512 * 1024;
/// The most parts of an upload: enough for the largest file in parts of a quarter of a chunk.
const MAX_PARTS: u64 = 16 * 1024;
/// The most uploads that one person has open: what has come of each is kept for a day.
const MAX_OPEN: u64 = 100;
/// When to ask again for one more.
const ASK_AGAIN: std::time::Duration = std::time::Duration::from_secs(60);
/// How often a part may meet another one of the same upload.
const ATTEMPTS: u32 = 5;

/// Bytes of an upload.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// Where the bytes begin within the file.
    pub offset: u64,
    /// The bytes.
    pub data: Bytes,
}

impl App {
    /// Begins an upload.
    pub async fn start_upload(
        &self,
        actor: &Actor,
        ticket: Result<TicketId>,
        parse: impl FnOnce() -> Result<Create<NewFile>> + Send,
    ) -> Result<UploadId> {
        let view = TicketAction::ViewTicket;
        let (ticket, create) = self.permitted(actor, ticket, view, parse).await?;
        let ticket = ticket.id;
        let Create {
            new, request_id, ..
        } = create;
        let request = Request::new(&actor.user_id, "StartUpload", request_id, &(ticket, &new));
        self.once(request.as_ref(), async {
            self.check_announced("", &new)?;
            self.record_caller(actor).await?;
            let row = begun(actor, ticket, &new, self.clock.now());
            let request = request.clone();
            let written = self.db.write(move |tx| {
                let (row, request) = (row.clone(), request.clone());
                Box::pin(async move {
                    let (id, now) = (row.id, row.create_time);
                    // One after the other, so that the limit holds for those that begin at once.
                    user::hold(tx, &row.uploader_id).await?;
                    if upload::count_open(tx, &row.uploader_id, now).await? >= MAX_OPEN {
                        return Err(too_many());
                    }
                    upload::insert(tx, row).await?;
                    remember(tx, request.as_ref(), &id, now).await?;
                    Ok(id)
                })
            });
            written.await
        })
        .await
    }

    /// Adds bytes to an upload, and tells how far it has come. What has come already is not looked at again.
    pub async fn upload_chunk(
        &self,
        actor: &Actor,
        id: Result<UploadId>,
        parse: impl FnOnce() -> Result<Chunk> + Send,
    ) -> Result<u64> {
        let id = match id {
            Ok(id) => id,
            Err(broken) => return Err(broken_id(broken, parse)),
        };
        self.upload(actor, id).await?;
        let chunk = parse()?;
        for _ in 0..ATTEMPTS {
            let row = self.upload(actor, id).await?;
            let received = u64::try_from(row.received_bytes).unwrap_or_default();
            let Some(rest) = self.rest(&row, received, &chunk)? else {
                return Ok(received);
            };
            match self.add_part(&row, rest).await {
                // Another call has added a part meanwhile.
                Err(Error::Fenced) => {}
                added => return added,
            }
        }
        Err(Error::Unavailable {
            reason: Reason::DatabaseBusy,
            message: "other calls add to the same upload".to_owned(),
            retry_after: std::time::Duration::from_secs(1),
        })
    }

    /// Turns an upload that has come in whole into an attachment. Doing it again gives the same one.
    pub async fn finish_upload(
        &self,
        actor: &Actor,
        id: Result<UploadId>,
    ) -> Result<attachment::Model> {
        let id = id?;
        let row = self.upload(actor, id).await?;
        if let Some(made) = row.attachment_id {
            return self.attachment(actor, made).await;
        }
        self.viewable(actor, row.ticket_id).await?;
        if row.received_bytes < row.size_bytes {
            let text = "bytes are missing; send the rest, then finish";
            let error = Error::refused(Reason::UploadIncomplete, format!("upload/{id}"), text);
            return Err(error
                .with("received_bytes", row.received_bytes)
                .with("size_bytes", row.size_bytes));
        }
        let error = match self.assemble(actor, &row).await {
            Ok(made) => {
                self.forget_upload(id, false).await?;
                return Ok(made);
            }
            Err(error) => error,
        };
        // Another call may have finished it meanwhile, and taken the parts away while this one read them.
        if let Some(made) = self.upload(actor, id).await?.attachment_id {
            return self.attachment(actor, made).await;
        }
        // What has come will never be good: whoever tries again begins anew.
        if matches!(error, Error::Invalid { .. } | Error::Refused(_)) {
            self.forget_upload(id, true).await?;
        }
        Err(match error {
            Error::Fenced => Error::not_found("upload", id),
            error => error,
        })
    }

    /// The upload, if the caller began it.
    async fn upload(&self, actor: &Actor, id: UploadId) -> Result<upload::Model> {
        let now = self.clock.now();
        let found = upload::find(self.db.read(), id, &actor.user_id, now).await?;
        found.ok_or_else(|| Error::not_found("upload", id))
    }

    /// What of the chunk has not come yet; `None` when all of it has.
    fn rest(&self, row: &upload::Model, received: u64, chunk: &Chunk) -> Result<Option<Bytes>> {
        let end = chunk.offset.saturating_add(chunk.data.len() as u64);
        if end <= received {
            return Ok(None);
        }
        self.check_size("data", end)?;
        if end > u64::try_from(row.size_bytes).unwrap_or_default() {
            let rule = format!(
                "goes beyond the {} bytes that are announced",
                row.size_bytes
            );
            return Err(Error::invalid("data", rule));
        }
        let Some(known) = received.checked_sub(chunk.offset) else {
            let text = format!("bytes are missing before this chunk; go on at {received}");
            let subject = format!("upload/{}", row.id);
            let error = Error::refused(Reason::UploadOffsetMismatch, subject, text);
            return Err(error.with("received_bytes", received));
        };
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        Ok(Some(chunk.data.slice(known.min(chunk.data.len())..)))
    }

    /// Keeps a part behind what has come so far, then counts it.
    async fn add_part(&self, row: &upload::Model, data: Bytes) -> Result<u64> {
        if upload_part::count(self.db.read(), row.id).await? >= MAX_PARTS {
            let rule = format!("is too small: send {CHUNK} bytes at once");
            return Err(Error::invalid("data", rule));
        }
        let size_bytes = i64::try_from(data.len()).unwrap_or_default();
        let object = self.blobs.keep_part(data).await?;
        let (id, from) = (row.id, row.received_bytes);
        let to = from + size_bytes;
        let part = upload_part::Model {
            upload_id: id,
            start_offset: from,
            size_bytes,
            object: object.clone(),
        };
        let written = self.db.write(move |tx| {
            let part = part.clone();
            Box::pin(async move {
                upload::advance(tx, id, from, to).await?;
                upload_part::insert(tx, part).await
            })
        });
        if let Err(error) = written.await {
            if error.wrote_nothing() {
                self.blobs.discard(&object).await;
            }
            return Err(error);
        }
        Ok(u64::try_from(to).unwrap_or_default())
    }

    /// Makes one file of the parts, and an attachment of the file.
    async fn assemble(&self, actor: &Actor, row: &upload::Model) -> Result<attachment::Model> {
        let new = announced(row)?;
        let parts = upload_part::of_upload(self.db.read(), row.id).await?;
        let blobs = self.blobs.clone();
        let pieces = stream::iter(parts)
            .then(move |part| bytes_of(blobs.clone(), part))
            .try_flatten()
            .boxed();
        let arrived = self.take_in(&new, pieces).await?;
        let also = Also {
            request: None,
            upload: Some(row.id),
        };
        self.file(actor, row.ticket_id, &new, arrived, also).await
    }

    /// Removes the parts of an upload, and the upload itself if `whole`: else it stays, to tell what was made of it.
    async fn forget_upload(&self, id: UploadId, whole: bool) -> Result<()> {
        let parts = upload_part::of_upload(self.db.read(), id).await?;
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    match whole {
                        true => upload::delete(tx, id).await,
                        false => upload_part::delete(tx, id).await,
                    }
                })
            })
            .await?;
        for part in parts {
            self.blobs.discard(&part.object).await;
        }
        Ok(())
    }
}

fn too_many() -> Error {
    Error::Exhausted {
        reason: Reason::TooManyUploads,
        message: format!(
            "{MAX_OPEN} uploads are open; finish some of them, or wait until they are a day old"
        ),
        retry_after: ASK_AGAIN,
    }
}

async fn bytes_of(blobs: Blobs, part: upload_part::Model) -> Result<Pieces> {
    let size = u64::try_from(part.size_bytes).unwrap_or_default();
    let pieces = blobs.read(&part.object, 0..size).await?;
    pieces.ok_or_else(|| Error::internal(format!("a part of upload {} is missing", part.upload_id)))
}

fn begun(actor: &Actor, ticket_id: TicketId, new: &NewFile, now: Time) -> upload::Model {
    upload::Model {
        id: UploadId::at(now),
        ticket_id,
        uploader_id: actor.user_id.clone(),
        filename: new.filename.as_str().to_owned(),
        content_type: new.content_type.clone(),
        size_bytes: new
            .size_bytes
            .and_then(|size| i64::try_from(size).ok())
            .unwrap_or(i64::MAX),
        sha256: new.sha256.as_ref().map(|sha256| sha256.as_str().to_owned()),
        received_bytes: 0,
        attachment_id: None,
        create_time: now,
    }
}

/// The file as it was announced.
fn announced(row: &upload::Model) -> Result<NewFile> {
    let broken = |_| Error::internal("an upload is not as it was announced");
    let sha256 = row.sha256.as_deref().map(Sha256Text::new).transpose();
    Ok(NewFile {
        filename: Filename::new(&row.filename).map_err(broken)?,
        content_type: row.content_type.clone(),
        size_bytes: u64::try_from(row.size_bytes).ok(),
        sha256: sha256.map_err(broken)?,
    })
}
