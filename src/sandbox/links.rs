//! Links between issues. With `Blocks`, the inward issue blocks the outward one.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::{
    answer::{Answer, Refusal, Reply, parse},
    properties::log,
    render,
    shared::Shared,
    state::{self, Link},
};

type Site = State<Arc<Shared>>;

/// `GET /rest/api/3/issueLinkType`
pub(super) async fn types(State(shared): Site) -> Answer {
    let state = shared.state();
    linking_enabled(&state)?;
    let types: Vec<Value> = state
        .site
        .link_types
        .iter()
        .map(|kind| render::link_type(&state.base, kind))
        .collect();
    Ok(Reply::Found(json!({"issueLinkTypes": types})))
}

/// `POST /rest/api/3/issueLink`: a link that is there already is answered like a new one.
pub(super) async fn create(State(shared): Site, body: Bytes) -> Answer {
    let body: Value = parse(&body)?;
    let mut state = shared.state();
    linking_enabled(&state)?;
    if !state.site.allows("LINK_ISSUES") {
        return Err(Refusal::message(404, "No Link Issue Permission for issue."));
    }
    let kind = &body["type"];
    let known = state
        .site
        .link_types
        .iter()
        .find(|known| kind["name"] == known.name || kind["id"] == known.id);
    let Some(known) = known else {
        return Err(Refusal::message(
            404,
            format!("No issue link type with name {} found.", kind["name"]),
        ));
    };
    let type_name = known.name.clone();
    let end = |name: &str| {
        let issue = body[name]["key"]
            .as_str()
            .or_else(|| body[name]["id"].as_str());
        issue
            .and_then(|issue| state.issue(issue))
            .map(|issue| issue.key.clone())
            .ok_or_else(Refusal::no_issue)
    };
    let (inward, outward) = (end("inwardIssue")?, end("outwardIssue")?);
    if inward == outward {
        return Err(Refusal::message(400, "You cannot link an issue to itself."));
    }
    let there = |link: &Link| {
        link.type_name == type_name && link.inward == inward && link.outward == outward
    };
    if !state.links.iter().any(there) {
        let (id, at, account) = (state.next_id(), state.now(), render::account(&state));
        for (end, other) in [(&inward, &outward), (&outward, &inward)] {
            let item = json!({"field": "Link", "fieldtype": "jira", "toString": other});
            if let Some(issue) = state.issue_mut(end) {
                log(issue, at, &account, vec![item]);
            }
        }
        state.links.push(Link {
            id,
            type_name,
            inward,
            outward,
        });
    }
    Ok(Reply::Done)
}

/// `GET /rest/api/3/issueLink/{id}`
pub(super) async fn get(State(shared): Site, Path(id): Path<String>) -> Answer {
    let state = shared.state();
    linking_enabled(&state)?;
    let link = find(&state, &id)?;
    let base = &state.base;
    let kind = state
        .site
        .link_types
        .iter()
        .find(|kind| kind.name == link.type_name);
    let issue = |key: &str| {
        state
            .issue(key)
            .map(|issue| render::linked_issue(base, issue))
    };
    Ok(Reply::Found(json!({
        "id": id, "self": format!("{base}/rest/api/3/issueLink/{id}"),
        "type": kind.map(|kind| render::link_type(base, kind)),
        "inwardIssue": issue(&link.inward), "outwardIssue": issue(&link.outward),
    })))
}

/// `DELETE /rest/api/3/issueLink/{id}`
pub(super) async fn delete(State(shared): Site, Path(id): Path<String>) -> Answer {
    let mut state = shared.state();
    let id = find(&state, &id)?.id;
    state.links.retain(|link| link.id != id);
    Ok(Reply::Empty)
}

fn linking_enabled(state: &state::State) -> Result<(), Refusal> {
    match state.site.issue_linking_enabled {
        true => Ok(()),
        false => Err(Refusal::message(
            404,
            "Issue linking is currently disabled.",
        )),
    }
}

fn find<'a>(state: &'a state::State, id: &str) -> Result<&'a Link, Refusal> {
    let found = state.links.iter().find(|link| link.id.to_string() == id);
    found.ok_or_else(|| Refusal::message(404, format!("No issue link with id '{id}' exists.")))
}
