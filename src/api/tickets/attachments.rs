//! Files of tickets.

use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use tonic::{Status, Streaming};

use crate::{
    api::convert::{attachment as convert, ids, page},
    app::App,
    domain::actor::Actor,
    error::Result,
    proto::v1::*,
};

pub(super) async fn upload(
    app: &App,
    actor: &Actor,
    mut messages: Streaming<UploadAttachmentRequest>,
) -> Result<UploadAttachmentResponse, Status> {
    let header = convert::header(messages.message().await?)?;
    let id = ids::id("header.ticket_id", &header.ticket_id);
    let chunks = messages.and_then(async |message| convert::chunk(message));
    let parse = || convert::announced(header);
    let made = app.upload_attachment(actor, id, parse, chunks).await?;
    let attachment = Some(convert::attachment(made));
    Ok(UploadAttachmentResponse { attachment })
}

pub(super) async fn start(
    app: &App,
    actor: &Actor,
    request: StartUploadRequest,
) -> Result<StartUploadResponse> {
    let id = ids::id("ticket_id", &request.ticket_id);
    let parse = || convert::start(request);
    let id = app.start_upload(actor, id, parse).await?;
    Ok(convert::started(id))
}

pub(super) async fn add(
    app: &App,
    actor: &Actor,
    request: UploadChunkRequest,
) -> Result<UploadChunkResponse> {
    let id = ids::id("upload_id", &request.upload_id);
    let parse = || convert::part(request);
    let received = app.upload_chunk(actor, id, parse).await?;
    Ok(convert::received(received))
}

pub(super) async fn finish(
    app: &App,
    actor: &Actor,
    request: FinishUploadRequest,
) -> Result<FinishUploadResponse> {
    let id = ids::id("upload_id", &request.upload_id);
    let made = app.finish_upload(actor, id).await?;
    let attachment = Some(convert::attachment(made));
    Ok(FinishUploadResponse { attachment })
}

pub(super) async fn list(
    app: &App,
    actor: &Actor,
    request: ListAttachmentsRequest,
) -> Result<ListAttachmentsResponse> {
    let id = ids::id("ticket_id", &request.ticket_id);
    let parse = || page::only(request.page_size, request.page_token);
    let page = app.list_attachments(actor, id, parse).await?;
    Ok(ListAttachmentsResponse {
        attachments: page.items.into_iter().map(convert::attachment).collect(),
        next_page_token: page.next_page_token,
    })
}

pub(super) async fn download(
    app: &App,
    actor: &Actor,
    request: DownloadAttachmentRequest,
) -> Result<BoxStream<'static, Result<DownloadAttachmentResponse, Status>>> {
    let id = ids::id("id", &request.id);
    let offset = request.offset.unwrap_or_default();
    let download = app.download_attachment(actor, id, offset).await?;
    let (head, pieces) = convert::download(download);
    let data = pieces.map_ok(convert::data).map_err(Status::from);
    Ok(futures::stream::iter([Ok(head)]).chain(data).boxed())
}

pub(super) async fn delete(
    app: &App,
    actor: &Actor,
    request: DeleteAttachmentRequest,
) -> Result<DeleteAttachmentResponse> {
    let id = ids::id("id", &request.id);
    app.delete_attachment(actor, id).await?;
    Ok(DeleteAttachmentResponse {})
}
