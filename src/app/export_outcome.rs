//! What a ticket tells of the issue that an export made of it: its `integration_result`, by the contract's names.

use serde_json::{Value, json};

use crate::{
    db::export_attachment,
    domain::{
        export::FileState, export_log::shortened, ids::IntegrationId,
        integration::IntegrationResult, time::Time,
    },
};

/// The longest text that says why a file is not there, in code points.
const WHY_MAX: usize = 2000;

/// An issue, for the ticket that it was made from.
pub(crate) struct MadeOf<'a> {
    pub(crate) key: &'a str,
    pub(crate) id: &'a str,
    pub(crate) url: &'a str,
    /// Its address in Jira's API.
    pub(crate) api_url: &'a str,
    pub(crate) project_key: &'a str,
    pub(crate) issue_type: &'a str,
    pub(crate) summary: &'a str,
}

/// The result of an export that has come to its end with a ticket.
pub(crate) fn result(
    integration_id: IntegrationId,
    issue: &MadeOf<'_>,
    files: &[export_attachment::Model],
    now: Time,
) -> IntegrationResult {
    IntegrationResult {
        success: true,
        integration_id,
        external_ticket_id: Some(issue.key.to_owned()),
        external_ticket_url: Some(issue.url.to_owned()),
        error_message: None,
        dispatch_time: now,
        response: json!({
            "key": issue.key,
            "id": issue.id,
            "url": issue.url,
            "self": issue.api_url,
            "project_key": issue.project_key,
            "issue_type": issue.issue_type,
            "summary": issue.summary,
            "attachments": attachments(files),
        }),
    }
}

/// The same result with these files; `None`: it has no answer that could tell of files.
pub(crate) fn with_files(
    mut result: IntegrationResult,
    files: &[export_attachment::Model],
) -> Option<IntegrationResult> {
    let response = result.response.as_object_mut()?;
    response.insert("attachments".to_owned(), attachments(files));
    Some(result)
}

/// What came of each file. The totals are counted where they are shown.
fn attachments(files: &[export_attachment::Model]) -> Value {
    let told = |file: &export_attachment::Model| {
        let success = file.state == FileState::Sent;
        let why = file.error.as_deref().filter(|_| !success);
        json!({
            "filename": file.filename,
            "size_bytes": file.size_bytes,
            "success": success,
            "error_message": why.map(|why| shortened(why, WHY_MAX)),
            "external_id": file.external_id,
        })
    };
    files.iter().map(told).collect()
}
