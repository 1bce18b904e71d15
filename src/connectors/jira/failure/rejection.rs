//! The stop for each of Jira's refusals.

use super::{
    ADD_TYPE, ANOTHER_TYPE, CreateContext, HardStop,
    text::{field_name, listed},
};
use crate::{
    connectors::jira::{Rejection, is_jira_field},
    domain::export::ErrorCategory::{AdminRequired, Temporary, UserFixable},
    error::Reason,
};

/// Jira's word for a document that breaks its rules.
const INVALID_INPUT: &str = "INVALID_INPUT";

impl Rejection {
    /// The stop for a refused create.
    pub fn failure(&self, context: &CreateContext<'_>) -> HardStop {
        let CreateContext { project, title, .. } = context;
        let said = self.quote();
        match self.status {
            300..=399 | 401 | 403 => self.failure_of_call(project),
            _ if self.lacks_parent() => required_missing(context, &["parent"], &said),
            _ if self.fields.contains_key("issuetype") => issue_type_refused(context, &said),
            404 | 410 => project_missing(project, &said),
            _ if self.fields.contains_key("project") => project_missing(project, &said),
            409 => conflicting(title, &said),
            422 => misconfigured(context, &said),
            _ if self.too_long => too_long(title, &said),
            _ if self.names(INVALID_INPUT) || self.fields.contains_key("description") => {
                content_rejected(context, &said)
            }
            _ => self.field_failure(context),
        }
    }

    /// Whether it is a subtask that has no parent, which Jira tells of as the type: "Issue type is a sub-task but parent issue key or id not
    /// specified."
    fn lacks_parent(&self) -> bool {
        let said = self.fields.get("issuetype");
        said.is_some_and(|said| {
            let said = said.to_lowercase();
            said.contains("sub-task") && said.contains("parent")
        })
    }

    /// Whether the description was refused for its length: a shorter one may pass.
    pub fn is_too_long(&self) -> bool {
        self.too_long
    }

    /// A refusal over fields: one that Jira demands and docket did not send, else one that was sent.
    fn field_failure(&self, context: &CreateContext<'_>) -> HardStop {
        let CreateContext { title, sent, .. } = context;
        let said = self.quote();
        let missing: Vec<_> = self
            .fields
            .keys()
            .filter(|id| !sent.contains_key(*id))
            .map(String::as_str)
            .collect();
        if !missing.is_empty() {
            return required_missing(context, &missing, &said);
        }
        if self.fields.is_empty() {
            return content_rejected(context, &said);
        }
        let names: Vec<_> = self.fields.keys().map(|id| field_name(id)).collect();
        let names = listed(&names);
        let change =
            format!("Change the {names} of the ticket “{title}” to a value that Jira takes.");
        HardStop::new(
            UserFixable,
            Reason::JiraFieldRejected,
            format!("Jira refused the {names} of the ticket “{title}”: {said}"),
            &[&change, "Then retry the export."],
        )
    }

    /// The stop for a refused call that is no create.
    pub(super) fn failure_of_call(&self, project: &str) -> HardStop {
        let said = self.quote();
        match self.status {
            300..=399 => HardStop::new(
                AdminRequired,
                Reason::JiraNotFound,
                format!(
                    "The site address in the integration's settings does not lead to Jira: it points elsewhere (status {}).",
                    self.status
                ),
                &[
                    "Ask an administrator to set the site's own address, such as https://example.atlassian.net or https://example.com/jira.",
                    "Then retry the export.",
                ],
            ),
            401 => unauthorized(&said),
            403 => forbidden(project, &said),
            404 | 410 => project_missing(project, &said),
            _ => HardStop::new(
                AdminRequired,
                Reason::JiraNotFound,
                format!(
                    "Jira refused a request about the project {project} (status {}): {said}",
                    self.status
                ),
                &[
                    "Ask an administrator to test the integration and to check the project's settings in Jira.",
                    "Then retry the export.",
                ],
            ),
        }
    }
}

fn project_missing(project: &str, said: &str) -> HardStop {
    HardStop::new(
        AdminRequired,
        Reason::JiraProjectNotFound,
        format!(
            "The Jira project {project} does not exist, or docket's account may not see it or create issues in it (Jira said: {said})."
        ),
        &[
            "Check the session's Jira project key; capital and small letters count.",
            "Ask a Jira administrator to give docket's account the permissions to browse and to create issues in the project.",
            "Then retry the export.",
        ],
    )
}

fn content_rejected(context: &CreateContext<'_>, said: &str) -> HardStop {
    let CreateContext { title, sent, .. } = context;
    let advice = match sent.contains_key("description") {
        true => {
            "Simplify the ticket's description: take out unusual tables, nested lists or pasted formatting."
        }
        false => {
            "Change what Jira names: the ticket's title or `custom_fields`, with UpdateTicket, or the project's rules in Jira."
        }
    };
    HardStop::new(
        UserFixable,
        Reason::JiraContentRejected,
        format!("Jira refused the content of the ticket “{title}”: {said}"),
        &[advice, "Then retry the export."],
    )
}

fn too_long(title: &str, said: &str) -> HardStop {
    HardStop::new(
        UserFixable,
        Reason::JiraContentTooLong,
        format!("The ticket “{title}” is longer than Jira takes (Jira said: {said})."),
        &[
            "Shorten the ticket's description, or move parts of it into an attached file.",
            "Then retry the export.",
        ],
    )
}

fn issue_type_refused(context: &CreateContext<'_>, said: &str) -> HardStop {
    let CreateContext {
        project,
        issue_type,
        title,
        ..
    } = context;
    HardStop::new(
        AdminRequired,
        Reason::JiraIssueTypeNotFound,
        format!(
            "Jira refused the issue type “{issue_type}” of the ticket “{title}” in the project {project}: {said}"
        ),
        &[ADD_TYPE, ANOTHER_TYPE, "Then retry the export."],
    )
}

fn conflicting(title: &str, said: &str) -> HardStop {
    HardStop::new(
        Temporary,
        Reason::JiraFieldRejected,
        format!(
            "Jira refused the ticket “{title}”, because something else was changing at the same time: {said}"
        ),
        &["Wait a few minutes, then retry the export."],
    )
}

fn misconfigured(context: &CreateContext<'_>, said: &str) -> HardStop {
    let CreateContext { project, title, .. } = context;
    HardStop::new(
        AdminRequired,
        Reason::JiraFieldRejected,
        format!(
            "The configuration of the Jira project {project} does not let the ticket “{title}” in: {said}"
        ),
        &[
            "Ask a Jira administrator to check the project's workflow, screens and required fields.",
            "Then retry the export.",
        ],
    )
}

fn required_missing(context: &CreateContext<'_>, missing: &[&str], said: &str) -> HardStop {
    const GIVE: &str = "Give the ticket a value for each in `custom_fields`, by the field's id, with UpdateTicket; DiscoverFields tells what it may be.";
    const SPARE: &str = "Ask a Jira administrator to make these fields optional for this issue type, or to give them a default value.";
    let CreateContext { project, title, .. } = context;
    let names = listed(missing);
    let from_ticket = missing.iter().any(|id| is_jira_field(id));
    let first = from_ticket.then_some(GIVE);
    let rest = [SPARE, ANOTHER_TYPE, "Then retry the export."];
    let actions: Vec<&str> = first.into_iter().chain(rest).collect();
    HardStop::new(
        UserFixable,
        Reason::JiraRequiredFieldMissing,
        format!(
            "The Jira project {project} demands fields that docket did not send for the ticket “{title}”: {names}. Jira said: {said}"
        ),
        &actions,
    )
}

fn unauthorized(said: &str) -> HardStop {
    HardStop::new(
        AdminRequired,
        Reason::JiraUnauthorized,
        format!("Jira does not accept docket's account or token (it said: {said})."),
        &[
            "Ask an administrator to make a new token for docket's Jira account (an API token on Jira Cloud, a personal access token on Data Center) and to put it into the integration with UpdateIntegration.",
            "Test the integration, then retry the export.",
        ],
    )
}

fn forbidden(project: &str, said: &str) -> HardStop {
    HardStop::new(
        AdminRequired,
        Reason::JiraForbidden,
        format!(
            "docket's Jira account may not do this in the project {project} (Jira said: {said})."
        ),
        &[
            "Ask a Jira administrator to give docket's account access to Jira, and the permissions to browse and to create issues in the project.",
            "Then retry the export.",
        ],
    )
}
