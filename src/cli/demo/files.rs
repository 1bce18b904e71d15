//! The files of the story's tickets: a log here, a picture there.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;

use super::super::{
    CommandError,
    client::{Client, Refused},
};
use crate::proto::v1::{
    Ticket, UploadAttachmentRequest, UploadHeader, upload_attachment_request::Content,
};

/// Each so many-th ticket has a log, and each so many-th a picture; some have both.
const LOGS: usize = 4;
const PICTURES: usize = 7;
/// How many bytes one message carries.
const CHUNK: usize = 64 * 1024;
/// A picture of one grey point.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=";

/// A file that a ticket has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Attached {
    /// The ticket.
    pub(super) ticket_id: String,
    /// The file's name.
    pub(super) filename: String,
    /// The file's size.
    pub(super) size: u64,
}

/// Attaches the files of the story to its tickets.
pub(super) async fn attach(
    client: &Client,
    tickets: &[Ticket],
) -> Result<Vec<Attached>, CommandError> {
    let picture = STANDARD.decode(PICTURE)?;
    let mut attached = Vec::new();
    for (index, ticket) in tickets.iter().enumerate() {
        if index % LOGS == 0 {
            let log = log(ticket).into_bytes();
            attached.push(upload(client, ticket, "service.log", log).await?);
        }
        if index % PICTURES == 0 {
            attached.push(upload(client, ticket, "screenshot.png", picture.clone()).await?);
        }
    }
    Ok(attached)
}

async fn upload(
    client: &Client,
    ticket: &Ticket,
    filename: &str,
    bytes: Vec<u8>,
) -> Result<Attached, CommandError> {
    let size = bytes.len() as u64;
    let header = UploadHeader {
        ticket_id: ticket.id.clone(),
        filename: filename.to_owned(),
        size_bytes: i64::try_from(size).ok(),
        ..UploadHeader::default()
    };
    let mut messages = vec![Content::Header(header)];
    let parts = bytes.chunks(CHUNK).map(Bytes::copy_from_slice);
    messages.extend(parts.map(Content::Chunk));
    let messages = messages.into_iter().map(|content| UploadAttachmentRequest {
        content: Some(content),
    });
    let mut tickets = client.tickets();
    let sent = tickets
        .upload_attachment(futures::stream::iter(messages))
        .await;
    sent.map_err(|status| Refused::new("a file cannot be attached", status))?;
    Ok(Attached {
        ticket_id: ticket.id.clone(),
        filename: filename.to_owned(),
        size,
    })
}

/// What the ticket's service might have written.
fn log(ticket: &Ticket) -> String {
    let service = match ticket.affected_service.as_str() {
        "" => "quillhaul",
        service => service,
    };
    let line = |second: u32| {
        format!(
            "2026-11-20T08:14:{second:02}Z WARN {service}: request took too long, trying again\n"
        )
    };
    (0..60).map(line).collect()
}
