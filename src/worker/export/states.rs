//! The changes of a write in words, for the run's log.

use super::change::Change;
use crate::{
    db::{export, export_event},
    domain::{export_log::LogEntry, time::Time},
};

/// What a write changes: the run's own state, a ticket's, a link's, and what watchers are told.
pub(super) fn told(
    before: &export::Model,
    next: &export::Model,
    change: &Change,
    events: &[export_event::Model],
    now: Time,
) -> Vec<LogEntry> {
    let mut told = Vec::new();
    let mut note = |text: &str| told.push(LogEntry::state(now, next.attempt, text));
    for item in change.item.iter().chain(&change.intent) {
        let key = item.jira_key.as_deref().unwrap_or_default();
        note(format!("ticket {} is {} {key}", item.ticket_id, item.state).trim_end());
    }
    if let Some(link) = &change.link {
        let (from, to) = (link.from_ticket_id, link.to_ticket_id);
        note(&format!("link of {from} to {to} is {}", link.state));
    }
    if let Some(file) = &change.unwanted {
        note(&format!("{} was deleted, and is not sent", file.filename));
    }
    if before.status != next.status {
        note(&format!(
            "export is {} after {}",
            next.status, before.status
        ));
    }
    if before.lease_owner.is_some() && next.lease_owner.is_none() && !next.status.is_terminal() {
        note("export is free for any worker");
    }
    for event in events {
        note(&event.told());
    }
    told
}
