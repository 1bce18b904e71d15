//! History entries and assignments as callers see them.

use serde_json::Value;

use super::{enums::Wire as _, json, time::timestamp};
use crate::{
    db::{assignment, history},
    proto::v1,
};

/// The entry on the wire.
pub(in crate::api) fn entry(entry: history::Model) -> v1::HistoryEntry {
    v1::HistoryEntry {
        sequence: entry.sequence,
        ticket_id: entry.ticket_id.to_string(),
        event_type: entry.event_type.number(),
        field: entry.field,
        old_value: entry.old_value,
        new_value: entry.new_value,
        actor_id: entry.actor_id.0,
        ip_address: entry.ip_address,
        metadata: Some(match entry.metadata {
            Value::Object(facts) => json::structure(facts),
            _ => prost_types::Struct::default(),
        }),
        create_time: Some(timestamp(entry.create_time)),
    }
}

/// The assignment on the wire.
pub(in crate::api) fn assignment(row: assignment::Model) -> v1::Assignment {
    v1::Assignment {
        id: row.id.to_string(),
        ticket_id: row.ticket_id.to_string(),
        assignee_id: row.assignee_id.0,
        assigned_by_id: row.assigned_by_id.0,
        assign_time: Some(timestamp(row.assign_time)),
        unassign_time: row.unassign_time.map(timestamp),
    }
}
