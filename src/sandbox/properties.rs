//! What lies beside an issue's fields: entity properties and the change log.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, Query, State},
};
use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Refusal, Reply, parse},
    fields::SPRINT,
    issues::visible,
    page::Page,
    render,
    shared::Shared,
    state, validate,
};

type Site = State<Arc<Shared>>;

/// Writes what a change replaces into the issue's change log.
pub(super) fn record_change(
    issue: &mut state::Issue,
    changed: &Map<String, Value>,
    at: chrono::DateTime<chrono::Utc>,
    author: &Value,
) {
    let text = |value: Option<&Value>| match value {
        None | Some(Value::Null) => Value::Null,
        Some(Value::String(text)) => text.clone().into(),
        // Sprints are told by their names.
        Some(Value::Array(items))
            if items.iter().any(|item| item.get("originBoardId").is_some()) =>
        {
            let names = items.iter().filter_map(|item| item["name"].as_str());
            names.collect::<Vec<_>>().join(", ").into()
        }
        Some(value) => value.to_string().into(),
    };
    let items: Vec<Value> = changed
        .iter()
        .filter(|(id, value)| issue.fields.get(*id) != Some(value))
        .map(|(id, value)| {
            json!({
                "field": field_name(id), "fieldId": id, "fieldtype": "jira",
                "fromString": text(issue.fields.get(id)), "toString": text(Some(value)),
            })
        })
        .collect();
    if !items.is_empty() {
        log(issue, at, author, items);
    }
}

/// The change log names most fields by their ids.
fn field_name(id: &str) -> &str {
    match id {
        SPRINT => "Sprint",
        id => id,
    }
}

/// Adds an entry to the issue's change log.
pub(super) fn log(
    issue: &mut state::Issue,
    at: chrono::DateTime<chrono::Utc>,
    author: &Value,
    mut items: Vec<Value>,
) {
    // Jira's document knows no null here: a value that was not there, or is not any more, is left out.
    for item in items.iter_mut().filter_map(Value::as_object_mut) {
        item.retain(|_, value| !value.is_null());
    }
    let id = (issue.changes.len() + 1).to_string();
    let created = render::time(at);
    let entry = json!({"id": id, "author": author, "created": created, "items": items});
    issue.changes.push(entry);
}

/// `GET /rest/api/3/issue/{issue}/changelog`
pub(super) async fn changelog(
    State(shared): Site,
    Path(key): Path<String>,
    Query(page): Query<Page>,
) -> Answer {
    let mut state = shared.state();
    let id = visible(&mut state, &key)?.to_string();
    let issue = state.issue(&id).ok_or_else(Refusal::no_issue)?;
    Ok(Reply::Found(page.of("values", issue.changes.clone(), 100)))
}

/// `GET /rest/api/3/issue/{issue}/properties`
pub(super) async fn list_properties(State(shared): Site, Path(key): Path<String>) -> Answer {
    let mut state = shared.state();
    let id = visible(&mut state, &key)?.to_string();
    let base = &state.base;
    let issue = state.issue(&id).ok_or_else(Refusal::no_issue)?;
    let entry = |name: &String| json!({"key": name, "self": format!("{base}/rest/api/3/issue/{key}/properties/{name}")});
    let keys: Vec<Value> = issue.properties.keys().map(entry).collect();
    Ok(Reply::Found(json!({"keys": keys})))
}

/// `GET /rest/api/3/issue/{issue}/properties/{property}`
pub(super) async fn get_property(
    State(shared): Site,
    Path((key, property)): Path<(String, String)>,
) -> Answer {
    let mut state = shared.state();
    let id = visible(&mut state, &key)?.to_string();
    match state
        .issue(&id)
        .and_then(|issue| issue.properties.get(&property))
    {
        Some(value) => Ok(Reply::Found(json!({"key": property, "value": value}))),
        None => Err(Refusal::message(
            404,
            format!("The property with key '{property}' does not exist."),
        )),
    }
}

/// `PUT /rest/api/3/issue/{issue}/properties/{property}`
pub(super) async fn set_property(
    State(shared): Site,
    Path((key, property)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let value: Value = parse(&body)?;
    validate::property_fits(&property, &value)?;
    let mut state = shared.state();
    let id = visible(&mut state, &key)?.to_string();
    if !state.site.allows("EDIT_ISSUES") {
        return Err(Refusal::message(
            403,
            "You do not have permission to edit issues in this project.",
        ));
    }
    let issue = state.issue_mut(&id).ok_or_else(Refusal::no_issue)?;
    match issue.properties.insert(property, value) {
        Some(_) => Ok(Reply::Found(json!({}))),
        None => Ok(Reply::Created(json!({}))),
    }
}
