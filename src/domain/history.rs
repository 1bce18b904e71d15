//! What happened to a ticket, entry by entry, never changed afterwards.
//!
//! From a ticket's CREATED entry, which holds all that it began with, and the entries after it follows how it stands now: fields by
//! `field` and `new_value`; `resolve_time`, `close_time` and `delete_time` are the times of the latest RESOLVED, CLOSED and DELETED entry
//! (REOPENED clears the first two, UNDELETED the third); the clock was stopped from an entry to PENDING_INFO to the next status entry;
//! the first response is the first status entry, or COMMENT_ADDED of a public comment, by somebody else than the creator.

use super::{text_enum, ticket::TicketStatus};

text_enum! {
    /// What kind of change an entry tells of.
    HistoryEventType {
        /// The ticket came into being.
        Created,
        /// A content field changed.
        Updated,
        /// The workflow moved on.
        StatusChanged,
        /// The priority changed.
        PriorityChanged,
        /// Somebody was assigned, or nobody is any more.
        AssignmentChanged,
        /// A comment was written.
        CommentAdded,
        /// A comment was edited.
        CommentUpdated,
        /// A comment was removed.
        CommentDeleted,
        /// A file was added.
        AttachmentAdded,
        /// A file was removed.
        AttachmentDeleted,
        /// The ticket was escalated.
        Escalated,
        /// The ticket was opened again.
        Reopened,
        /// The ticket was resolved.
        Resolved,
        /// The ticket was closed.
        Closed,
        /// A due time passed unmet.
        SlaBreached,
        /// A due time moved.
        DueDateChanged,
        /// The ticket was handed to an outside system.
        IntegrationDispatched,
        /// The ticket became a Jira issue in an export.
        Exported,
        /// The ticket was deleted (softly).
        Deleted,
        /// The deletion was taken back.
        Undeleted,
    }
}

/// What a ticket says in the fields whose changes are told one by one: the field's path in the contract's `Ticket`, and its text form,
/// `None` where it has no value. Always all of them, in one order.
pub type Facts = Vec<(&'static str, Option<String>)>;

/// A field that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// What kind of change it is.
    pub event_type: HistoryEventType,
    /// The field's name in an entry.
    pub field: &'static str,
    /// Its text form before.
    pub old_value: Option<String>,
    /// Its text form after.
    pub new_value: Option<String>,
}

/// The field whose breach an entry tells, by the path of its flag.
const BREACHES: [(&str, &str); 2] = [
    ("sla.response_breached", "response"),
    ("sla.resolution_breached", "resolution"),
];

/// What changed from the one to the other, field by field, in the order of the facts.
///
/// `delete_time` is told as DELETED or UNDELETED, a flag of a breach as SLA_BREACHED of `response` or `resolution`.
pub fn changes(before: &Facts, after: &Facts) -> Vec<FieldChange> {
    let pairs = before.iter().zip(after);
    let changed = pairs.filter(|((_, old), (_, new))| old != new);
    changed
        .map(|((field, old), (_, new))| {
            let breach = BREACHES.iter().find(|(flag, _)| flag == field);
            FieldChange {
                event_type: event_type(field, new.as_deref()),
                field: breach.map_or(field, |(_, name)| name),
                old_value: old.clone(),
                new_value: new.clone(),
            }
        })
        .collect()
}

/// The kind of entry that tells of the field's new value.
fn event_type(field: &str, new: Option<&str>) -> HistoryEventType {
    let status = new.and_then(|text| text.parse().ok());
    match (field, status) {
        ("status", Some(TicketStatus::Escalated)) => HistoryEventType::Escalated,
        ("status", Some(TicketStatus::Reopened)) => HistoryEventType::Reopened,
        ("status", Some(TicketStatus::Resolved)) => HistoryEventType::Resolved,
        ("status", Some(TicketStatus::Closed)) => HistoryEventType::Closed,
        ("status", _) => HistoryEventType::StatusChanged,
        ("priority", _) => HistoryEventType::PriorityChanged,
        ("assignee_id", _) => HistoryEventType::AssignmentChanged,
        ("sla.response_due_time" | "sla.resolution_due_time", _) => {
            HistoryEventType::DueDateChanged
        }
        ("sla.response_breached" | "sla.resolution_breached", _) => HistoryEventType::SlaBreached,
        ("delete_time", _) if new.is_some() => HistoryEventType::Deleted,
        ("delete_time", _) => HistoryEventType::Undeleted,
        _ => HistoryEventType::Updated,
    }
}

impl HistoryEventType {
    /// What an entry of this kind, about this field, tells of in the contract's `Ticket`, by its path there.
    pub fn changed_field(self, field: Option<&str>) -> Option<String> {
        let path = match (self, field) {
            (Self::SlaBreached, Some(promise)) => return Some(format!("sla.{promise}_breached")),
            (_, Some(field)) => field,
            (Self::CommentAdded | Self::CommentDeleted, None) => "comment_count",
            (Self::AttachmentAdded | Self::AttachmentDeleted, None) => "attachment_count",
            (Self::IntegrationDispatched, None) => "integration_result",
            (Self::Exported, None) => "export",
            _ => return None,
        };
        Some(path.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(values: [Option<&str>; 5]) -> Facts {
        let fields = [
            "title",
            "status",
            "assignee_id",
            "sla.response_breached",
            "delete_time",
        ];
        let values = values.map(|value| value.map(str::to_owned));
        fields.into_iter().zip(values).collect()
    }

    fn told(
        before: [Option<&str>; 5],
        after: [Option<&str>; 5],
    ) -> Vec<(HistoryEventType, String)> {
        let changes = changes(&facts(before), &facts(after));
        let told = changes.into_iter().map(|change| {
            let text = |value: Option<String>| value.unwrap_or_else(|| "nothing".to_owned());
            let (old, new) = (text(change.old_value), text(change.new_value));
            (
                change.event_type,
                format!("{}: {old} -> {new}", change.field),
            )
        });
        told.collect()
    }

    #[test]
    fn each_field_that_changed_is_told_with_both_values_and_nothing_else() {
        let before = [Some("A"), Some("OPEN"), None, Some("false"), None];
        assert_eq!(told(before, before), []);
        let after = [
            Some("B"),
            Some("RESOLVED"),
            Some("ada"),
            Some("true"),
            Some("now"),
        ];
        let expected = [
            (HistoryEventType::Updated, "title: A -> B"),
            (HistoryEventType::Resolved, "status: OPEN -> RESOLVED"),
            (
                HistoryEventType::AssignmentChanged,
                "assignee_id: nothing -> ada",
            ),
            (HistoryEventType::SlaBreached, "response: false -> true"),
            (HistoryEventType::Deleted, "delete_time: nothing -> now"),
        ];
        assert_eq!(
            told(before, after),
            expected.map(|(kind, text)| (kind, text.to_owned()))
        );
        let back = told(after, before);
        let kinds: Vec<_> = back.into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds[1], HistoryEventType::StatusChanged);
        assert_eq!(kinds[4], HistoryEventType::Undeleted);
    }

    #[test]
    fn a_status_has_an_entry_of_its_own_kind_where_the_contract_has_one() {
        use strum::IntoEnumIterator as _;
        for status in TicketStatus::iter() {
            let own = match status {
                TicketStatus::Escalated => HistoryEventType::Escalated,
                TicketStatus::Reopened => HistoryEventType::Reopened,
                TicketStatus::Resolved => HistoryEventType::Resolved,
                TicketStatus::Closed => HistoryEventType::Closed,
                _ => HistoryEventType::StatusChanged,
            };
            assert_eq!(event_type("status", Some(&status.to_string())), own);
        }
    }
}
