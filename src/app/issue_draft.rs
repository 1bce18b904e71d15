//! A ticket as an issue is made from it: its fields in the connector's words, its description as ADF. Everything that exports,
//! plans, tries or compares begins here, so that all of them mean the same issue.

use serde_json::Value;

use crate::{
    connectors::jira::{
        IssueInput, IssuePlan, Unsent,
        adf::{self, InlineAttachment, Loss},
        adf_text,
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
}

impl IssueDraft {
    /// Made from the ticket as it is now.
    pub(crate) fn of(ticket: &ticket::Model) -> Self {
        let conversion = adf::convert(&ticket.description);
        let description = (!ticket.description.trim().is_empty()).then_some(conversion.adf);
        Self {
            cut: conversion.truncated.then(|| cut(ticket)),
            losses: conversion.losses,
            images: conversion.attachments,
            input: IssueInput {
                summary: ticket.title.0.clone(),
                description,
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

/// Less than so many characters of a description are not worth sending.
const LEAST: usize = 256;

impl IssueDraft {
    /// Half of the description that a plan holds, for a Jira that finds it too long all the same, and what is to be told of it.
    pub(crate) fn cut_further(ticket: &ticket::Model, plan: &IssuePlan) -> Option<(Value, Unsent)> {
        let now = adf_text(plan.fields.get("description")?);
        let text_limit = now.encode_utf16().count() / 2;
        if text_limit < LEAST {
            return None;
        }
        let options = adf::Options {
            text_limit,
            ..adf::Options::default()
        };
        let cut_off = adf::convert_with(&ticket.description, &options);
        Some((cut_off.adf, cut(ticket)))
    }
}

fn cut(ticket: &ticket::Model) -> Unsent {
    Unsent {
        field: "description".to_owned(),
        fix_type: ManualFixType::DescriptionTruncated,
        wanted: format!("{} characters", ticket.description.chars().count()),
        sent: "the beginning of the text".to_owned(),
        reason: "the text is longer than Jira takes; its end was left out".to_owned(),
        recommended_action: "Attach the full text to the issue, or shorten the description."
            .to_owned(),
    }
}
