//! Boards and sprints.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, Query, State},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Refusal, Reply, parse},
    fields::SPRINT,
    page::Page,
    project::{Board, Project, Sprint, SprintState},
    properties::record_change,
    render,
    shared::Shared,
    state,
};

type Site = State<Arc<Shared>>;

/// How many issues one call moves into a sprint.
const MOVED: usize = 50;

/// Query parameters of lists of boards and sprints.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AgileQuery {
    project_key_or_id: Option<String>,
    state: Option<String>,
    start_at: Option<u64>,
    max_results: Option<u64>,
}

impl AgileQuery {
    fn page(&self) -> Page {
        Page {
            start_at: self.start_at,
            max_results: self.max_results,
        }
    }
}

/// `GET /rest/agile/1.0/board`
pub(super) async fn boards(State(shared): Site, Query(query): Query<AgileQuery>) -> Answer {
    let state = shared.state();
    let wanted = query.project_key_or_id.as_deref();
    if let Some(key) = wanted.filter(|key| state.site.project(key).is_none()) {
        return Err(Refusal::message(
            400,
            format!("No project could be found with key or id '{key}'."),
        ));
    }
    let boards = with_boards(&state)
        .filter(|(project, _)| {
            wanted.is_none_or(|key| project.key == key || project.id.to_string() == key)
        })
        .map(|(project, board)| board_value(&state.base, project, board))
        .collect();
    Ok(Reply::Found(query.page().of("values", boards, 50)))
}

/// `GET /rest/agile/1.0/board/{board}`
pub(super) async fn board(State(shared): Site, Path(id): Path<String>) -> Answer {
    let state = shared.state();
    let (project, board) = find_board(&state, &id)?;
    Ok(Reply::Found(board_value(&state.base, project, board)))
}

/// `GET /rest/agile/1.0/board/{board}/configuration`
pub(super) async fn configuration(State(shared): Site, Path(id): Path<String>) -> Answer {
    let state = shared.state();
    let (project, board) = find_board(&state, &id)?;
    let mut shown = json!({
        "id": board.id, "name": board.name, "type": "scrum",
        "self": format!("{}/rest/agile/1.0/board/{}/configuration", state.base, board.id),
        "location": {"type": "project", "projectKeyOrId": project.key},
        "columnConfig": {"columns": [{"name": "To Do", "statuses": []}], "constraintType": "none"},
        "estimation": {"type": "none"},
    });
    if let Some(field) = &board.estimation_field {
        let name = project
            .fields
            .iter()
            .find(|known| known.id == *field)
            .map(|known| known.name.as_str());
        shown["estimation"] = json!({"type": "field", "field": {"fieldId": field, "displayName": name.unwrap_or(field)}});
    }
    Ok(Reply::Found(shown))
}

/// `GET /rest/agile/1.0/board/{board}/sprint`
pub(super) async fn sprints(
    State(shared): Site,
    Path(id): Path<String>,
    Query(query): Query<AgileQuery>,
) -> Answer {
    let state = shared.state();
    let (_, board) = find_board(&state, &id)?;
    let states: Vec<String> = query
        .state
        .iter()
        .flat_map(|list| list.split(','))
        .map(str::to_owned)
        .collect();
    if let Some(bad) = states
        .iter()
        .find(|state| !matches!(state.as_str(), "active" | "future" | "closed"))
    {
        return Err(Refusal::message(
            400,
            format!("'{bad}' is not a sprint state."),
        ));
    }
    let sprints = board
        .sprints
        .iter()
        .map(|sprint| render::sprint(&state.base, board.id, sprint))
        .filter(|sprint| {
            states.is_empty() || states.iter().any(|state| sprint["state"] == state.as_str())
        })
        .collect();
    Ok(Reply::Found(query.page().of("values", sprints, 50)))
}

/// `GET /rest/agile/1.0/sprint/{sprint}`
pub(super) async fn sprint(State(shared): Site, Path(id): Path<String>) -> Answer {
    let state = shared.state();
    let (board, sprint) = find_sprint(&state, &id)?;
    Ok(Reply::Found(render::sprint(&state.base, board.id, sprint)))
}

/// `POST /rest/agile/1.0/sprint/{sprint}/issue`: all of the issues or none.
pub(super) async fn move_to_sprint(
    State(shared): Site,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let body: Value = parse(&body)?;
    let mut state = shared.state();
    let (board, sprint) = find_sprint(&state, &id)?;
    if sprint.state == SprintState::Closed {
        return Err(Refusal::message(400, "The sprint is closed."));
    }
    let keys: Option<Vec<&str>> = body["issues"]
        .as_array()
        .and_then(|keys| keys.iter().map(Value::as_str).collect());
    let Some(keys) = keys.filter(|keys| !keys.is_empty() && keys.len() <= MOVED) else {
        return Err(Refusal::message(
            400,
            "Between 1 and 50 issues can be moved at once.",
        ));
    };
    if !state.site.allows("SCHEDULE_ISSUES") || !state.site.allows("EDIT_ISSUES") {
        return Err(Refusal::message(
            403,
            "You do not have permission to schedule issues.",
        ));
    }
    if keys.iter().any(|key| state.issue(key).is_none()) {
        return Err(Refusal::message(
            400,
            "Issue does not exist or you do not have permission to see it.",
        ));
    }
    let value = json!([render::sprint(&state.base, board.id, sprint)]);
    let (at, account) = (state.now(), render::account(&state));
    for key in keys {
        if let Some(issue) = state.issue_mut(key) {
            let changed = Map::from_iter([(SPRINT.to_owned(), value.clone())]);
            record_change(issue, &changed, at, &account);
            issue.fields.extend(changed);
        }
    }
    Ok(Reply::Empty)
}

fn with_boards(state: &state::State) -> impl Iterator<Item = (&Project, &Board)> {
    let projects = state.site.projects.iter();
    projects.filter_map(|project| Some((project, project.board.as_ref()?)))
}

fn find_board<'a>(state: &'a state::State, id: &str) -> Result<(&'a Project, &'a Board), Refusal> {
    let found = with_boards(state).find(|(_, board)| board.id.to_string() == id);
    found.ok_or_else(|| Refusal::message(404, "The requested board cannot be viewed because it either does not exist or you do not have permission to view it."))
}

fn find_sprint<'a>(state: &'a state::State, id: &str) -> Result<(&'a Board, &'a Sprint), Refusal> {
    with_boards(state)
        .flat_map(|(_, board)| board.sprints.iter().map(move |sprint| (board, sprint)))
        .find(|(_, sprint)| sprint.id.to_string() == id)
        .ok_or_else(|| Refusal::message(404, "Sprint does not exist"))
}

fn board_value(base: &str, project: &Project, board: &Board) -> Value {
    json!({
        "id": board.id, "self": format!("{base}/rest/agile/1.0/board/{}", board.id),
        "name": board.name, "type": "scrum",
        "location": {
            "projectId": project.id, "displayName": format!("{} ({})", project.name, project.key),
            "projectName": project.name, "projectKey": project.key, "projectTypeKey": "software",
            "name": format!("{} ({})", project.name, project.key),
        },
    })
}
