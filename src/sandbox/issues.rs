//! Issues: create, read, change, delete.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension,
    body::Bytes,
    extract::{Path, Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answer::{Answer, Refusal, Reply, parse},
    properties::record_change,
    render::{self, View},
    shared::Shared,
    state::{self, Visibility},
    validate,
};

/// How many issues one bulk create takes.
const BULK_CREATE: usize = 50;
/// How many issues one bulk read takes.
const BULK_FETCH: usize = 100;

type Site = State<Arc<Shared>>;

/// Query parameters of a read.
#[derive(Debug, Deserialize)]
pub(super) struct ViewQuery {
    fields: Option<String>,
    properties: Option<String>,
    expand: Option<String>,
}

/// `POST /rest/api/3/issue`
pub(super) async fn create(
    State(shared): Site,
    Extension(visibility): Extension<Visibility>,
    body: Bytes,
) -> Answer {
    let body = parse(&body)?;
    create_one(&mut shared.state(), &body, visibility).map(Reply::Created)
}

/// `POST /rest/api/3/issue/bulk`
pub(super) async fn create_many(
    State(shared): Site,
    Extension(visibility): Extension<Visibility>,
    body: Bytes,
) -> Answer {
    let body: Value = parse(&body)?;
    let updates = body["issueUpdates"]
        .as_array()
        .filter(|updates| !updates.is_empty());
    let Some(updates) = updates.filter(|updates| updates.len() <= BULK_CREATE) else {
        return Err(Refusal::message(
            400,
            "Between 1 and 50 issues can be created at once.",
        ));
    };
    let mut state = shared.state();
    let mut issues = Vec::new();
    let mut errors = Vec::new();
    for (place, update) in updates.iter().enumerate() {
        match create_one(&mut state, update, visibility) {
            Ok(created) => issues.push(created),
            Err(refusal) => errors.push(json!({
                "status": refusal.status, "failedElementNumber": place, "elementErrors": refusal.body,
            })),
        }
    }
    if issues.is_empty() {
        return Err(Refusal::bulk(errors));
    }
    Ok(Reply::Created(json!({"issues": issues, "errors": errors})))
}

fn create_one(
    state: &mut state::State,
    body: &Value,
    visibility: Visibility,
) -> Result<Value, Refusal> {
    let fields = validate::issue_body(body)?;
    let checked = validate::properties(body)
        .and_then(|properties| Ok((validate::create(state, &fields)?, properties)));
    let (accepted, properties) = match checked {
        Ok(checked) => checked,
        Err(refusal) => {
            if let Ok((project, _)) = validate::place(state, &fields) {
                let key = project.key.clone();
                state.refused(&key);
            }
            return Err(refusal);
        }
    };
    let properties = properties.into_iter().collect();
    let base = state.base.clone();
    let issue = state.insert(&accepted.project, accepted.fields, properties, visibility);
    Ok(json!({
        "id": issue.id.to_string(), "key": issue.key,
        "self": format!("{base}/rest/api/3/issue/{}", issue.id),
    }))
}

/// `GET /rest/api/3/issue/{issue}`
pub(super) async fn get(
    State(shared): Site,
    Path(key): Path<String>,
    Query(query): Query<ViewQuery>,
) -> Answer {
    let view = View::from_query(query.fields.as_deref(), query.properties.as_deref());
    let mut state = shared.state();
    let id = visible(&mut state, &key)?;
    let issue = state.issue(&id.to_string()).ok_or_else(Refusal::no_issue)?;
    let mut shown = render::issue(&state, issue, &view);
    if query
        .expand
        .is_some_and(|all| all.split(',').any(|one| one == "changelog"))
    {
        shown["changelog"] = render::changelog(issue);
    }
    Ok(Reply::Found(shown))
}

/// The id of an issue that the account may see and that reads by key do not miss just now.
pub(super) fn visible(state: &mut state::State, key: &str) -> Result<u64, Refusal> {
    let allowed = state.site.allows("BROWSE_PROJECTS");
    let found = state.read(key).map(|issue| issue.id);
    found.filter(|_| allowed).ok_or_else(Refusal::no_issue)
}

/// The body of a bulk read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fetch {
    issue_ids_or_keys: Vec<String>,
    #[serde(default)]
    fields: Vec<String>,
    #[serde(default)]
    properties: Vec<String>,
    #[serde(default)]
    expand: Vec<String>,
}

/// `POST /rest/api/3/issue/bulkfetch`
pub(super) async fn fetch(State(shared): Site, body: Bytes) -> Answer {
    let fetch: Fetch = parse(&body)?;
    if fetch.issue_ids_or_keys.is_empty() || fetch.issue_ids_or_keys.len() > BULK_FETCH {
        return Err(Refusal::message(
            400,
            "Between 1 and 100 issues can be fetched at once.",
        ));
    }
    let view = View {
        fields: fetch.fields,
        properties: fetch.properties,
    };
    let mut state = shared.state();
    let mut found = BTreeMap::new();
    // What is missing or invisible is left out without a word; errors are for what may be read later.
    for key in &fetch.issue_ids_or_keys {
        if let Ok(id) = visible(&mut state, key) {
            found.insert(id, ());
        }
    }
    // Jira answers in the order of ids and names each issue once.
    let issues: Vec<Value> = found
        .keys()
        .filter_map(|id| state.issue(&id.to_string()))
        .map(|issue| {
            let mut shown = render::issue(&state, issue, &view);
            if fetch.expand.iter().any(|one| one == "changelog") {
                shown["changelog"] = render::changelog(issue);
            }
            shown
        })
        .collect();
    Ok(Reply::Found(json!({"issues": issues, "issueErrors": []})))
}

/// `PUT /rest/api/3/issue/{issue}`
pub(super) async fn edit(State(shared): Site, Path(key): Path<String>, body: Bytes) -> Answer {
    let body: Value = parse(&body)?;
    let mut state = shared.state();
    let id = visible(&mut state, &key)?.to_string();
    if !state.site.allows("EDIT_ISSUES") {
        return Err(Refusal::message(
            403,
            "You do not have permission to edit issues in this project.",
        ));
    }
    let fields = validate::issue_body(&body)?;
    let properties = validate::properties(&body)?;
    let issue = state.issue(&id).ok_or_else(Refusal::no_issue)?;
    let project = state
        .site
        .project(&issue.project)
        .ok_or_else(Refusal::no_issue)?;
    let type_id = issue.fields.get("issuetype").map(|kind| &kind["id"]);
    let kind = project
        .issue_types
        .iter()
        .find(|kind| type_id.is_some_and(|id| *id == kind.id));
    let changed = validate::edit(
        &state,
        project,
        kind.ok_or_else(Refusal::no_issue)?,
        &fields,
    )?;
    let (at, account) = (state.now(), render::account(&state));
    let issue = state.issue_mut(&id).ok_or_else(Refusal::no_issue)?;
    record_change(issue, &changed, at, &account);
    issue.fields.extend(changed);
    issue.properties.extend(properties);
    Ok(Reply::Empty)
}

/// Query parameters of a delete.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeleteQuery {
    delete_subtasks: Option<String>,
}

/// `DELETE /rest/api/3/issue/{issue}`
pub(super) async fn delete(
    State(shared): Site,
    Path(key): Path<String>,
    Query(query): Query<DeleteQuery>,
) -> Answer {
    let mut state = shared.state();
    let id = visible(&mut state, &key)?;
    if !state.site.allows("DELETE_ISSUES") {
        return Err(Refusal::message(
            403,
            "You do not have permission to delete issues in this project.",
        ));
    }
    let name = id.to_string();
    let subtasks: Vec<u64> = state
        .issues()
        .filter(|issue| {
            let field = |id: &str| issue.fields.get(id).unwrap_or(&Value::Null);
            field("parent")["id"] == name && field("issuetype")["subtask"] == true
        })
        .map(|issue| issue.id)
        .collect();
    if !subtasks.is_empty() && query.delete_subtasks.as_deref() != Some("true") {
        let text = format!(
            "The issue '{key}' has subtasks. You must specify the 'deleteSubtasks' parameter to delete this issue and all its subtasks."
        );
        return Err(Refusal::message(400, text));
    }
    for id in subtasks.into_iter().chain([id]) {
        state.remove(id);
    }
    Ok(Reply::Empty)
}
