//! People and permissions: who can be found and assigned, and what the account may do.

use std::sync::Arc;

use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Refusal, Reply},
    page::Page,
    render,
    shared::Shared,
    site::{PERMISSIONS, User},
    state,
};

type Site = State<Arc<Shared>>;

/// The largest page of a search for people, and as far as Jira looks at all.
const PEOPLE_PAGE: u64 = 1000;

/// Query parameters of a search for people.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PeopleQuery {
    query: Option<String>,
    account_id: Option<String>,
    project: Option<String>,
    issue_key: Option<String>,
    start_at: Option<u64>,
    max_results: Option<u64>,
}

impl PeopleQuery {
    fn find(&self, state: &state::State, fit: impl Fn(&User) -> bool) -> Value {
        let page = Page {
            start_at: self.start_at,
            max_results: self.max_results,
        };
        let query = self.query.as_deref().unwrap_or_default().to_lowercase();
        let found = state
            .site
            .users
            .iter()
            .filter(|user| fit(user) && user.matches(&query))
            .filter(|user| {
                self.account_id
                    .as_ref()
                    .is_none_or(|id| *id == user.account_id)
            })
            .map(|user| render::user(&state.base, user))
            .collect();
        page.cut(found, PEOPLE_PAGE).0.into()
    }
}

/// `GET /rest/api/3/user/assignable/search`
pub(super) async fn assignable(State(shared): Site, Query(query): Query<PeopleQuery>) -> Answer {
    let state = shared.state();
    let issue = query.issue_key.as_deref().and_then(|key| state.issue(key));
    let key = query
        .project
        .as_deref()
        .or(issue.map(|issue| issue.project.as_str()));
    let Some(key) = key else {
        return Err(Refusal::message(
            400,
            "Either the 'project' or the 'issueKey' query parameter is required.",
        ));
    };
    let Some(project) = state.site.project(key) else {
        return Err(Refusal::message(
            404,
            format!("No project could be found with key '{key}'."),
        ));
    };
    let fit = |user: &User| user.active && !project.unassignable.contains(&user.account_id);
    Ok(Reply::Found(query.find(&state, fit)))
}

/// `GET /rest/api/3/user/search`
pub(super) async fn search(State(shared): Site, Query(query): Query<PeopleQuery>) -> Answer {
    if query.query.is_none() && query.account_id.is_none() {
        return Err(Refusal::message(
            400,
            "The 'query' or the 'accountId' query parameter is required.",
        ));
    }
    Ok(Reply::Found(query.find(&shared.state(), |_| true)))
}

/// `GET /rest/api/3/user`
pub(super) async fn user(State(shared): Site, Query(query): Query<PeopleQuery>) -> Answer {
    let state = shared.state();
    let found = query
        .account_id
        .as_deref()
        .and_then(|id| state.site.user(id));
    match found {
        Some(user) => Ok(Reply::Found(render::user(&state.base, user))),
        None => Err(Refusal::message(
            404,
            "Specified user does not exist or you do not have required permissions",
        )),
    }
}

/// `GET /rest/api/3/myself`
pub(super) async fn myself(State(shared): Site) -> Answer {
    let state = shared.state();
    match state.site.users.first() {
        Some(user) => Ok(Reply::Found(render::user(&state.base, user))),
        None => Err(Refusal::message(404, "The site has no users.")),
    }
}

/// Query parameters of a question for permissions.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PermissionQuery {
    permissions: Option<String>,
    project_key: Option<String>,
}

/// `GET /rest/api/3/mypermissions`
pub(super) async fn permissions(
    State(shared): Site,
    Query(query): Query<PermissionQuery>,
) -> Answer {
    let state = shared.state();
    if let Some(key) = query
        .project_key
        .as_deref()
        .filter(|key| state.site.project(key).is_none())
    {
        return Err(Refusal::message(
            404,
            format!("No project could be found with key '{key}'."),
        ));
    }
    let Some(asked) = query.permissions else {
        return Err(Refusal::message(
            400,
            "The 'permissions' query parameter is required.",
        ));
    };
    let mut shown = Map::new();
    for key in asked.split(',').map(str::trim) {
        let Some(place) = PERMISSIONS.iter().position(|known| *known == key) else {
            return Err(Refusal::message(
                400,
                format!("Unrecognized permission: {key}"),
            ));
        };
        let permission = json!({
            "id": place.to_string(), "key": key, "name": key, "type": "PROJECT",
            "description": "", "havePermission": state.site.allows(key),
        });
        shown.insert(key.to_owned(), permission);
    }
    Ok(Reply::Found(json!({"permissions": shown})))
}
