//! What a ticket tells of its hand-over: the picture of an attempt.

use serde_json::{Value, json};

use crate::{
    connectors::outcome::External,
    db::{
        dispatch,
        dispatch_files::{SentFiles, Still},
    },
    domain::integration::IntegrationResult,
};

/// The most bytes of what a platform says beside the contract's own fields.
const RAW_MAX: usize = 16 * 1024;
/// What a ticket tells whose copy is known to be gone.
const GONE: &str = "The ticket was handed over, and its copy is no longer there, or docket's account may no longer see it. docket makes no \
                    second one; where one is needed, create another ticket.";

/// What is said of a file that another attempt sends.
pub(super) const BY_ITSELF: &str =
    "While the integration is switched on, docket sends it by itself.";

/// The result that a ticket shows: the picture of its latest attempt that has ended, or has the ticket's copy there.
pub(in crate::app) fn picture(row: &dispatch::Model) -> IntegrationResult {
    let external = row.external.clone();
    let external = external.and_then(|json| serde_json::from_value::<External>(json).ok());
    let success = row.is_success() || row.is_open() && external.is_some();
    let external = external.filter(|_| success);
    let gone = external.as_ref().is_some_and(External::is_gone);
    let why = match gone {
        true => Some(GONE.to_owned()),
        false => row.error_message.clone().filter(|_| !success),
    };
    let url = external.as_ref().map(|external| external.url.clone());
    IntegrationResult {
        success: success && !gone,
        integration_id: row.integration_id,
        external_ticket_id: external.as_ref().map(|external| external.key.clone()),
        external_ticket_url: url.filter(|url| !url.is_empty()),
        error_message: why,
        dispatch_time: row.finish_time.unwrap_or(row.start_time),
        response: external.map_or(Value::Null, |external| response(row, external)),
    }
}

/// The platform's answer, by the contract's names.
fn response(row: &dispatch::Model, external: External) -> Value {
    let raw = Value::Object(external.raw);
    let raw = match raw.to_string().len() {
        0..=RAW_MAX => raw,
        _ => json!({}),
    };
    json!({
        "key": external.key,
        "id": external.id,
        "url": external.url,
        "self": external.self_url,
        "project_key": external.project_key,
        "issue_type": external.issue_type,
        "summary": external.summary,
        "attachments": files(row),
        "raw": raw,
    })
}

/// What came of the files, with what is to come.
fn files(row: &dispatch::Model) -> SentFiles {
    let mut files = row.files.clone().unwrap_or_default();
    // The id of one that the ticket has no more is told in words.
    for file in files.0.iter_mut().filter(|file| !file.success) {
        file.external_id = None;
    }
    if row.next_attempt_time.is_none() {
        return files;
    }
    let to_come = |still| matches!(still, Some(Still::Later | Still::Sent));
    for file in files.0.iter_mut().filter(|file| to_come(file.still)) {
        if let Some(why) = &mut file.error_message {
            *why = format!("{why} {BY_ITSELF}");
        }
    }
    files
}
