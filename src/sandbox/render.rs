//! How the site's things look in Jira's JSON.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::{
    project::{IssueType, Priority, Project, Sprint, SprintState},
    site::{LinkType, User},
    state::{Attachment, Issue, Link, State},
};

/// How many changes an issue brings along.
const CHANGES: usize = 40;

/// Times as Jira's JSON has them.
pub(super) fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, false)
}

pub(super) fn issue_type(kind: &IssueType) -> Value {
    json!({
        "id": kind.id, "name": kind.name, "description": "",
        "subtask": kind.level < 0, "hierarchyLevel": kind.level,
    })
}

pub(super) fn priority(priority: &Priority) -> Value {
    json!({"id": priority.id, "name": priority.name})
}

pub(super) fn user(base: &str, user: &User) -> Value {
    let mut shown = json!({
        "self": format!("{base}/rest/api/3/user?accountId={}", user.account_id),
        "accountId": user.account_id, "accountType": "atlassian",
        "displayName": user.name, "active": user.active, "timeZone": "Etc/UTC",
    });
    if user.email_visible {
        shown["emailAddress"] = user.email.clone().into();
    }
    shown
}

pub(super) fn project_ref(base: &str, project: &Project) -> Value {
    json!({
        "self": format!("{base}/rest/api/3/project/{}", project.id),
        "id": project.id.to_string(), "key": project.key, "name": project.name,
        "projectTypeKey": "software", "simplified": false,
    })
}

pub(super) fn sprint(base: &str, board: u64, sprint: &Sprint) -> Value {
    let mut shown = json!({
        "id": sprint.id, "self": format!("{base}/rest/agile/1.0/sprint/{}", sprint.id),
        "name": sprint.name, "state": sprint.state, "originBoardId": board, "goal": "",
    });
    // A sprint that was started has its dates; one that is planned may do without.
    if sprint.state != SprintState::Future {
        shown["startDate"] = "2026-01-05T09:00:00.000Z".into();
        shown["endDate"] = "2026-01-19T09:00:00.000Z".into();
    }
    shown
}

pub(super) fn link_type(base: &str, kind: &LinkType) -> Value {
    json!({
        "id": kind.id, "name": kind.name, "inward": kind.inward, "outward": kind.outward,
        "self": format!("{base}/rest/api/3/issueLinkType/{}", kind.id),
    })
}

pub(super) fn attachment(state: &State, attachment: &Attachment) -> Value {
    let base = &state.base;
    let id = attachment.id;
    let author = state.site.users.first().map(|account| user(base, account));
    json!({
        "self": format!("{base}/rest/api/3/attachment/{id}"), "id": id.to_string(),
        "filename": attachment.filename, "author": author, "created": time(attachment.created),
        "size": attachment.size, "mimeType": attachment.mime_type,
        "content": format!("{base}/rest/api/3/attachment/content/{id}"),
    })
}

/// Whoever's token the sandbox takes.
pub(super) fn account(state: &State) -> Value {
    let account = state.site.users.first();
    account.map(|account| user(&state.base, account)).into()
}

fn status(issue: &Issue) -> Value {
    json!({"id": "10000", "name": issue.status})
}

/// The latest changes of an issue, as a read shows them that asks for them: the newest first.
pub(super) fn changelog(issue: &Issue) -> Value {
    let latest: Vec<&Value> = issue.changes.iter().rev().take(CHANGES).collect();
    json!({"startAt": 0, "maxResults": latest.len(), "total": issue.changes.len(), "histories": latest})
}

/// A list within a field, whole.
fn listed(name: &str, entries: &[Value]) -> Value {
    let total = entries.len();
    json!({"startAt": 0, "maxResults": total, "total": total, name: entries})
}

/// An issue as a link or a child shows it.
pub(super) fn linked_issue(base: &str, issue: &Issue) -> Value {
    let mut fields = Map::from_iter([("status".to_owned(), status(issue))]);
    for name in ["summary", "priority", "issuetype"] {
        if let Some(value) = issue.fields.get(name) {
            fields.insert(name.to_owned(), value.clone());
        }
    }
    json!({
        "id": issue.id.to_string(), "key": issue.key, "fields": fields,
        "self": format!("{base}/rest/api/3/issue/{}", issue.id),
    })
}

/// A link as one of its issues shows it: the other end is named by its own direction.
fn link_seen_from(state: &State, link: &Link, key: &str) -> Option<Value> {
    let base = &state.base;
    let (end, other) = if link.inward == key {
        ("outwardIssue", &link.outward)
    } else {
        ("inwardIssue", &link.inward)
    };
    let kind = state
        .site
        .link_types
        .iter()
        .find(|kind| kind.name == link.type_name)?;
    Some(json!({
        "id": link.id.to_string(), "self": format!("{base}/rest/api/3/issueLink/{}", link.id),
        "type": link_type(base, kind), end: linked_issue(base, state.issue(other)?),
    }))
}

fn all_fields(state: &State, issue: &Issue) -> Map<String, Value> {
    let mut fields = issue.fields.clone();
    let links: Vec<Value> = state
        .links
        .iter()
        .filter(|link| link.inward == issue.key || link.outward == issue.key)
        .filter_map(|link| link_seen_from(state, link, &issue.key))
        .collect();
    let files: Vec<Value> = state
        .attachments
        .iter()
        .filter(|file| file.issue == issue.key)
        .map(|file| attachment(state, file))
        .collect();
    let project = state.site.project(&issue.project);
    for field in project.into_iter().flat_map(|project| &project.fields) {
        fields.entry(field.id.clone()).or_insert(Value::Null);
    }
    fields.insert("issuelinks".into(), links.into());
    fields.insert("attachment".into(), files.into());
    fields.insert("status".into(), status(issue));
    fields.insert("comment".into(), listed("comments", &issue.comments));
    fields.insert("worklog".into(), listed("worklogs", &issue.worklogs));
    fields.insert("created".into(), time(issue.created).into());
    fields.insert(
        "project".into(),
        project
            .map(|project| project_ref(&state.base, project))
            .into(),
    );
    fields
}

fn subtasks(state: &State, issue: &Issue) -> Value {
    let id = issue.id.to_string();
    let under = |other: &&Issue| {
        let field = |name: &str| other.fields.get(name).unwrap_or(&Value::Null);
        field("parent")["id"] == id && field("issuetype")["subtask"] == true
    };
    let found = state.issues().filter(under);
    found
        .map(|other| linked_issue(&state.base, other))
        .collect::<Vec<_>>()
        .into()
}

/// What a caller asks to see of an issue.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) fields: Vec<String>,
    pub(super) properties: Vec<String>,
}

impl View {
    /// From query parameters, which hold lists with commas.
    pub(super) fn from_query(fields: Option<&str>, properties: Option<&str>) -> Self {
        let list = |text: Option<&str>| -> Vec<String> {
            text.into_iter()
                .flat_map(|text| text.split(','))
                .map(|word| word.trim().to_owned())
                .filter(|word| !word.is_empty())
                .collect()
        };
        Self {
            fields: list(fields),
            properties: list(properties),
        }
    }

    fn shows(&self, field: &str) -> bool {
        let all = self.fields.iter().all(|name| name.starts_with('-'))
            || self
                .fields
                .iter()
                .any(|name| matches!(name.as_str(), "*all" | "*navigable"));
        let named = self.fields.iter().any(|name| name == field);
        let refused = self
            .fields
            .iter()
            .any(|name| name.strip_prefix('-') == Some(field));
        (all || named) && !refused
    }
}

/// An issue as reads show it.
pub(super) fn issue(state: &State, issue: &Issue, view: &View) -> Value {
    let mut fields = all_fields(state, issue);
    if view.shows("subtasks") {
        fields.insert("subtasks".into(), subtasks(state, issue));
    }
    fields.retain(|name, _| view.shows(name));
    let mut shown = json!({
        "id": issue.id.to_string(), "key": issue.key, "fields": fields,
        "self": format!("{}/rest/api/3/issue/{}", state.base, issue.id),
    });
    if !view.properties.is_empty() {
        let all = view.properties.iter().any(|name| name == "*all");
        let properties: Map<String, Value> = issue
            .properties
            .iter()
            .filter(|(key, _)| all || view.properties.contains(key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        shown["properties"] = properties.into();
    }
    shown
}
