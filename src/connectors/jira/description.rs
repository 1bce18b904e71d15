//! A ticket's description as an issue gets it: ADF, and the files that stand for what ADF has no place for.

use serde_json::Value;

use crate::connectors::{
    markup::{self, Dialect, Rendered},
    parcel::MadeFile,
};

use super::{
    IssuePlan,
    adf::{self, InlineAttachment, Loss},
    adf_text,
};

/// The name of the file with the whole of a description that was cut.
pub const FULL_TEXT: &str = "description.html";
/// Less than so many characters of a description are not worth sending.
const LEAST: usize = 256;

/// What a description comes to.
#[derive(Clone, Debug)]
pub struct Description {
    /// The document; `None` where there is no text.
    pub adf: Option<Value>,
    /// What is lost.
    pub losses: Vec<Loss>,
    /// Images that were part of the text, to be attached.
    pub images: Vec<InlineAttachment>,
    /// The whole text as a file, where it had to be cut.
    pub full_text: Option<InlineAttachment>,
}

impl Description {
    /// Converted, and cut to what Jira takes.
    pub fn of(html: &str) -> Self {
        let conversion = adf::convert_with(html, &converting(adf::TEXT_LIMIT));
        Self {
            adf: (!html.trim().is_empty()).then_some(conversion.adf),
            losses: conversion.losses,
            images: conversion.attachments,
            full_text: conversion.truncated.then(|| full_text(html)),
        }
    }
}

impl From<InlineAttachment> for MadeFile {
    fn from(file: InlineAttachment) -> Self {
        Self {
            filename: file.file_name,
            content_type: file.media_type,
            content: file.content.into(),
        }
    }
}

/// Half of the description that a plan holds, for a Jira that finds it too long all the same; `None`: it is not worth sending.
pub fn cut_further(html: &str, plan: &IssuePlan) -> Option<Value> {
    let now = plan.fields.get("description")?;
    if let Some(text) = now.as_str() {
        let most = text.chars().count() / 2;
        return (most >= LEAST).then(|| wiki(html, most).text.into());
    }
    let now = adf_text(now);
    let text_limit = now.encode_utf16().count() / 2;
    (text_limit >= LEAST).then(|| adf::convert_with(html, &converting(text_limit)).adf)
}

/// As wiki markup, which is what Data Center takes.
pub(super) fn wiki(html: &str, most: usize) -> Rendered {
    markup::render(html, Dialect::Wiki, most)
}

/// How every description is converted: its pictures become files, and are named where they stood.
fn converting(text_limit: usize) -> adf::Options {
    adf::Options {
        text_limit,
        name_pictures: true,
        ..adf::Options::default()
    }
}

/// A page that shows the description as it is. It has to be sanitised, and needs no escaping.
pub fn full_text(html: &str) -> InlineAttachment {
    let body = match html.contains('<') {
        true => html.to_owned(),
        false => format!("<pre>{html}</pre>"),
    };
    let page =
        format!("<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>Description</title>\n{body}\n");
    InlineAttachment {
        file_name: FULL_TEXT.to_owned(),
        media_type: "text/html".to_owned(),
        content: page.into_bytes(),
    }
}
