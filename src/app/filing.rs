//! Filing a file: from bytes that come in to an attachment of a ticket, or to nothing at all.

use std::{pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use serde_json::{Value, json};

use super::{
    App,
    attachments::NewFile,
    requests::{Request, remember},
    ticket_edit::Edit,
};
use crate::{
    blobs::Staged,
    db::{Tx, attachment, blob, scan, upload},
    domain::{
        actor::Actor,
        attachment::{Facts, Filename, Unfit},
        history::HistoryEventType,
        ids::{AttachmentId, TicketId, UploadId},
        permission::TicketAction,
        ticket::ScanStatus,
    },
    error::{Error, Reason, Result},
};

/// How often a content may be let go of, or kept by another upload, between the look for it and the write that counts on it.
const ATTEMPTS: u32 = 5;

/// A file that has come in whole.
#[derive(Debug)]
pub(super) struct Arrived {
    staged: Staged,
    pub(super) facts: Facts,
}

impl Arrived {
    /// Gives the file up.
    pub(super) async fn discard(self) {
        self.staged.discard().await;
    }
}

/// What a new attachment comes from, to be written together with it.
#[derive(Clone, Debug, Default)]
pub(super) struct Also {
    pub(super) request: Option<Request>,
    pub(super) upload: Option<UploadId>,
}

impl Also {
    /// Where the fields of the file's announcement stand in the request that is being answered.
    fn field(&self, name: &str) -> String {
        match self.upload {
            Some(_) => "upload_id".to_owned(),
            None => format!("header.{name}"),
        }
    }
}

/// The rows of a new attachment.
#[derive(Clone, Debug)]
struct Rows {
    actor: Actor,
    attachment: attachment::Model,
    also: Also,
    /// Where the content lies, if it had to be kept anew.
    object: Option<String>,
}

/// What came of writing them.
enum Written {
    /// The attachment is there.
    Kept(attachment::Model, Content),
    /// Its content lies nowhere any more; nothing was written.
    Gone,
}

/// Where the content of a new attachment lies.
enum Content {
    /// Where this upload has put it.
    Ours,
    /// Where it lay already.
    Known,
}

impl App {
    /// Name and size, before any byte has come. `at` is where their fields stand.
    pub(super) fn check_announced(&self, at: &str, new: &NewFile) -> Result<()> {
        if let Some(size) = new.size_bytes {
            self.check_size(&format!("{at}size_bytes"), size)?;
        }
        let fits = self.uploads.check_name(&new.filename);
        fits.map_err(|unfit| refused(format!("{at}filename"), &new.filename, &unfit))
    }

    pub(super) fn check_size(&self, field: &str, size: u64) -> Result<()> {
        let max = self.uploads.max_bytes;
        if size <= max {
            return Ok(());
        }
        let rule = format!("must be at most {max} bytes");
        let error = Error::invalid_because(Reason::AttachmentTooLarge, field, rule);
        Err(error.with("max_bytes", max))
    }

    /// Writes the bytes as they come, with no more of them in memory than a piece, and looks at them. Stops at the first byte too
    /// many.
    pub(super) async fn take_in<E: From<Error>>(
        &self,
        new: &NewFile,
        chunks: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<Arrived, E> {
        let mut incoming = self.blobs.begin();
        let mut chunks = pin!(chunks);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            let size = incoming.size() + chunk.len() as u64;
            self.check_size("chunk", size)?;
            if new.size_bytes.is_some_and(|announced| size > announced) {
                return Err(Error::invalid("chunk", "goes beyond the announced size_bytes").into());
            }
            incoming.write(&chunk).await?;
        }
        // A client that cancels its call looks like one that has come to the end, until the server has had the time to drop the call.
        tokio::task::yield_now().await;
        if incoming.size() == 0 {
            return Err(Error::invalid("chunk", "must come: a file has at least 1 byte").into());
        }
        let (staged, facts) = incoming.finish().await?;
        Ok(Arrived { staged, facts })
    }

    /// Makes an attachment of a file that is what it was announced to be; anything else is given up.
    pub(super) async fn file(
        &self,
        actor: &Actor,
        ticket: TicketId,
        new: &NewFile,
        arrived: Arrived,
        also: Also,
    ) -> Result<attachment::Model> {
        let content_type = match self.check_whole(new, &arrived.facts, &also) {
            Ok(content_type) => content_type,
            Err(error) => {
                arrived.discard().await;
                return Err(error);
            }
        };
        if let Err(error) = self.record_caller(actor).await {
            arrived.discard().await;
            return Err(error);
        }
        let rows = Rows {
            actor: actor.clone(),
            attachment: self.row(actor, ticket, new, &arrived.facts, content_type),
            also,
            object: None,
        };
        let kept = self.keep(rows, arrived).await?;
        if kept.scan_status == ScanStatus::Pending {
            self.wake.scan();
        }
        Ok(kept)
    }

    /// Size and digest as announced, and a content that goes with the name. Its media type.
    fn check_whole(&self, new: &NewFile, facts: &Facts, also: &Also) -> Result<String> {
        if new.size_bytes.is_some_and(|size| size != facts.size) {
            let rule = format!("is not the number of bytes that came, {}", facts.size);
            return Err(Error::invalid(also.field("size_bytes"), rule));
        }
        let came = facts.sha256.as_str();
        match (&new.sha256, also.upload) {
            (Some(announced), Some(id)) if *announced != facts.sha256 => {
                let text = "the content does not have the announced SHA-256; upload it again";
                let subject = format!("upload/{id}");
                let error = Error::refused(Reason::UploadDigestMismatch, subject, text);
                return Err(error.with("sha256", came));
            }
            (Some(announced), None) if *announced != facts.sha256 => {
                let rule = format!("is not that of the content that came, {came}");
                return Err(Error::invalid("header.sha256", rule));
            }
            _ => {}
        }
        let fits = self
            .uploads
            .check_content(&new.filename, &new.content_type, facts);
        fits.map_err(|unfit| refused(also.field("filename"), &new.filename, &unfit))
    }

    fn row(
        &self,
        actor: &Actor,
        ticket_id: TicketId,
        new: &NewFile,
        facts: &Facts,
        content_type: String,
    ) -> attachment::Model {
        let now = self.clock.now();
        attachment::Model {
            id: AttachmentId::at(now),
            ticket_id,
            uploader_id: actor.user_id.clone(),
            filename: new.filename.as_str().to_owned(),
            content_type,
            size_bytes: i64::try_from(facts.size).unwrap_or(i64::MAX),
            sha256: facts.sha256.as_str().to_owned(),
            scan_status: match self.scanner {
                Some(_) => ScanStatus::Pending,
                None => ScanStatus::Skipped,
            },
            create_time: now,
            delete_time: None,
        }
    }

    /// Makes the bytes last, unless the same are kept already, and only then writes the rows.
    async fn keep(&self, mut rows: Rows, mut arrived: Arrived) -> Result<attachment::Model> {
        for _ in 0..ATTEMPTS {
            match self.publish(&rows, &mut arrived).await {
                Ok(object) => rows.object = object,
                Err(error) => {
                    arrived.discard().await;
                    return Err(error);
                }
            }
            let plain = Arc::new(rows.clone());
            let written = self.db.write(move |tx| {
                let plain = Arc::clone(&plain);
                Box::pin(async move { write(tx, &plain).await })
            });
            match written.await {
                Ok(Written::Kept(row, Content::Ours)) => return Ok(row),
                Ok(Written::Kept(row, Content::Known)) => {
                    arrived.discard().await;
                    return Ok(row);
                }
                Ok(Written::Gone) => {}
                Err(Error::AlreadyExists {
                    resource: "blob", ..
                }) => {}
                Err(error) => {
                    // Otherwise the rows may be there, and the bytes have to stay for the sweep.
                    if error.wrote_nothing() {
                        arrived.discard().await;
                    }
                    return Err(error);
                }
            }
        }
        arrived.discard().await;
        Err(Error::Unavailable {
            reason: Reason::DatabaseBusy,
            message: "the same file is being added and deleted by others".to_owned(),
            retry_after: Duration::from_secs(1),
        })
    }

    /// Gives the bytes their lasting place, unless the same are kept already. Where they lie, if this upload has put them there.
    async fn publish(&self, rows: &Rows, arrived: &mut Arrived) -> Result<Option<String>> {
        let known = blob::find(self.db.read(), &rows.attachment.sha256).await?;
        if known.is_none() {
            arrived.staged.publish(&arrived.facts.sha256).await?;
        }
        Ok(arrived.staged.object().map(str::to_owned))
    }
}

async fn write(tx: &Tx, rows: &Rows) -> Result<Written> {
    let mut row = rows.attachment.clone();
    let (actor, id, now) = (&rows.actor, row.ticket_id, row.create_time);
    // The ticket's row is locked first, as by every change of a ticket: two that lock in different orders would wait for each other.
    let mut edit = Edit::begin(tx, actor, id, TicketAction::ViewTicket, now).await?;
    row.create_time = edit.now;
    let content = if blob::hold(tx, &row.sha256).await? {
        Content::Known
    } else if let Some(object) = &rows.object {
        blob::insert(tx, &row.sha256, object, row.size_bytes, row.create_time).await?;
        Content::Ours
    } else {
        return Ok(Written::Gone);
    };
    let unscanned = row.scan_status == ScanStatus::Skipped;
    let infected = unscanned && attachment::is_infected(tx, &row.sha256).await?;
    if infected {
        row.scan_status = ScanStatus::Infected;
    }
    attachment::insert(tx, row.clone()).await?;
    if row.scan_status == ScanStatus::Pending {
        scan::insert(tx, row.id, now).await?;
    }
    edit.ticket.attachment_count += 1;
    edit.tell(HistoryEventType::AttachmentAdded, told_of(&row));
    if infected {
        note_verdict(&mut edit, &row, ScanStatus::Skipped, Some(ELSEWHERE));
    }
    edit.write(tx).await?;
    remember(tx, rows.also.request.as_ref(), &row, now).await?;
    if let Some(upload) = rows.also.upload {
        upload::finish(tx, upload, row.id).await?;
    }
    Ok(Written::Kept(row, content))
}

/// What is told as found in a file that was not scanned, or came out clean, where the same bytes have not.
pub(super) const ELSEWHERE: &str = "in another file with the same bytes";

/// Tells in the ticket's history what became of a file's scan.
pub(super) fn note_verdict(
    edit: &mut Edit,
    row: &attachment::Model,
    old: ScanStatus,
    found: Option<&str>,
) {
    let mut told = told_of(row);
    if let Some(found) = found {
        told["found"] = json!(found);
    }
    let (old, new) = (old.to_string(), row.scan_status.to_string());
    edit.note("attachment.scan_status", Some(old), Some(new), told);
}

/// What a ticket's history tells of a file.
pub(super) fn told_of(row: &attachment::Model) -> Value {
    json!({ "attachment_id": row.id, "filename": row.filename })
}

fn refused(field: String, filename: &Filename, unfit: &Unfit) -> Error {
    let error = Error::invalid_because(Reason::AttachmentTypeRefused, field, unfit.why.clone());
    error
        .with("filename", filename.as_str())
        .with("content_type", &unfit.found)
}
