//! The page behind an issue's link, for people who follow one from a demonstration.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::Html,
};
use http::StatusCode;
use serde_json::Value;

use super::{adf, shared::Shared};

/// `GET /browse/{issue}`
pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    Path(key): Path<String>,
) -> Result<Html<String>, (StatusCode, Html<String>)> {
    let state = shared.state();
    let Some(issue) = state.issue(&key) else {
        let page = document("No such issue", "<p>This sandbox has no such issue.</p>");
        return Err((StatusCode::NOT_FOUND, Html(page)));
    };
    let field = |name: &str| issue.fields.get(name).unwrap_or(&Value::Null);
    let labels: Vec<&str> = field("labels")
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let links: Vec<String> = state
        .links
        .iter()
        .filter(|link| link.inward == issue.key || link.outward == issue.key)
        .map(|link| format!("{} {} {}", link.inward, link.type_name, link.outward))
        .collect();
    let files: Vec<&str> = state
        .attachments
        .iter()
        .filter(|file| file.issue == issue.key)
        .map(|file| file.filename.as_str())
        .collect();
    let word = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    let rows = [
        ("Type", word(&field("issuetype")["name"])),
        ("Priority", word(&field("priority")["name"])),
        ("Assignee", word(&field("assignee")["displayName"])),
        ("Sprint", word(&field(super::fields::SPRINT)[0]["name"])),
        ("Labels", labels.join(", ")),
        ("Links", links.join(", ")),
        ("Attachments", files.join(", ")),
    ];
    let rows: String = rows
        .iter()
        .map(|(name, value)| format!("<dt>{name}</dt><dd>{}</dd>", escape(value)))
        .collect();
    let summary = escape(field("summary").as_str().unwrap_or_default());
    let text = escape(&adf::plain_text(field("description")));
    let body = format!(
        "<h1>{}: {summary}</h1><dl>{rows}</dl><pre>{text}</pre>",
        issue.key
    );
    Ok(Html(document(&issue.key, &body)))
}

fn document(title: &str, body: &str) -> String {
    let style = "body{font:16px/1.5 system-ui;max-width:48rem;margin:2rem auto;padding:0 1rem}\
                 dt{float:left;width:8rem;color:#555}pre{white-space:pre-wrap;font:inherit}";
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><style>{style}</style>\
         <body>{body}</body></html>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
