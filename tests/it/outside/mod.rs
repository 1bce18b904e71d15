//! Connectors against stand-ins of their platforms, which follow the platforms' public documents and go wrong to order.

mod addresses;
mod data_center;
pub(crate) mod github;
mod gone;
mod inbound;
mod inbound_jira;
mod jira;
mod keys;
mod repeat;
mod secrets;
mod slack;
mod stand_in;
mod table;
mod told;
mod waits;
mod webhook;

use std::time::Duration;

use bytes::Bytes;
use docket::{
    connectors::{
        Connector, Credentials,
        http::{Http, HttpSettings},
        outcome::Outcome,
        parcel::{FileBytes, Parcel, ParcelFile, Person},
    },
    domain::{
        dispatch::DispatchKey,
        ids::{AttachmentId, IntegrationId, TicketId},
        integration::PlatformConfig,
        ticket::{Environment, TicketCategory, TicketPriority, TicketStatus},
    },
};
use futures::StreamExt as _;
use serde_json::Value;
use uuid::Uuid;

/// A client that may call stand-ins, and waits for none of them for long.
fn http() -> Http {
    Http::new(&HttpSettings {
        total_timeout: Duration::from_millis(400),
        max_body: 64 * 1024,
        allowed: vec!["127.0.0.0/8".parse().unwrap()],
        ..HttpSettings::default()
    })
    .unwrap()
}

fn connector(config: &PlatformConfig, credentials: &Credentials) -> Connector {
    Connector::new(&http(), config, credentials).expect("credentials of the platform")
}

/// A file of five bytes.
fn photo() -> FileBytes<'static> {
    FileBytes {
        filename: "photo.png",
        content_type: "image/png",
        size: 5,
        bytes: futures::stream::iter([Ok(Bytes::from_static(b"12345"))]).boxed(),
        ours: &|| true,
    }
}

/// Hands the ticket over as an attempt does.
async fn dispatch(connector: &Connector, parcel: &Parcel, aim: &Value) -> Outcome {
    let mut draft = match connector.draft(parcel, aim).await {
        Ok(draft) => draft,
        Err(outcome) => return outcome,
    };
    loop {
        if let Some(outcome) = draft.send(parcel, aim).await {
            return outcome;
        }
    }
}

/// A ticket with something of everything.
fn parcel() -> Parcel {
    let ticket = TicketId(Uuid::from_u128(7));
    let integration = IntegrationId(Uuid::from_u128(8));
    Parcel {
        key: DispatchKey::of(ticket, integration),
        ticket_id: ticket,
        number: "TKT-000042".to_owned(),
        title: "Label printer @gate 4 jams".to_owned(),
        description: "<p>It <b>jams</b>, see #12. <i>@octocat</i> &lt;!channel&gt;</p>".to_owned(),
        status: TicketStatus::New,
        priority: TicketPriority::P2,
        category: TicketCategory::Incident,
        environment: Environment::Production,
        affected_service: "printing".to_owned(),
        team: Some("ops".to_owned()),
        tags: vec!["printer".to_owned()],
        custom_fields: serde_json::Map::new(),
        creator: Person {
            id: "ada".to_owned(),
            name: "Ada Example".to_owned(),
            email: None,
        },
        assignee: None,
        create_time: chrono::DateTime::UNIX_EPOCH,
        files: vec![ParcelFile {
            attachment_id: AttachmentId(Uuid::from_u128(9)),
            filename: "photo.png".to_owned(),
            content_type: "image/png".to_owned(),
            size_bytes: 1234,
        }],
    }
}
