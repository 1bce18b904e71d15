//! Attachments: announced, sent in pieces, shown.

use bytes::Bytes;
use tonic::Status;

use super::{enums::Wire as _, ids, time::timestamp};
use crate::{
    app::{
        attachments::{Download, NewFile},
        requests::Create,
        uploads::{CHUNK, Chunk},
    },
    blobs::Pieces,
    db::attachment::Model,
    domain::{
        attachment::{self as rules, Filename, Sha256Text},
        ids::UploadId,
    },
    error::{Broken, Error, Result, Violations},
    proto::v1::{
        self, download_attachment_response::Content as Sent,
        upload_attachment_request::Content as Received,
    },
};

/// The most bytes of one message.
const MAX_CHUNK: usize = 1024 * 1024;

/// What begins a stream.
pub(in crate::api) fn header(
    first: Option<v1::UploadAttachmentRequest>,
) -> Result<v1::UploadHeader> {
    match first.and_then(|message| message.content) {
        Some(Received::Header(header)) => Ok(header),
        _ => Err(Error::invalid("header", "must come first")),
    }
}

/// What goes on with it.
pub(in crate::api) fn chunk(message: v1::UploadAttachmentRequest) -> Result<Bytes, Status> {
    match message.content {
        Some(Received::Chunk(bytes)) => Ok(bounded("chunk", bytes)?),
        Some(Received::Header(_)) => Err(Error::invalid("header", "must come once").into()),
        None => Err(Error::invalid("chunk", "is required").into()),
    }
}

fn bounded(field: &str, bytes: Bytes) -> Result<Bytes> {
    match bytes.len() {
        1..=MAX_CHUNK => Ok(bytes),
        _ => Err(Error::invalid(field, "must have 1 to 1048576 bytes")),
    }
}

/// The file that a stream brings.
pub(in crate::api) fn announced(header: v1::UploadHeader) -> Result<Create<NewFile>> {
    let mut violations = Violations::new();
    let request_id = header.request_id.as_deref().map(uuid::Uuid::try_parse);
    let request_id = violations.check(
        "header.request_id",
        request_id
            .transpose()
            .map_err(|_| Broken::new("must be a UUID")),
    );
    let size = header.size_bytes.map(rules::size).transpose();
    let size = violations.check("header.size_bytes", size);
    let file = file(
        &mut violations,
        "header.",
        &header.filename,
        &header.content_type,
        header.sha256.as_deref(),
    );
    let made = file.zip(size).zip(request_id);
    violations.settle(made.map(|((file, size_bytes), request_id)| Create {
        new: NewFile { size_bytes, ..file },
        request_id,
        validate_only: false,
    }))
}

/// The file that an upload in unary calls will bring.
pub(in crate::api) fn start(request: v1::StartUploadRequest) -> Result<Create<NewFile>> {
    let mut violations = Violations::new();
    let request_id = ids::request(&mut violations, request.request_id.as_deref());
    let size = violations.check("size_bytes", rules::size(request.size_bytes));
    let file = file(
        &mut violations,
        "",
        &request.filename,
        &request.content_type,
        request.sha256.as_deref(),
    );
    let made = file.zip(size).zip(request_id);
    violations.settle(made.map(|((file, size), request_id)| Create {
        new: NewFile {
            size_bytes: Some(size),
            ..file
        },
        request_id,
        validate_only: false,
    }))
}

/// Name, type and digest; the size is another matter in either request.
fn file(
    violations: &mut Violations,
    at: &str,
    filename: &str,
    content_type: &str,
    sha256: Option<&str>,
) -> Option<NewFile> {
    let filename = violations.check(&format!("{at}filename"), Filename::new(filename));
    let content_type = rules::media_type(content_type);
    let content_type = violations.check(&format!("{at}content_type"), content_type);
    let sha256 = sha256.map(Sha256Text::new).transpose();
    let sha256 = violations.check(&format!("{at}sha256"), sha256);
    Some(NewFile {
        filename: filename?,
        content_type: content_type?,
        size_bytes: None,
        sha256: sha256?,
    })
}

/// The upload begun.
pub(in crate::api) fn started(id: UploadId) -> v1::StartUploadResponse {
    v1::StartUploadResponse {
        upload_id: id.to_string(),
        chunk_size: CHUNK,
    }
}

/// Bytes of an upload.
pub(in crate::api) fn part(request: v1::UploadChunkRequest) -> Result<Chunk> {
    let mut violations = Violations::new();
    let offset = u64::try_from(request.offset);
    let offset = violations.check("offset", offset.map_err(|_| Broken::new("must be from 0")));
    let data = violations.absorb(bounded("data", request.data))?;
    let made = offset.zip(data);
    violations.settle(made.map(|(offset, data)| Chunk { offset, data }))
}

/// How far an upload has come.
pub(in crate::api) fn received(bytes: u64) -> v1::UploadChunkResponse {
    v1::UploadChunkResponse {
        received_bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
    }
}

/// What begins a file that is sent, and what follows.
pub(in crate::api) fn download(download: Download) -> (v1::DownloadAttachmentResponse, Pieces) {
    let header = v1::DownloadHeader {
        attachment: Some(attachment(download.attachment)),
        offset: i64::try_from(download.offset).unwrap_or(i64::MAX),
    };
    let head = v1::DownloadAttachmentResponse {
        content: Some(Sent::Header(header)),
    };
    (head, download.pieces)
}

/// The next bytes.
pub(in crate::api) fn data(bytes: Bytes) -> v1::DownloadAttachmentResponse {
    v1::DownloadAttachmentResponse {
        content: Some(Sent::Data(bytes)),
    }
}

/// The attachment, the same in every answer.
pub(in crate::api) fn attachment(row: Model) -> v1::Attachment {
    v1::Attachment {
        id: row.id.to_string(),
        ticket_id: row.ticket_id.to_string(),
        uploader_id: row.uploader_id.to_string(),
        filename: row.filename,
        content_type: row.content_type,
        size_bytes: row.size_bytes,
        sha256: row.sha256,
        scan_status: row.scan_status.number(),
        create_time: Some(timestamp(row.create_time)),
    }
}
