//! An export: the run, its states, its events and what can go wrong with it.

use std::time::Duration;

use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};

use super::{
    ids::{AttachmentId, ExportId, FixId, SessionId, TicketId},
    text_enum,
    time::Time,
};
use crate::error::Reason;

/// How often a failed export may be retried.
pub const MAX_RETRIES: i32 = 3;

text_enum! {
    /// Where a run stands.
    ExportStatus {
        /// Accepted; no worker has begun yet.
        Pending,
        /// Tickets are being created.
        Exporting,
        /// Waiting: for Jira's permission to go on, or for a person.
        Paused,
        /// Every ticket is in Jira.
        Completed,
        /// Stopped at a failure.
        Failed,
        /// Stopped by a person.
        Cancelled,
        /// Taken back by a person.
        Reverted,
    }
}

impl ExportStatus {
    /// Whether nothing more will happen without a caller's doing.
    pub const fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Failed | Self::Cancelled | Self::Reverted
        )
    }
}

text_enum! {
    /// What became of one ticket.
    TicketExportStatus {
        /// Not in Jira yet.
        Pending,
        /// In Jira, with its key recorded.
        Exported,
        /// The run stopped at it.
        Failed,
        /// Left out by a person's choice.
        Skipped,
    }
}

text_enum! {
    /// How far the protocol has come with one ticket.
    ItemState {
        /// Nothing was sent.
        Pending,
        /// The intent to create is recorded; an issue may or may not exist.
        Creating,
        /// The issue exists and its key is recorded; something is left to do.
        Created,
        /// Done.
        Exported,
        /// The run stopped at it, and no issue exists.
        Failed,
    }
}

text_enum! {
    /// What a revert makes of an issue.
    RevertState {
        /// It is about to be deleted: it may be gone.
        Deleting,
        /// It is deleted.
        Deleted,
        /// It is left alone.
        Kept,
    }
}

/// A second issue of a ticket: Jira carried out a create that was given up, after it had been sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpareIssue {
    /// Its number on the site.
    pub id: String,
    /// Its key.
    pub key: String,
    /// What a revert made of it.
    pub revert: Option<RevertState>,
    /// Why a revert kept it.
    pub note: Option<String>,
}

/// All issues that a ticket has beside its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct SpareIssues(pub Vec<SpareIssue>);

text_enum! {
    /// How far a dependency link has come.
    LinkState {
        /// Not sent, or not known to have arrived; sending again is harmless.
        Pending,
        /// In Jira.
        Done,
        /// Refused for good; a manual fix tells.
        Failed,
    }
}

text_enum! {
    /// Where the bytes of a file on an issue come from.
    FileSource {
        /// An attachment of the ticket.
        Attachment,
        /// An image inside the ticket's description.
        Image,
        /// The whole description, of which the issue has a part alone.
        FullText,
    }
}

text_enum! {
    /// How far a file has come on its way to the issue.
    FileState {
        /// Nothing was sent.
        Pending,
        /// The intent to send is recorded; the issue may or may not have it.
        Sending,
        /// The issue has it.
        Sent,
        /// Refused, or not fit to be sent; a manual fix tells.
        Failed,
    }
}

text_enum! {
    /// Who can get a failed export going again.
    ErrorCategory {
        /// The person who exports.
        UserFixable,
        /// Somebody who administers Jira or docket.
        AdminRequired,
        /// Time.
        Temporary,
    }
}

text_enum! {
    /// What a person has to put right by hand.
    ManualFixType {
        /// The wished assignee is not assignable.
        AssigneeInvalid,
        /// The wished sprint does not exist.
        SprintNotFound,
        /// The wished priority is not offered.
        PriorityUnavailable,
        /// A field was refused.
        FieldRejected,
        /// A file did not arrive.
        AttachmentFailed,
        /// A dependency could not be linked.
        LinkFailed,
        /// The description was too long.
        DescriptionTruncated,
    }
}

text_enum! {
    /// Why a run goes on.
    ResumeReason {
        /// A person asked for it.
        Requested,
        /// A person retried it.
        Retried,
        /// A worker took it up by itself: another one left it lying, or the time that Jira set has come.
        TakenOver,
    }
}

/// The ticket that a run is at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct CurrentTicket {
    /// The ticket.
    pub id: TicketId,
    /// Its title.
    pub title: String,
    /// Its place in the run, from 1.
    pub order: i32,
}

/// Why a run stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct ExportFailure {
    /// The place in the run of the ticket at which it stopped, from 1; `None` when it stopped outside any ticket.
    pub failed_at_ticket_order: Option<i32>,
    /// Who can help.
    pub category: ErrorCategory,
    /// For a program.
    pub reason: Reason,
    /// For a person.
    pub user_message: String,
    /// What to do, in the order to try.
    pub recovery_actions: Vec<String>,
    /// When this failure was met first; a retry that fails the same way keeps it.
    pub first_error_time: Time,
}

/// A run as everybody sees it: the answer of every call and the snapshot in every event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
#[allow(
    missing_docs,
    reason = "each field is the contract's field of the same name, documented there"
)]
pub struct ExportSnapshot {
    pub task_id: ExportId,
    pub session_id: SessionId,
    pub status: ExportStatus,
    pub attempt: i32,
    pub remaining_retries: i32,
    pub jira_project_key: String,
    pub total_tickets: i32,
    pub tickets_completed: i32,
    pub tickets_failed: i32,
    pub tickets_preserved: i32,
    pub current_ticket: Option<CurrentTicket>,
    pub progress_percentage: i32,
    pub dependencies_created: i32,
    pub manual_fixes_needed: i32,
    pub estimated_remaining: Option<Duration>,
    pub start_time: Time,
    pub finish_time: Option<Time>,
    pub processing_time: Duration,
    pub failure: Option<ExportFailure>,
    pub orphaned_keys: Vec<String>,
}

/// Whole per cent, rounded down, so that 100 means all.
pub fn percentage(done: i32, total: i32) -> i32 {
    if total <= 0 {
        100
    } else {
        (i64::from(done) * 100 / i64::from(total)).clamp(0, 100) as i32
    }
}

/// What an event tells beside its snapshot; each variant is the contract's message of the same name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(
    missing_docs,
    reason = "each field is the contract's field of the same name, documented there"
)]
pub enum EventDetail {
    Started,
    TicketExported {
        ticket_id: TicketId,
        order: i32,
        jira_key: String,
        jira_url: String,
        adopted: bool,
    },
    FieldFallback {
        ticket_id: TicketId,
        field: String,
        fix: Box<ManualFix>,
    },
    AttachmentUploaded {
        ticket_id: TicketId,
        attachment_id: AttachmentId,
        jira_key: String,
        filename: String,
        size_bytes: i64,
    },
    DependencyCreated {
        from_key: String,
        to_key: String,
    },
    Throttled {
        reason: String,
        retry_after: Duration,
    },
    Resumed {
        from_order: i32,
        reason: ResumeReason,
    },
    Paused,
    Completed,
    Failed,
    Cancelled,
}

impl EventDetail {
    /// The text that names the variant, as in its JSON form.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::TicketExported { .. } => "ticket_exported",
            Self::FieldFallback { .. } => "field_fallback",
            Self::AttachmentUploaded { .. } => "attachment_uploaded",
            Self::DependencyCreated { .. } => "dependency_created",
            Self::Throttled { .. } => "throttled",
            Self::Resumed { .. } => "resumed",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// One thing for a person to put right in Jira.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[allow(
    missing_docs,
    reason = "each field is the contract's field of the same name, documented there"
)]
pub struct ManualFix {
    pub id: FixId,
    pub ticket_id: TicketId,
    pub jira_key: String,
    pub jira_url: String,
    pub title: String,
    pub fix_type: ManualFixType,
    pub field: String,
    pub wanted: String,
    pub sent: String,
    pub reason: String,
    pub recommended_action: String,
    pub applied: bool,
}

/// The number in an issue's key: 42 of `DEMO-42`, when the key belongs to `project`.
pub fn issue_number(project: &str, key: &str) -> Option<i64> {
    key.strip_prefix(project)?.strip_prefix('-')?.parse().ok()
}
