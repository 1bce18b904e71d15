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

/// The name of the file with the whole of a description that was cut.
const FULL_TEXT: &str = "description.html";

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
        let conversion = adf::convert_with(&ticket.description, &converting(adf::TEXT_LIMIT));
        let description = (!ticket.description.trim().is_empty()).then_some(conversion.adf);
        Self {
            cut: conversion.truncated.then(|| cut(ticket)),
            losses: conversion.losses,
            images: conversion.attachments,
            full_text: conversion.truncated.then(|| full_text(ticket)),
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
        let cut_off = adf::convert_with(&ticket.description, &converting(text_limit));
        Some((cut_off.adf, cut(ticket)))
    }
}

/// How every description is converted: its pictures become files, and are named where they stood.
fn converting(text_limit: usize) -> adf::Options {
    adf::Options {
        text_limit,
        name_pictures: true,
        ..adf::Options::default()
    }
}

fn cut(ticket: &ticket::Model) -> Unsent {
    Unsent {
        field: "description".to_owned(),
        fix_type: ManualFixType::DescriptionTruncated,
        wanted: format!("{} characters", ticket.description.chars().count()),
        sent: "the beginning of the text".to_owned(),
        reason: "the text is longer than Jira takes; its end was left out, and the whole text attached as a file"
            .to_owned(),
        recommended_action: format!("See the file {FULL_TEXT}, or shorten the description."),
    }
}

/// A page that shows the description as it is. What is kept of it is sanitised, and needs no escaping.
pub(crate) fn full_text(ticket: &ticket::Model) -> InlineAttachment {
    let text = &ticket.description;
    let body = match text.contains('<') {
        true => text.clone(),
        false => format!("<pre>{text}</pre>"),
    };
    let page =
        format!("<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>Description</title>\n{body}\n");
    InlineAttachment {
        file_name: FULL_TEXT.to_owned(),
        media_type: "text/html".to_owned(),
        content: page.into_bytes(),
    }
}
