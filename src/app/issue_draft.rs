//! A ticket as an issue is made from it: its fields in the connector's words, its description as ADF. Everything that exports,
//! plans, tries or compares begins here, so that all of them mean the same issue.

use serde_json::Value;

use crate::{
    connectors::jira::{
        self, Description, FULL_TEXT, IssueInput, IssuePlan, Unsent,
        adf::{InlineAttachment, Loss},
    },
    db::ticket,
    domain::export::ManualFixType,
};

/// What a ticket comes to.
#[derive(Clone, Debug)]
pub(crate) struct IssueDraft {
    /// What of the ticket goes into the issue.
    pub(crate) input: IssueInput,
    /// What of the description does not fit, where it had to be cut.
    pub(crate) cut: Option<Unsent>,
    /// What the description loses as ADF.
    pub(crate) losses: Vec<Loss>,
    /// Images that were part of the description, to be attached.
    pub(crate) images: Vec<InlineAttachment>,
    /// The whole description as a file, where it had to be cut.
    pub(crate) full_text: Option<InlineAttachment>,
}

impl IssueDraft {
    /// The files that are made of the description.
    pub(crate) fn made_files(&self) -> Vec<InlineAttachment> {
        self.images.iter().chain(&self.full_text).cloned().collect()
    }

    /// Made from the ticket as it is now.
    pub(crate) fn of(ticket: &ticket::Model) -> Self {
        let description = Description::of(&ticket.description);
        let full_text = description.full_text;
        Self {
            cut: full_text.is_some().then(|| cut(ticket)),
            losses: description.losses,
            images: description.images,
            full_text,
            input: IssueInput {
                summary: ticket.title.0.clone(),
                description: description.adf,
                issue_type: ticket.issue_type.clone().unwrap_or_default(),
                priority: ticket.priority,
                labels: ticket.labels.clone().unwrap_or_default().0,
                sprint: ticket.sprint.clone(),
                story_points: ticket.story_points,
                assignee: ticket.jira_assignee.clone(),
                custom: ticket.custom_fields.0.clone(),
            },
        }
    }
}

impl IssueDraft {
    /// Half of the description that a plan holds, for a Jira that finds it too long all the same, and what is to be told of it.
    pub(crate) fn cut_further(ticket: &ticket::Model, plan: &IssuePlan) -> Option<(Value, Unsent)> {
        let shorter = jira::cut_further(&ticket.description, plan)?;
        Some((shorter, cut(ticket)))
    }
}

fn cut(ticket: &ticket::Model) -> Unsent {
    Unsent {
        field: "description".to_owned(),
        fix_type: ManualFixType::DescriptionTruncated,
        wanted: whole(ticket),
        sent: "the beginning of the text".to_owned(),
        reason: "the text is longer than Jira takes; its end was left out, and the whole text attached as a file"
            .to_owned(),
        recommended_action: format!("See the file {FULL_TEXT}, or shorten the description."),
    }
}

/// The whole description, in the words of what is wanted.
pub(crate) fn whole(ticket: &ticket::Model) -> String {
    format!("{} characters", ticket.description.chars().count())
}

/// A page that shows the ticket's description as it is.
pub(crate) fn full_text(ticket: &ticket::Model) -> InlineAttachment {
    jira::full_text(&ticket.description)
}
