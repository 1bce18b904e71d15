//! The value of one field: what Jira takes, what it then shows, and the words with which it refuses.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{
    fields::{Field, FieldKind},
    project::{IssueType, Project, SprintState},
    render,
    state::State,
};

/// Turns what was sent into what will be read.
///
/// # Errors
/// Jira's text for the field.
pub(super) fn accept(
    state: &State,
    project: &Project,
    kind: &IssueType,
    field: &Field,
    value: &Value,
) -> Result<Value, String> {
    if value.is_null() && !matches!(field.kind, FieldKind::Summary | FieldKind::User) {
        return Ok(Value::Null);
    }
    match &field.kind {
        FieldKind::Summary => summary(value),
        FieldKind::Document if value.is_object() => Ok(value.clone()),
        FieldKind::Document => Err(
            "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
                .into(),
        ),
        FieldKind::IssueType => Ok(render::issue_type(kind)),
        FieldKind::Project => Ok(render::project_ref(&state.base, project)),
        FieldKind::Priority => priority(project, value),
        FieldKind::User => user(state, project, value),
        FieldKind::Labels => labels(value),
        FieldKind::Parent => parent(state, kind, value),
        FieldKind::Components => components(project, value),
        FieldKind::Number if value.is_number() => Ok(value.clone()),
        FieldKind::Number => Err("Operation value must be a number".into()),
        FieldKind::Sprint => sprint(state, project, value),
        FieldKind::Date => date(value),
        FieldKind::Text if value.is_string() => Ok(value.clone()),
        FieldKind::Text => Err("Operation value must be a string".into()),
        FieldKind::Option(options) => option(field, options, value),
    }
}

fn summary(value: &Value) -> Result<Value, String> {
    let text = match value {
        Value::String(text) => text.trim(),
        Value::Null => "",
        _ => return Err("Operation value must be a string".into()),
    };
    if text.is_empty() {
        Err("You must specify a summary of the issue.".into())
    } else if text.contains(['\n', '\r']) {
        Err("The summary is invalid because it contains newline characters.".into())
    } else if text.chars().count() > 255 {
        Err("Summary can't exceed 255 characters.".into())
    } else {
        Ok(text.into())
    }
}

fn priority(project: &Project, value: &Value) -> Result<Value, String> {
    project
        .priorities
        .iter()
        .find(|priority| value["id"] == priority.id || value["name"] == priority.name)
        .map(render::priority)
        .ok_or_else(|| "The priority selected is invalid.".into())
}

fn user(state: &State, project: &Project, value: &Value) -> Result<Value, String> {
    if value.is_null() {
        return match state.site.unassigned_issues_allowed {
            true => Ok(Value::Null),
            false => Err("Issues must be assigned.".into()),
        };
    }
    let account_id = value["accountId"].as_str().or_else(|| value["id"].as_str());
    let Some(account_id) = account_id else {
        return Err("expected Object containing an accountId".into());
    };
    match state.site.user(account_id) {
        None => Err(format!("User '{account_id}' does not exist.")),
        Some(user) if !user.active || project.unassignable.contains(account_id) => {
            Err(format!("User '{account_id}' cannot be assigned issues."))
        }
        Some(user) => Ok(render::user(&state.base, user)),
    }
}

fn labels(value: &Value) -> Result<Value, String> {
    let Some(labels) = value.as_array() else {
        return Err("Operation value must be an array of strings".into());
    };
    for label in labels {
        match label.as_str() {
            None => return Err("Operation value must be an array of strings".into()),
            Some(label) if label.contains(char::is_whitespace) => {
                return Err(format!(
                    "The label '{label}' contains spaces which is invalid."
                ));
            }
            Some(label) if label.is_empty() || label.chars().count() > 255 => {
                return Err("A label has 1 to 255 characters.".into());
            }
            Some(_) => {}
        }
    }
    Ok(value.clone())
}

fn parent(state: &State, kind: &IssueType, value: &Value) -> Result<Value, String> {
    let name = value["key"].as_str().or_else(|| value["id"].as_str());
    let Some(parent) = name.and_then(|name| state.issue(name)) else {
        return Err("Could not find issue by id or key.".into());
    };
    let level = parent
        .fields
        .get("issuetype")
        .and_then(|kind| kind["hierarchyLevel"].as_i64());
    if level != Some(i64::from(kind.level) + 1) {
        return Err("Given parent work item does not belong to appropriate hierarchy.".into());
    }
    Ok(render::linked_issue(&state.base, parent))
}

fn components(project: &Project, value: &Value) -> Result<Value, String> {
    let Some(given) = value.as_array() else {
        return Err("Operation value must be an array".into());
    };
    let find = |component: &Value| {
        let known = project.components.iter().zip(10_000_u64..);
        known
            .map(|(name, id)| json!({"id": id.to_string(), "name": name}))
            .find(|known| component["name"] == known["name"] || component["id"] == known["id"])
            .ok_or_else(|| format!("Component name {} is not valid", component["name"]))
    };
    given.iter().map(find).collect()
}

fn sprint(state: &State, project: &Project, value: &Value) -> Result<Value, String> {
    let Some(id) = value.as_u64() else {
        return Err("Number value expected as the Sprint id.".into());
    };
    let board = project.board.as_ref().map_or(0, |board| board.id);
    match project.sprint(id) {
        None => Err(format!("Sprint with id '{id}' does not exist.")),
        Some(sprint) if sprint.state == SprintState::Closed => {
            Err("Issue can be assigned only active or future sprints.".into())
        }
        Some(sprint) => Ok(json!([render::sprint(&state.base, board, sprint)])),
    }
}

fn date(value: &Value) -> Result<Value, String> {
    let Some(text) = value.as_str() else {
        return Err("Operation value must be a string".into());
    };
    match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(_) if text.len() == 10 => Ok(value.clone()),
        _ => Err(format!("Error parsing date string: {text}")),
    }
}

fn option(field: &Field, options: &[String], value: &Value) -> Result<Value, String> {
    let known = |option: &&String| value["value"] == option.as_str();
    match options.iter().position(|option| known(&option)) {
        Some(place) => Ok(json!({"id": option_id(field, place), "value": options[place]})),
        None => Err("Specify a valid 'id' or 'name' for the option".into()),
    }
}

/// The id of an option: made of its field's number, so that no two fields share one.
pub(super) fn option_id(field: &Field, place: usize) -> String {
    let digits: String = field.id.chars().filter(char::is_ascii_digit).collect();
    format!("{digits}{place:02}")
}
