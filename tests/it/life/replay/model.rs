//! What follows from a ticket's history entries alone, by the rules that their documentation gives; it shares nothing with the code.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use docket::proto::v1;
use prost_types::{Timestamp, Value, value::Kind as Json};
use v1::HistoryEventType as Event;

/// Each field as text; absent fields are left out.
pub(in crate::life) type State = BTreeMap<&'static str, String>;

/// The ticket as its pictures tell.
pub(in crate::life) fn shown(ticket: &v1::Ticket) -> State {
    let sla = ticket.sla.as_ref().unwrap();
    let name = |name: &str, prefix: &str| Some(name.strip_prefix(prefix).unwrap().to_owned());
    let fields = ticket.custom_fields.clone().unwrap_or_default().fields;
    let custom: BTreeMap<_, _> = fields
        .into_iter()
        .map(|(key, value)| (key, plain(value)))
        .collect();
    let state = [
        (
            "status",
            name(ticket.status().as_str_name(), "TICKET_STATUS_"),
        ),
        ("title", Some(ticket.title.clone())),
        ("description", Some(ticket.description.clone())),
        (
            "priority",
            name(ticket.priority().as_str_name(), "TICKET_PRIORITY_"),
        ),
        (
            "category",
            name(ticket.category().as_str_name(), "TICKET_CATEGORY_"),
        ),
        (
            "environment",
            name(ticket.environment().as_str_name(), "ENVIRONMENT_"),
        ),
        ("affected_service", Some(ticket.affected_service.clone())),
        ("assignee_id", ticket.assignee_id.clone()),
        ("team", ticket.team.clone()),
        ("tags", Some(serde_json::to_string(&ticket.tags).unwrap())),
        (
            "custom_fields",
            Some(serde_json::to_string(&custom).unwrap()),
        ),
        ("resolution_notes", ticket.resolution_notes.clone()),
        ("sla.response_due_time", sla.response_due_time.map(text)),
        ("sla.resolution_due_time", sla.resolution_due_time.map(text)),
        ("response", Some(sla.response_breached.to_string())),
        ("resolution", Some(sla.resolution_breached.to_string())),
        ("first_response_time", sla.first_response_time.map(text)),
        ("paused", Some(sla.paused.to_string())),
        (
            "paused_micros",
            sla.paused_duration
                .map(|paused| paused.seconds * 1_000_000 + i64::from(paused.nanos) / 1_000)
                .map(|micros| micros.to_string()),
        ),
        ("comment_count", Some(ticket.comment_count.to_string())),
        (
            "attachment_count",
            Some(ticket.attachment_count.to_string()),
        ),
        ("create_time", ticket.create_time.map(text)),
        ("update_time", ticket.update_time.map(text)),
        ("resolve_time", ticket.resolve_time.map(text)),
        ("close_time", ticket.close_time.map(text)),
        ("delete_time", ticket.delete_time.map(text)),
    ];
    state
        .into_iter()
        .filter_map(|(field, value)| Some((field, value?)))
        .collect()
}

/// What follows from the entries alone, by the rules that their documentation gives.
pub(in crate::life) fn replayed(entries: &[v1::HistoryEntry]) -> State {
    let mut state = State::new();
    let (first, rest) = entries.split_first().unwrap();
    assert_eq!(first.event_type(), Event::Created);
    let begin = &first.metadata.as_ref().unwrap().fields;
    for field in FIELDS {
        match begin.get(field).cloned().map(plain) {
            Some(serde_json::Value::String(text)) => state.insert(field, text),
            Some(serde_json::Value::Null) | None => None,
            Some(other) => state.insert(field, other.to_string()),
        };
    }
    for flag in ["response", "resolution", "paused"] {
        state.insert(flag, "false".to_owned());
    }
    for count in ["comment_count", "attachment_count", "paused_micros"] {
        state.insert(count, "0".to_owned());
    }
    for field in ["create_time", "update_time"] {
        state.insert(field, text(first.create_time.unwrap()));
    }
    for entry in rest {
        replay(&mut state, &first.actor_id, entry);
    }
    // What the ticket does not show.
    state.remove("paused_since");
    state
}

const FIELDS: [&str; 17] = [
    "status",
    "title",
    "description",
    "priority",
    "category",
    "environment",
    "affected_service",
    "assignee_id",
    "team",
    "tags",
    "custom_fields",
    "resolution_notes",
    "sla.response_due_time",
    "sla.resolution_due_time",
    "response",
    "resolution",
    "integration_id",
];

fn replay(state: &mut State, creator: &str, entry: &v1::HistoryEntry) {
    let now = text(entry.create_time.unwrap());
    let field = FIELDS
        .iter()
        .find(|field| Some(**field) == entry.field.as_deref());
    if let Some(&field) = field {
        let before = state.remove(field);
        assert_eq!(before, entry.old_value, "{entry:?}");
        if let Some(value) = normal(field, entry.new_value.clone()) {
            state.insert(field, value);
        }
    }
    let by_another = entry.actor_id != creator && entry.actor_id != "system";
    let is_status = entry.field.as_deref() == Some("status");
    let facts = entry.metadata.clone().unwrap_or_default().fields;
    let public = facts.get("visibility").cloned().map(plain) == Some("PUBLIC".into());
    let added = entry.event_type() == Event::CommentAdded;
    if by_another && (is_status || added && public) {
        state.entry("first_response_time").or_insert(now.clone());
    }
    if is_status {
        pause(
            state,
            entry.new_value.as_deref() == Some("PENDING_INFO"),
            &now,
        );
    }
    let mut count = |field: &'static str, by: i32| {
        let counted: i32 = state[field].parse().unwrap();
        state.insert(field, (counted + by).to_string());
    };
    match entry.event_type() {
        Event::CommentAdded => count("comment_count", 1),
        Event::CommentDeleted => count("comment_count", -1),
        Event::AttachmentAdded => count("attachment_count", 1),
        Event::AttachmentDeleted => count("attachment_count", -1),
        Event::Resolved => drop(state.insert("resolve_time", now.clone())),
        Event::Closed => drop(state.insert("close_time", now.clone())),
        Event::Reopened => {
            state.remove("resolve_time");
            state.remove("close_time");
        }
        Event::Deleted => drop(state.insert("delete_time", now.clone())),
        Event::Undeleted => drop(state.remove("delete_time")),
        _ => (),
    }
    // An edited comment changes no field of the ticket.
    if entry.event_type() != Event::CommentUpdated {
        state.insert("update_time", now);
    }
}

fn pause(state: &mut State, begins: bool, now: &str) {
    if let Some(since) = state.remove("paused_since") {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let paused: i64 = state["paused_micros"].parse().unwrap();
        let more = (time(now) - time(&since)).num_microseconds().unwrap();
        state.insert("paused_micros", (paused + more).to_string());
    }
    if begins {
        state.insert("paused_since", now.to_owned());
    }
    state.insert("paused", begins.to_string());
}

/// JSON in one form.
fn normal(field: &str, value: Option<String>) -> Option<String> {
    match field {
        "tags" | "custom_fields" => {
            let value: serde_json::Value = serde_json::from_str(&value?).unwrap();
            Some(value.to_string())
        }
        _ => value,
    }
}

fn plain(value: Value) -> serde_json::Value {
    match value.kind {
        #[allow(
            clippy::cast_possible_truncation,
            reason = "these tests use whole numbers"
        )]
        Some(Json::NumberValue(number)) => (number as i64).into(),
        Some(Json::StringValue(text)) => text.into(),
        Some(Json::BoolValue(flag)) => flag.into(),
        Some(Json::ListValue(list)) => list.values.into_iter().map(plain).collect(),
        Some(Json::StructValue(fields)) => {
            let fields = fields.fields.into_iter();
            serde_json::Value::Object(fields.map(|(key, value)| (key, plain(value))).collect())
        }
        Some(Json::NullValue(_)) | None => serde_json::Value::Null,
    }
}

fn text(time: Timestamp) -> String {
    let nanos = u32::try_from(time.nanos).unwrap();
    let time = DateTime::from_timestamp(time.seconds, nanos).unwrap();
    time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}
