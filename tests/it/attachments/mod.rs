//! Attachments: files that come in, stay whole, and go out again; and all that may not.

mod alike;
mod away;
mod bad;
mod deleting;
mod download;
mod full;
mod place;
mod resumable;
pub(crate) mod scan;
mod stream;
mod sweep;
mod unscanned;

use std::{fs, time::Duration};

use docket::{db::Db, domain::actor::Role, proto::v1};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use sha2::{Digest as _, Sha256};
use tonic::Status;
use tonic_types::StatusExt as _;
use v1::upload_attachment_request::Content;

use self::place::{Place, serving, serving_at, serving_with, stored, until_stored};
use crate::support::{
    eventually,
    server::{TestServer, Tickets},
};

/// How long anything may take that happens by itself.
const SOON: Duration = Duration::from_secs(20);

/// A file of text with so many bytes, none like the next.
fn text(bytes: usize) -> Vec<u8> {
    let line = |n: usize| format!("{n:08} the quick brown fox\n").into_bytes();
    (0..).flat_map(line).take(bytes).collect()
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn header(ticket: &str, filename: &str) -> v1::UploadHeader {
    v1::UploadHeader {
        ticket_id: ticket.to_owned(),
        filename: filename.to_owned(),
        ..Default::default()
    }
}

fn head(header: v1::UploadHeader) -> v1::UploadAttachmentRequest {
    v1::UploadAttachmentRequest {
        content: Some(Content::Header(header)),
    }
}

fn chunk(bytes: &[u8]) -> v1::UploadAttachmentRequest {
    v1::UploadAttachmentRequest {
        content: Some(Content::Chunk(bytes.to_vec().into())),
    }
}

/// Sends these messages as one stream.
async fn send(
    tickets: &mut Tickets,
    messages: Vec<v1::UploadAttachmentRequest>,
) -> Result<v1::Attachment, Status> {
    let sent = tickets.upload_attachment(futures::stream::iter(messages));
    Ok(sent.await?.into_inner().attachment.unwrap())
}

/// Uploads a file in chunks of 100 KB.
pub(crate) async fn upload(
    tickets: &mut Tickets,
    header: v1::UploadHeader,
    bytes: &[u8],
) -> Result<v1::Attachment, Status> {
    let mut messages = vec![head(header)];
    messages.extend(bytes.chunks(100_000).map(chunk));
    send(tickets, messages).await
}

async fn list(tickets: &mut Tickets, ticket: &str) -> Vec<v1::Attachment> {
    let request = v1::ListAttachmentsRequest {
        ticket_id: ticket.to_owned(),
        ..Default::default()
    };
    let listed = tickets.list_attachments(request).await.unwrap();
    listed.into_inner().attachments
}

/// What a download answers: its header and the bytes.
async fn download(
    tickets: &mut Tickets,
    id: &str,
    offset: Option<i64>,
) -> Result<(v1::DownloadHeader, Vec<u8>), Status> {
    use v1::download_attachment_response::Content;
    let request = v1::DownloadAttachmentRequest {
        id: id.to_owned(),
        offset,
    };
    let mut stream = tickets.download_attachment(request).await?.into_inner();
    let Some(Content::Header(header)) = stream.message().await?.unwrap().content else {
        panic!("the header comes first");
    };
    let mut bytes = Vec::new();
    while let Some(message) = stream.message().await? {
        match message.content {
            Some(Content::Data(data)) => {
                assert!((1..=1 << 20).contains(&data.len()));
                bytes.extend(data);
            }
            other => panic!("data comes after the header, not {other:?}"),
        }
    }
    Ok((header, bytes))
}

async fn delete(tickets: &mut Tickets, id: &str) -> Result<(), Status> {
    let request = v1::DeleteAttachmentRequest { id: id.to_owned() };
    tickets.delete_attachment(request).await.map(drop)
}

async fn ticket(tickets: &mut Tickets) -> v1::Ticket {
    let request = v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            title: "The printer jams".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let created = tickets.create_ticket(request).await.unwrap();
    created.into_inner().ticket.unwrap()
}

async fn read(tickets: &mut Tickets, id: &str) -> v1::Ticket {
    let request = v1::GetTicketRequest {
        id: Some(id.to_owned()),
        number: None,
    };
    tickets
        .get_ticket(request)
        .await
        .unwrap()
        .into_inner()
        .ticket
        .unwrap()
}

/// A server, a client and the id of a ticket that the client may see.
async fn bench(server: TestServer) -> (TestServer, Tickets, String) {
    let mut tickets = server.tickets(Role::SeniorEngineer);
    let id = ticket(&mut tickets).await.id;
    (server, tickets, id)
}

/// The kinds of a ticket's history entries, with what they tell of a file.
async fn history(db: &Db, ticket: &str) -> Vec<(String, Option<String>)> {
    use docket::db::history::{Column, Entity};
    let ticket: uuid::Uuid = ticket.parse().unwrap();
    let rows = Entity::find().filter(Column::TicketId.eq(ticket));
    let rows = rows.order_by_asc(Column::Sequence).all(db.read()).await;
    let told = |row: docket::db::history::Model| {
        let id = row.metadata["attachment_id"].as_str().map(str::to_owned);
        (row.event_type.to_string(), id)
    };
    rows.unwrap().into_iter().map(told).collect()
}

/// The reason that a program acts on.
fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    details.error_info().expect("an ErrorInfo").reason.clone()
}

/// A fact that the reason comes with.
fn fact(status: &Status, key: &str) -> String {
    let details = status.get_error_details();
    let facts = &details.error_info().expect("an ErrorInfo").metadata;
    facts.get(key).cloned().unwrap_or_default()
}

/// The path of the one violated field.
fn field(status: &Status) -> String {
    let details = status.get_error_details();
    let violations = &details
        .bad_request()
        .expect("a BadRequest")
        .field_violations;
    assert_eq!(violations.len(), 1, "{violations:?}");
    violations[0].field.clone()
}
