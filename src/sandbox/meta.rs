//! What can be created, and what the site is: projects, create screens, priorities, fields, switches.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Refusal, Reply},
    fields::{Field, FieldKind},
    issues,
    page::Page,
    project::{IssueType, Project},
    render,
    shared::Shared,
    values,
};

type Site = State<Arc<Shared>>;

/// The largest page of create metadata.
const META_PAGE: u64 = 200;

fn no_project(key: &str) -> Refusal {
    Refusal::message(404, format!("No project could be found with key '{key}'."))
}

/// `GET /rest/api/3/issue/createmeta/{project}/issuetypes`
pub(super) async fn create_types(
    State(shared): Site,
    Path(project): Path<String>,
    Query(page): Query<Page>,
) -> Answer {
    let state = shared.state();
    let found = state
        .site
        .project(&project)
        .filter(|_| state.site.allows("CREATE_ISSUES"));
    let types = &found.ok_or_else(|| no_project(&project))?.issue_types;
    let types = types.iter().map(render::issue_type).collect();
    Ok(Reply::Found(page.of("issueTypes", types, META_PAGE)))
}

/// `GET /rest/api/3/issue/createmeta/{project}/issuetypes/{type}`
pub(super) async fn create_fields(
    State(shared): Site,
    Path((project, kind)): Path<(String, String)>,
    Query(page): Query<Page>,
) -> Answer {
    let state = shared.state();
    let found = state
        .site
        .project(&project)
        .filter(|_| state.site.allows("CREATE_ISSUES"));
    let project = found.ok_or_else(|| no_project(&project))?;
    let Some(kind) = project.issue_types.iter().find(|known| known.id == kind) else {
        return Err(Refusal::message(404, "The issue type could not be found."));
    };
    let fields = project
        .screen(&kind.name)
        .filter(|field| field.id != "assignee" || state.site.allows("ASSIGN_ISSUES"))
        .map(|field| field_meta(&state.base, project, kind, field))
        .collect();
    Ok(Reply::Found(page.of("fields", fields, META_PAGE)))
}

/// `GET /rest/api/3/issue/{issue}/editmeta`: no fields where the account may not edit.
pub(super) async fn edit_fields(State(shared): Site, Path(key): Path<String>) -> Answer {
    let mut state = shared.state();
    let id = issues::visible(&mut state, &key)?;
    let issue = state.issue(&id.to_string()).ok_or_else(Refusal::no_issue)?;
    let project = state.site.project(&issue.project);
    let project = project.ok_or_else(Refusal::no_issue)?;
    let type_id = issue.fields.get("issuetype").map(|kind| &kind["id"]);
    let kind = project
        .issue_types
        .iter()
        .find(|kind| type_id.is_some_and(|id| *id == kind.id));
    let kind = kind.ok_or_else(Refusal::no_issue)?;
    let fields: Map<String, Value> = project
        .screen(&kind.name)
        .filter(|_| state.site.allows("EDIT_ISSUES"))
        .filter(|field| field.kind != FieldKind::Project)
        .filter(|field| field.id != "assignee" || state.site.allows("ASSIGN_ISSUES"))
        .map(|field| {
            let mut meta = field_meta(&state.base, project, kind, field);
            if let Some(meta) = meta.as_object_mut() {
                meta.remove("fieldId");
            }
            (field.id.clone(), meta)
        })
        .collect();
    Ok(Reply::Found(json!({ "fields": fields })))
}

fn field_meta(base: &str, project: &Project, kind: &IssueType, field: &Field) -> Value {
    let mut meta = json!({
        "fieldId": field.id, "key": field.id, "name": field.name, "schema": field.schema(),
        "required": project.is_required(&kind.name, &field.id),
        "hasDefaultValue": field.kind == FieldKind::Priority, "operations": field.operations(),
    });
    let allowed: Option<Vec<Value>> = match &field.kind {
        FieldKind::Priority => Some(project.priorities.iter().map(render::priority).collect()),
        FieldKind::IssueType => Some(vec![render::issue_type(kind)]),
        FieldKind::Project => Some(vec![render::project_ref(base, project)]),
        FieldKind::Components => {
            let named = project.components.iter().zip(10_000_u64..);
            Some(
                named
                    .map(|(name, id)| json!({"id": id.to_string(), "name": name}))
                    .collect(),
            )
        }
        FieldKind::Option(options) => {
            let named = options.iter().enumerate();
            Some(named.map(|(place, value)| json!({"id": values::option_id(field, place), "value": value})).collect())
        }
        _ => None,
    };
    if let Some(allowed) = allowed {
        meta["allowedValues"] = allowed.into();
    }
    if field.kind == FieldKind::User {
        let search = format!(
            "{base}/rest/api/3/user/assignable/search?project={}&query=",
            project.key
        );
        meta["autoCompleteUrl"] = search.into();
    }
    meta
}

fn whole_project(base: &str, project: &Project) -> Value {
    let mut shown = render::project_ref(base, project);
    shown["issueTypes"] = project.issue_types.iter().map(render::issue_type).collect();
    shown["style"] = "classic".into();
    shown["isPrivate"] = false.into();
    shown["assigneeType"] = "UNASSIGNED".into();
    shown
}

/// `GET /rest/api/3/project/{project}`
pub(super) async fn project(State(shared): Site, Path(key): Path<String>) -> Answer {
    let state = shared.state();
    let found = state
        .site
        .project(&key)
        .filter(|_| state.site.allows("BROWSE_PROJECTS"));
    let project = found.ok_or_else(|| no_project(&key))?;
    Ok(Reply::Found(whole_project(&state.base, project)))
}

/// Query parameters of a search for projects.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProjectQuery {
    query: Option<String>,
    start_at: Option<u64>,
    max_results: Option<u64>,
}

/// `GET /rest/api/3/project/search`
pub(super) async fn projects(State(shared): Site, Query(query): Query<ProjectQuery>) -> Answer {
    let page = Page {
        start_at: query.start_at,
        max_results: query.max_results,
    };
    let wanted = query.query.unwrap_or_default().to_lowercase();
    let state = shared.state();
    let found = state
        .site
        .projects
        .iter()
        .filter(|_| state.site.allows("BROWSE_PROJECTS"))
        .filter(|project| {
            project.key.to_lowercase().contains(&wanted)
                || project.name.to_lowercase().contains(&wanted)
        })
        .map(|project| whole_project(&state.base, project))
        .collect();
    Ok(Reply::Found(page.of("values", found, 100)))
}

/// `GET /rest/api/3/priority`
pub(super) async fn priorities(State(shared): Site) -> Answer {
    let state = shared.state();
    let mut found: Vec<Value> = Vec::new();
    for priority in state
        .site
        .projects
        .iter()
        .flat_map(|project| &project.priorities)
    {
        if found.iter().all(|known| known["name"] != priority.name) {
            found.push(render::priority(priority));
        }
    }
    Ok(Reply::Found(found.into()))
}

/// `GET /rest/api/3/field`
pub(super) async fn fields(State(shared): Site) -> Answer {
    let state = shared.state();
    let mut found: Vec<Value> = Vec::new();
    for field in state
        .site
        .projects
        .iter()
        .flat_map(|project| &project.fields)
    {
        if found.iter().all(|known| known["id"] != field.id) {
            found.push(json!({
                "id": field.id, "key": field.id, "name": field.name, "custom": field.is_custom(),
                "orderable": true, "navigable": true, "searchable": true,
                "clauseNames": [field.id], "schema": field.schema(),
            }));
        }
    }
    Ok(Reply::Found(found.into()))
}

/// `GET /rest/api/3/configuration`
pub(super) async fn configuration(State(shared): Site) -> Answer {
    let state = shared.state();
    Ok(Reply::Found(json!({
        "votingEnabled": true, "watchingEnabled": true, "subTasksEnabled": true,
        "unassignedIssuesAllowed": state.site.unassigned_issues_allowed,
        "issueLinkingEnabled": state.site.issue_linking_enabled,
        "attachmentsEnabled": state.site.attachments_enabled,
        "timeTrackingEnabled": false,
    })))
}

/// `GET /rest/api/3/serverInfo`
pub(super) async fn server_info(State(shared): Site) -> Answer {
    let state = shared.state();
    Ok(Reply::Found(json!({
        "baseUrl": state.base, "displayUrl": state.base, "version": "1001.0.0-SNAPSHOT",
        "versionNumbers": [1001, 0, 0], "deploymentType": "Cloud", "buildNumber": 100_000,
        "buildDate": "2026-01-01T00:00:00.000+00:00", "serverTime": render::time(state.now()),
        "scmInfo": "sandbox", "serverTitle": state.site.title,
    })))
}
