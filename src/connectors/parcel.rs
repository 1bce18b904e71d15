//! A ticket as it is handed to an outside system: plain data, gathered before anything is sent.

use bytes::Bytes;
use futures::stream::BoxStream;
use serde_json::{Map, Value};

use crate::{
    domain::{
        dispatch::DispatchKey,
        ids::{AttachmentId, TicketId},
        ticket::{Environment, TicketCategory, TicketPriority, TicketStatus},
        time::Time,
    },
    error::Error,
};

/// What is handed over of a ticket.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// By what its copy there is known; the same for every attempt.
    pub key: DispatchKey,
    /// The ticket.
    pub ticket_id: TicketId,
    /// What people call it: `TKT-000042`.
    pub number: String,
    /// The title.
    pub title: String,
    /// The description: HTML that runs nothing.
    pub description: String,
    /// Where it stands.
    pub status: TicketStatus,
    /// How urgent it is.
    pub priority: TicketPriority,
    /// What kind of ticket it is.
    pub category: TicketCategory,
    /// Where it was met.
    pub environment: Environment,
    /// What does not work; may be empty.
    pub affected_service: String,
    /// Whose work it is.
    pub team: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// What it keeps beside docket's own fields.
    pub custom_fields: Map<String, Value>,
    /// Who filed it.
    pub creator: Person,
    /// Who works on it.
    pub assignee: Option<Person>,
    /// When it was filed.
    pub create_time: Time,
    /// Its attachments, in upload order.
    pub files: Vec<ParcelFile>,
}

/// Somebody whom a ticket names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// docket's id of them.
    pub id: String,
    /// What they are called; their id where nothing else is known.
    pub name: String,
    /// Their e-mail address, where known.
    pub email: Option<String>,
}

/// An attachment, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParcelFile {
    /// docket's id of it.
    pub attachment_id: AttachmentId,
    /// Its name.
    pub filename: String,
    /// Its media type.
    pub content_type: String,
    /// Its size in bytes.
    pub size_bytes: u64,
}

/// A file that a platform's connector makes of the description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeFile {
    /// Its name.
    pub filename: String,
    /// Its media type.
    pub content_type: String,
    /// Its bytes.
    pub content: Bytes,
}

/// A file on its way. Its bytes come in pieces, so that it never is in memory as a whole.
pub struct FileBytes<'a> {
    /// Its name.
    pub filename: &'a str,
    /// Its media type.
    pub content_type: &'a str,
    /// Its size in bytes, which is what `bytes` give.
    pub size: u64,
    /// Its bytes; they break off once it is no longer `ours`.
    pub bytes: BoxStream<'static, Result<Bytes, Error>>,
    /// Whether nobody else may be sending it by now: asked again before a request that is not made of its bytes.
    pub ours: &'a (dyn Fn() -> bool + Sync),
}
