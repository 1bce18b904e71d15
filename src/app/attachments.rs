//! Attachments: taking files in, and giving them out. The bytes are safe before the row is written, and the row is gone before they go.

use std::sync::Arc;

use bytes::Bytes;
use futures::Stream;

use super::{
    App,
    filing::{Also, told_of},
    pages::{Listing, Page, PageRequest},
    requests::{Create, Request},
    ticket_edit::Edit,
    ticket_view::visible,
};
use crate::{
    blobs::Pieces,
    db::{attachment, blob, dispatch_files, scan, ticket},
    domain::{
        actor::Actor,
        attachment::{Filename, Sha256Text},
        history::HistoryEventType,
        ids::{AttachmentId, TicketId},
        permission::{Relation, TicketAction},
        ticket::ScanStatus,
    },
    error::{Error, Reason, Result},
};

/// A file as it is announced, every rule of a single field already checked.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Its name.
    pub filename: Filename,
    /// Its media type, as the uploader says; may be empty.
    pub content_type: String,
    /// Its size.
    pub size_bytes: Option<u64>,
    /// Its digest.
    pub sha256: Option<Sha256Text>,
}

/// A file on its way to somebody.
pub struct Download {
    /// What is known of it.
    pub attachment: attachment::Model,
    /// Where the bytes begin.
    pub offset: u64,
    /// The bytes.
    pub pieces: Pieces,
}

impl App {
    /// Takes in a file that comes in one stream. Nothing stays of one that does not come to its end, or may not stay.
    pub async fn upload_attachment<E: From<Error> + Send>(
        &self,
        actor: &Actor,
        ticket: Result<TicketId>,
        parse: impl FnOnce() -> Result<Create<NewFile>> + Send,
        chunks: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<attachment::Model, E> {
        let ticket = self.viewable(actor, ticket?).await?.id;
        let Create {
            new, request_id, ..
        } = parse()?;
        let request = Request::new(
            &actor.user_id,
            "UploadAttachment",
            request_id,
            &(ticket, &new),
        );
        self.once(request.as_ref(), async {
            self.check_announced("header.", &new)?;
            let arrived = self.take_in(&new, chunks).await?;
            let also = Also {
                request: request.clone(),
                upload: None,
            };
            Ok(self.file(actor, ticket, &new, arrived, also).await?)
        })
        .await
    }

    /// A ticket's attachments, oldest first.
    pub async fn list_attachments(
        &self,
        actor: &Actor,
        ticket: Result<TicketId>,
        parse: impl FnOnce() -> Result<PageRequest> + Send,
    ) -> Result<Page<attachment::Model>> {
        let view = TicketAction::ViewTicket;
        let (ticket, request) = self.permitted(actor, ticket, view, parse).await?;
        let ticket = ticket.id;
        let listing = Listing::new(&self.sealer, "attachments", &ticket);
        let after = listing.position(&request)?;
        let limit = request.size.get() + 1;
        let rows = attachment::page_of_ticket(self.db.read(), ticket, after, limit).await?;
        listing.page(&request, rows, |row| (row.create_time, row.id))
    }

    /// A file from `offset` on.
    pub async fn download_attachment(
        &self,
        actor: &Actor,
        id: Result<AttachmentId>,
        offset: i64,
    ) -> Result<Download> {
        let row = self.attachment(actor, id?).await?;
        let size = u64::try_from(row.size_bytes).unwrap_or_default();
        let offset = u64::try_from(offset)
            .ok()
            .filter(|offset| *offset <= size)
            .ok_or_else(|| Error::invalid("offset", format!("must be between 0 and {size}")))?;
        check_scan(&row)?;
        let pieces = self.bytes_of(&row, offset).await?;
        let pieces = pieces.ok_or_else(|| {
            Error::internal(format!("the bytes of attachment {} are missing", row.id))
        })?;
        Ok(Download {
            attachment: row,
            offset,
            pieces,
        })
    }

    /// Deletes a file for good: its bytes go too, unless another attachment has the same.
    pub async fn delete_attachment(&self, actor: &Actor, id: Result<AttachmentId>) -> Result<()> {
        let row = self.attachment(actor, id?).await?;
        let relation = Relation::to_contribution(actor, &row.uploader_id);
        actor.require_on(TicketAction::ChangeContribution, relation)?;
        self.record_caller(actor).await?;
        let now = self.clock.now();
        let plain = Arc::new((actor.clone(), row));
        let orphan = self.db.write(move |tx| {
            let plain = Arc::clone(&plain);
            Box::pin(async move {
                let (actor, row) = &*plain;
                let view = TicketAction::ViewTicket;
                let mut edit = Edit::begin(tx, actor, row.ticket_id, view, now).await?;
                if !attachment::delete(tx, row.id, edit.now).await? {
                    return Err(Error::not_found("attachment", row.id));
                }
                scan::end(tx, row.id).await?;
                dispatch_files::scanned(tx, row, edit.now).await?;
                edit.ticket.attachment_count -= 1;
                edit.tell(HistoryEventType::AttachmentDeleted, told_of(row));
                edit.write(tx).await?;
                blob::release(tx, &row.sha256).await
            })
        });
        if let Some(object) = orphan.await? {
            self.blobs.discard(&object).await;
        }
        Ok(())
    }

    /// The ticket, if the caller may see it.
    pub(super) async fn viewable(&self, actor: &Actor, id: TicketId) -> Result<ticket::Model> {
        let found = ticket::find(self.db.read(), &visible(actor), id, false).await?;
        found.ok_or_else(|| Error::not_found("ticket", id))
    }

    /// The attachment, if the caller may see its ticket.
    pub(super) async fn attachment(
        &self,
        actor: &Actor,
        id: AttachmentId,
    ) -> Result<attachment::Model> {
        let found = attachment::find(self.db.read(), &visible(actor), id).await?;
        found.ok_or_else(|| Error::not_found("attachment", id))
    }

    /// An attachment's bytes from `offset` on. `None`: they are not there.
    pub(crate) async fn bytes_of(
        &self,
        row: &attachment::Model,
        offset: u64,
    ) -> Result<Option<Pieces>> {
        let Some(kept) = blob::find(self.db.read(), &row.sha256).await? else {
            return Ok(None);
        };
        let size = u64::try_from(kept.size_bytes).unwrap_or_default();
        self.blobs.read(&kept.object, offset..size).await
    }
}

fn check_scan(row: &attachment::Model) -> Result<()> {
    match row.scan_status {
        ScanStatus::Clean | ScanStatus::Skipped => Ok(()),
        ScanStatus::Pending => Err(Error::refused(
            Reason::AttachmentNotScanned,
            format!("attachment/{}", row.id),
            "the file has not been scanned yet; try again in a moment",
        )
        .with("attachment_id", row.id)),
        ScanStatus::Infected => Err(Error::refused(
            Reason::AttachmentInfected,
            format!("attachment/{}", row.id),
            "the scan found something in this file",
        )
        .with("filename", &row.filename)),
    }
}
