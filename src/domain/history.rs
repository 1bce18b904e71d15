//! What happened to a ticket, entry by entry, never changed afterwards.

use super::text_enum;

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
