//! Whether Jira takes the fields of an issue, in the order in which Jira looks: project and type, screen, values, documents.

use serde_json::{Map, Value, json};

use super::{
    adf,
    answer::Refusal,
    fields::{Field, FieldKind},
    project::{IssueType, Project},
    render,
    state::State,
    values,
};

/// Fields that passed, as they are read afterwards.
pub(super) struct Accepted {
    /// The project's key.
    pub(super) project: String,
    /// The fields.
    pub(super) fields: Map<String, Value>,
}

/// The project and type that the fields of a create name.
pub(super) fn place<'a>(
    state: &'a State,
    fields: &Map<String, Value>,
) -> Result<(&'a Project, &'a IssueType), Refusal> {
    let named = |field: &str, keys: [&str; 2]| -> Option<String> {
        let value = fields.get(field)?;
        keys.iter()
            .find_map(|key| value.get(key)?.as_str().map(Into::into))
    };
    let project = named("project", ["key", "id"]).and_then(|name| state.site.project(&name));
    let Some(project) = project else {
        return Err(Refusal::field("project", "valid project is required"));
    };
    if !state.site.allows("BROWSE_PROJECTS") || !state.site.allows("CREATE_ISSUES") {
        let text = "You cannot create issues in this project.";
        return Err(Refusal::field("project", text));
    }
    let name = named("issuetype", ["id", "name"]);
    let kind = project.issue_types.iter().find(|kind| {
        name.as_ref()
            .is_some_and(|name| *name == kind.id || *name == kind.name)
    });
    match kind {
        Some(kind) => Ok((project, kind)),
        None => Err(Refusal::field("issuetype", "Specify a valid issue type")),
    }
}

/// Checks the fields of a new issue.
pub(super) fn create(state: &State, fields: &Map<String, Value>) -> Result<Accepted, Refusal> {
    let (project, kind) = place(state, fields)?;
    on_screen(state, project, kind, fields)?;
    let mut errors = Map::new();
    for field in project.screen(&kind.name) {
        let given = fields.get(&field.id).is_some_and(|value| !value.is_null());
        if !given && project.is_required(&kind.name, &field.id) {
            errors.insert(field.id.clone(), required(field).into());
        }
    }
    if !fields.contains_key("assignee") && !state.site.unassigned_issues_allowed {
        errors.insert("assignee".into(), "Issues must be assigned.".into());
    }
    if kind.level < 0 && fields.get("parent").is_none_or(Value::is_null) {
        let text = "Issue type is a sub-task but parent issue key or id not specified.";
        errors.insert("issuetype".into(), text.into());
    }
    let mut accepted = checked(state, project, kind, fields, errors)?;
    accepted.insert("issuetype".into(), render::issue_type(kind));
    if let Some(middle) = project.priorities.get(project.priorities.len() / 2) {
        // A create without a priority gets the scheme's default.
        accepted
            .entry("priority")
            .or_insert_with(|| render::priority(middle));
    }
    Ok(Accepted {
        project: project.key.clone(),
        fields: accepted,
    })
}

/// Checks the fields of a change to an issue.
pub(super) fn edit(
    state: &State,
    project: &Project,
    kind: &IssueType,
    fields: &Map<String, Value>,
) -> Result<Map<String, Value>, Refusal> {
    on_screen(state, project, kind, fields)?;
    let errors = fields
        .iter()
        .filter(|(id, value)| value.is_null() && project.is_required(&kind.name, id))
        .filter_map(|(id, _)| project.fields.iter().find(|field| field.id == *id))
        .map(|field| (field.id.clone(), Value::from(required(field))))
        .collect();
    checked(state, project, kind, fields, errors)
}

fn required(field: &Field) -> String {
    match field.kind {
        FieldKind::Summary => "You must specify a summary of the issue.".into(),
        _ => format!("{} is required.", field.name),
    }
}

/// Jira refuses fields that are off the screen before it looks at any value.
fn on_screen(
    state: &State,
    project: &Project,
    kind: &IssueType,
    fields: &Map<String, Value>,
) -> Result<(), Refusal> {
    let settable = |id: &str| {
        let lacking = match id {
            "assignee" => !state.site.allows("ASSIGN_ISSUES"),
            "duedate" | super::fields::SPRINT => !state.site.allows("SCHEDULE_ISSUES"),
            _ => false,
        };
        !lacking && project.screen(&kind.name).any(|field| field.id == id)
    };
    let errors: Map<String, Value> = fields
        .keys()
        .filter(|id| !settable(id))
        .map(|id| {
            let text = format!(
                "Field '{id}' cannot be set. It is not on the appropriate screen, or unknown."
            );
            (id.clone(), text.into())
        })
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Refusal::fields(errors))
    }
}

/// The name under which a refusal speaks of a field: Jira has one of its own for a parent.
fn refused_as(field: &Field) -> &str {
    match field.kind {
        FieldKind::Parent => "parentId",
        _ => &field.id,
    }
}

fn checked(
    state: &State,
    project: &Project,
    kind: &IssueType,
    fields: &Map<String, Value>,
    mut errors: Map<String, Value>,
) -> Result<Map<String, Value>, Refusal> {
    let mut accepted = Map::new();
    for field in project.screen(&kind.name) {
        let Some(value) = fields.get(&field.id) else {
            continue;
        };
        match values::accept(state, project, kind, field, value) {
            Ok(value) => {
                accepted.insert(field.id.clone(), value);
            }
            Err(text) => {
                errors
                    .entry(refused_as(field))
                    .or_insert_with(|| text.into());
            }
        }
    }
    if !errors.is_empty() {
        return Err(Refusal::fields(errors));
    }
    for field in project
        .fields
        .iter()
        .filter(|field| field.kind == FieldKind::Document)
    {
        if let Some(document) = accepted.get(&field.id).filter(|value| !value.is_null()) {
            check_document(document)?;
        }
    }
    Ok(accepted)
}

/// A bad document is refused without a word on what is bad.
fn check_document(document: &Value) -> Result<(), Refusal> {
    match adf::check(document) {
        Err(_) => Err(Refusal::message(400, "INVALID_INPUT")),
        Ok(characters) if characters > adf::TEXT_LIMIT => {
            Err(Refusal::message(400, "CONTENT_LIMIT_EXCEEDED"))
        }
        Ok(_) => Ok(()),
    }
}

/// The entity properties of a create or a change.
pub(super) fn properties(body: &Value) -> Result<Vec<(String, Value)>, Refusal> {
    let bad = || Refusal::message(400, "The entity properties are invalid.");
    let given = match body.get("properties") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(given) => given.as_array().ok_or_else(bad)?,
    };
    given
        .iter()
        .map(|property| {
            let key = property["key"].as_str().ok_or_else(bad)?;
            let value = property.get("value").ok_or_else(bad)?;
            property_fits(key, value)?;
            Ok((key.to_owned(), value.clone()))
        })
        .collect()
}

/// A property's key has up to 255 characters and its value up to 32,768.
pub(super) fn property_fits(key: &str, value: &Value) -> Result<(), Refusal> {
    let fits = !key.is_empty()
        && key.chars().count() <= 255
        && value.to_string().chars().count() <= 32_768;
    if fits {
        Ok(())
    } else {
        Err(Refusal::message(
            400,
            "The property key or value is too long.",
        ))
    }
}

/// The body of a create or a change, or a refusal of what the sandbox does not play.
pub(super) fn issue_body(body: &Value) -> Result<Map<String, Value>, Refusal> {
    let used = |key: &str| {
        body.get(key)
            .is_some_and(|value| *value != json!({}) && !value.is_null())
    };
    if used("update") || used("transition") {
        let text = "The sandbox takes `fields` and `properties` only.";
        return Err(Refusal::message(400, text));
    }
    match body.get("fields") {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(fields)) => Ok(fields.clone()),
        Some(_) => Err(Refusal::message(400, "fields must be an object.")),
    }
}
