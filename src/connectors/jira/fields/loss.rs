//! What an issue does without, told to a person: why, and what to do.

use serde::{Deserialize, Serialize};

use super::Surroundings;
use crate::{connectors::jira::Assignee, domain::export::ManualFixType};

/// A value of the ticket that the issue does not get, for a person to put right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsent {
    /// The ticket's field, by the contract's name: `assignee`, `sprint`, `priority`, `labels`, `story_points`, `description`,
    /// `custom_fields.customfield_10099`; `depends_on` for a link; the filename of an attachment.
    pub field: String,
    /// What kind of loss it is.
    pub fix_type: ManualFixType,
    /// The value that was wished.
    pub wanted: String,
    /// What the issue gets in its place; empty: nothing.
    #[serde(default)]
    pub sent: String,
    /// Why the issue does not get it.
    pub reason: String,
    /// What a person can do.
    pub recommended_action: String,
}

/// The value that is not sent, with what to do about a field that the create screen lacks.
pub(super) fn loss(field: &str, fix_type: ManualFixType, wanted: &str, reason: String) -> Unsent {
    let action = match fix_type {
        ManualFixType::AssigneeInvalid => {
            "Have this person be let into the project in Jira and call ApplyFixes, or assign the issue by hand."
        }
        ManualFixType::SprintNotFound => {
            "Create the sprint in Jira and call ApplyFixes, or move the issue into another one by hand."
        }
        ManualFixType::PriorityUnavailable => {
            "Ask a Jira administrator to offer the priority and call ApplyFixes, or set the one that fits best by hand."
        }
        _ => {
            "Ask a Jira administrator to put the field on the project's screens and call ApplyFixes, or set it by hand if the issue shows it."
        }
    };
    Unsent {
        field: field.to_owned(),
        fix_type,
        wanted: wanted.to_owned(),
        sent: String::new(),
        reason,
        recommended_action: action.to_owned(),
    }
}

pub(super) fn off_screen(around: &Surroundings<'_>, what: &str) -> String {
    let (project, issue_type) = (&around.project.key, &around.issue_type.name);
    format!("The project {project} takes no {what} when a {issue_type} is created.")
}

/// The same loss where the field is there and its value is the trouble.
pub(super) fn refused(lost: Unsent, reason: String) -> Unsent {
    let action = match lost.fix_type {
        ManualFixType::FieldRejected if lost.field.starts_with("custom_fields.") => {
            "Correct the value in the ticket's `custom_fields`, or have Jira take it, and send it again with ApplyFixes; or set the field in Jira by hand."
        }
        ManualFixType::FieldRejected => {
            "Have Jira take the value and send it again with ApplyFixes, or set the field in Jira by hand."
        }
        _ => &lost.recommended_action,
    };
    Unsent {
        recommended_action: action.to_owned(),
        reason,
        ..lost
    }
}

/// What to do where an assignee is not known.
pub(super) fn unassigned(lost: Unsent, who: &Assignee) -> Unsent {
    let action = match who {
        Assignee::Hidden | Assignee::Several => {
            "Assign the issue in Jira by hand; in further tickets, name the person by account id, which the address of their profile in Jira ends in."
        }
        Assignee::Withheld => {
            "Assign the issue in Jira by hand; or give docket's account the global permission “Browse users and groups” and call ApplyFixes."
        }
        Assignee::Known(_) | Assignee::Nobody => return lost,
    };
    Unsent {
        recommended_action: action.to_owned(),
        ..lost
    }
}
