//! Attachments: upload, read, delete, and the limits on them.

use std::sync::Arc;

use axum::{
    extract::{Multipart, Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header::CONTENT_TYPE};
use serde_json::{Value, json};

use super::{
    answer::{Answer, Refusal, Reply},
    properties::log,
    render,
    shared::Shared,
    state::{self, Attachment},
};

type Site = State<Arc<Shared>>;

/// How many files one call may attach.
const FILES_A_CALL: usize = 60;
/// How many files one issue may have.
const FILES_AN_ISSUE: usize = 2000;

/// `GET /rest/api/3/attachment/meta`
pub(super) async fn meta(State(shared): Site) -> Answer {
    let state = shared.state();
    Ok(Reply::Found(json!({
        "enabled": state.site.attachments_enabled, "uploadLimit": state.site.upload_limit,
    })))
}

/// `POST /rest/api/3/issue/{issue}/attachments`
pub(super) async fn add(
    State(shared): Site,
    Path(issue): Path<String>,
    headers: HeaderMap,
    mut form: Multipart,
) -> Answer {
    if headers
        .get("x-atlassian-token")
        .is_none_or(|token| token != "no-check")
    {
        return Err(Refusal::message(403, "XSRF check failed"));
    }
    let mut files = Vec::new();
    let bad_form = |_| Refusal::message(400, "The multipart body could not be read.");
    while let Some(part) = form.next_field().await.map_err(bad_form)? {
        if part.name() != Some("file") {
            continue;
        }
        let filename = part.file_name().unwrap_or_default().to_owned();
        let mime_type = part
            .content_type()
            .unwrap_or("application/octet-stream")
            .to_owned();
        files.push((filename, mime_type, part.bytes().await.map_err(bad_form)?));
    }
    if files.is_empty() || files.iter().any(|(filename, ..)| filename.is_empty()) {
        return Err(Refusal::message(
            400,
            "A part named 'file' with a file name is required.",
        ));
    }
    let mut state = shared.state();
    let key = allowed(&state, &issue)?;
    let held = state
        .attachments
        .iter()
        .filter(|file| file.issue == key)
        .count();
    let largest = files.iter().map(|(.., content)| content.len() as u64).max();
    if files.len() > FILES_A_CALL
        || held + files.len() > FILES_AN_ISSUE
        || largest > Some(state.site.upload_limit)
    {
        return Err(Refusal::message(
            413,
            "The attachment is too large, or there are too many.",
        ));
    }
    let created = state.now();
    let mut shown: Vec<Value> = Vec::new();
    for (filename, mime_type, content) in files {
        let attachment = Attachment {
            id: state.next_id(),
            issue: key.clone(),
            filename,
            mime_type,
            size: content.len() as u64,
            created,
            content,
        };
        shown.push(render::attachment(&state, &attachment));
        state.attachments.push(attachment);
    }
    let account = render::account(&state);
    let item = |file: &Value| json!({"field": "Attachment", "fieldId": "attachment", "fieldtype": "jira", "toString": file["filename"]});
    let items = shown.iter().map(item).collect();
    if let Some(issue) = state.issue_mut(&key) {
        log(issue, created, &account, items);
    }
    Ok(Reply::Found(shown.into()))
}

fn allowed(state: &state::State, issue: &str) -> Result<String, Refusal> {
    let issue = state.issue(issue).ok_or_else(Refusal::no_issue)?;
    if !state.site.attachments_enabled || !state.site.allows("CREATE_ATTACHMENTS") {
        return Err(Refusal::message(
            403,
            "You do not have permission to create attachments for this issue.",
        ));
    }
    Ok(issue.key.clone())
}

fn find<'a>(state: &'a state::State, id: &str) -> Result<&'a Attachment, Refusal> {
    let found = state
        .attachments
        .iter()
        .find(|file| file.id.to_string() == id);
    found.ok_or_else(|| {
        Refusal::message(404, format!("The attachment with id '{id}' does not exist"))
    })
}

/// `GET /rest/api/3/attachment/{id}`
pub(super) async fn get(State(shared): Site, Path(id): Path<String>) -> Answer {
    let state = shared.state();
    let file = find(&state, &id)?;
    let mut shown = render::attachment(&state, file);
    // Here the id is a number, in an issue a string.
    shown["id"] = file.id.into();
    Ok(Reply::Found(shown))
}

/// `GET /rest/api/3/attachment/content/{id}`
pub(super) async fn content(
    State(shared): Site,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let state = shared.state();
    let file = find(&state, &id)?;
    Ok((
        [(CONTENT_TYPE, file.mime_type.clone())],
        file.content.clone(),
    )
        .into_response())
}

/// `DELETE /rest/api/3/attachment/{id}`
pub(super) async fn delete(State(shared): Site, Path(id): Path<String>) -> Answer {
    let mut state = shared.state();
    let id = find(&state, &id)?.id;
    if !state.site.allows("DELETE_ALL_ATTACHMENTS") {
        return Err(Refusal::message(
            403,
            "You do not have permission to delete this attachment.",
        ));
    }
    state.attachments.retain(|file| file.id != id);
    Ok(Reply::Empty)
}
