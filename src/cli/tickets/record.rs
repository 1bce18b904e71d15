//! A ticket as it stands in a file: what a caller can set, which an import takes over, and what else a reader may want to know.

use chrono::DateTime;
use prost_types::Timestamp;
use serde_json::{Map, Value, json};

use super::super::values::{Faults, Values};
use crate::{
    api::convert::json as wire,
    domain::{
        ids::{ConversationId, UserId},
        ticket::{TicketStatus, Words, affected_service, resolution_notes, team},
        time,
    },
    error::Broken,
    proto::v1::{self, CreateTicketRequest, Ticket},
};

/// All columns in their order. The first ones are taken over by an import.
pub(super) const COLUMNS: [&str; 34] = [
    "title",
    "description",
    "priority",
    "category",
    "environment",
    "affected_service",
    "assignee_id",
    "team",
    "conversation_id",
    "tags",
    "custom_fields",
    "ai_assisted",
    "status",
    "resolution_notes",
    "delete_time",
    "number",
    "id",
    "creator_id",
    "integration_id",
    "comment_count",
    "attachment_count",
    "create_time",
    "update_time",
    "resolve_time",
    "close_time",
    "response_due_time",
    "resolution_due_time",
    "first_response_time",
    "response_breached",
    "resolution_breached",
    "paused_seconds",
    "session_id",
    "jira_key",
    "jira_url",
];

/// How many of them an import takes over.
pub(super) const TAKEN: usize = 15;

/// The ticket's values in the order of the columns; null where there is none.
pub(super) fn written(ticket: &Ticket) -> Result<[Value; COLUMNS.len()], String> {
    let name = |name: &str, prefix: &str| json!(name.strip_prefix(prefix).unwrap_or(name));
    let sla = ticket.sla.unwrap_or_default();
    let export = &ticket.export;
    let fields = ticket.custom_fields.clone().unwrap_or_default();
    let fields = wire::object(fields);
    let fields = fields.map_err(|broken| {
        format!(
            "{}: custom_fields{}: {}",
            ticket.number, broken.path, broken.rule
        )
    })?;
    let paused = sla.paused_duration.map(|paused| paused.seconds);
    Ok([
        json!(ticket.title),
        json!(ticket.description),
        name(ticket.priority().as_str_name(), "TICKET_PRIORITY_"),
        name(ticket.category().as_str_name(), "TICKET_CATEGORY_"),
        name(ticket.environment().as_str_name(), "ENVIRONMENT_"),
        json!(ticket.affected_service),
        json!(ticket.assignee_id),
        json!(ticket.team),
        json!(ticket.conversation_id),
        json!(ticket.tags),
        Value::Object(fields),
        json!(ticket.ai_assisted),
        name(ticket.status().as_str_name(), "TICKET_STATUS_"),
        json!(ticket.resolution_notes),
        instant(ticket.delete_time),
        json!(ticket.number),
        json!(ticket.id),
        json!(ticket.creator_id),
        json!(ticket.integration_id),
        json!(ticket.comment_count),
        json!(ticket.attachment_count),
        instant(ticket.create_time),
        instant(ticket.update_time),
        instant(ticket.resolve_time),
        instant(ticket.close_time),
        instant(sla.response_due_time),
        instant(sla.resolution_due_time),
        instant(sla.first_response_time),
        json!(sla.response_breached),
        json!(sla.resolution_breached),
        json!(paused),
        json!(export.as_ref().map(|export| &export.session_id)),
        json!(export.as_ref().and_then(|export| export.jira_key.as_ref())),
        json!(export.as_ref().and_then(|export| export.jira_url.as_ref())),
    ])
}

/// RFC 3339 in UTC, or nothing.
fn instant(time: Option<Timestamp>) -> Value {
    let instant = |time: Timestamp| {
        let nanos = u32::try_from(time.nanos).ok()?;
        DateTime::from_timestamp(time.seconds, nanos)
    };
    json!(time.and_then(instant).map(time::text))
}

fn instant_of(text: &str) -> Result<(), Broken> {
    let read = DateTime::parse_from_rfc3339(text.trim());
    let broken = |_| Broken::new("must be a time such as 2026-01-31T12:00:00Z, or nothing");
    read.map(drop).map_err(broken)
}

/// A ticket of a file.
pub(super) struct Record {
    /// What creates it, without a request id.
    pub(super) create: CreateTicketRequest,
    /// How it stands.
    pub(super) standing: Standing,
}

/// How a ticket stands that others have worked on.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub(super) status: TicketStatus,
    pub(super) resolution_notes: Option<String>,
    pub(super) is_deleted: bool,
}

/// Reads a ticket; what cannot be read is among the faults.
pub(super) fn read(mut values: Map<String, Value>, place: &str, faults: &mut Faults) -> Record {
    for known in &COLUMNS[TAKEN..] {
        values.remove(*known);
    }
    let mut values = Values::new(values, place, faults);
    let title = values.title();
    let description = values.description();
    let ticket = Ticket {
        title,
        description,
        priority: values.priority(),
        category: values.category(),
        environment: values.environment(),
        affected_service: values
            .checked("affected_service", affected_service)
            .unwrap_or_default(),
        assignee_id: values.parsed::<UserId>("assignee_id").map(|id| id.0),
        team: values.checked("team", team),
        tags: values.words("tags", Words::tags),
        custom_fields: values.custom_fields(),
        ai_assisted: values.flag("ai_assisted"),
        ..Ticket::default()
    };
    let conversation = values.parsed::<ConversationId>("conversation_id");
    let standing = Standing {
        status: values.status().unwrap_or(TicketStatus::New),
        resolution_notes: values.checked("resolution_notes", resolution_notes),
        is_deleted: values.checked("delete_time", instant_of).is_some(),
    };
    let resolved = [TicketStatus::Resolved, TicketStatus::Closed].contains(&standing.status);
    if standing.resolution_notes.is_some() && !resolved {
        values.fault("resolution_notes", "go with the status RESOLVED or CLOSED");
    }
    values.refuse_the_rest(&COLUMNS);
    let create = CreateTicketRequest {
        ticket: Some(ticket),
        conversation: conversation.map(|id| v1::Conversation {
            id: id.0,
            ..Default::default()
        }),
        ..CreateTicketRequest::default()
    };
    Record { create, standing }
}
