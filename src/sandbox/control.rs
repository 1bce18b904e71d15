//! Control over HTTP, under `/_sandbox/`, for a sandbox in another process. It asks for no credentials: the sandbox
//! listens on the loopback address and holds nothing but play.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Query, State},
    routing::{get, post},
};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{
    answer::{Refusal, parse},
    exchange::Exchange,
    faults::Fault,
    operation::Operation,
    shared::Shared,
    state::{Attachment, Issue, Link},
    touch::{self, Person, Touch},
};

type Site = State<Arc<Shared>>;

/// Everything that a sandbox holds, as `GET /_sandbox/state` shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Snapshot {
    /// All issues, the oldest first.
    pub issues: Vec<Issue>,
    /// All links.
    pub links: Vec<Link>,
    /// All attachments, without their bytes.
    pub attachments: Vec<Attachment>,
    /// The orders that stand.
    pub faults: Vec<Fault>,
}

impl Snapshot {
    pub(super) fn of(shared: &Shared) -> Self {
        let state = shared.state();
        Self {
            issues: state.issues().cloned().collect(),
            links: state.links.clone(),
            attachments: state.attachments.clone(),
            faults: shared.orders().standing(),
        }
    }
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route(
            "/_sandbox/state",
            get(async |State(shared): Site| Json(Snapshot::of(&shared))),
        )
        .route("/_sandbox/requests", get(requests))
        .route("/_sandbox/faults", get(standing).post(order).delete(clear))
        .route("/_sandbox/foreign", post(foreign))
        .route("/_sandbox/touch", post(by_hand))
        .route("/_sandbox/latency", post(latency))
        .route("/_sandbox/reindex", post(reindex))
}

/// Which exchanges are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    operation: Option<Operation>,
    /// Only those with a higher number.
    #[serde(default)]
    after: u64,
}

async fn requests(State(shared): Site, Query(wanted): Query<Wanted>) -> Json<Vec<Exchange>> {
    let mut found = shared.log().all();
    found.retain(|exchange| {
        exchange.number > wanted.after
            && (wanted.operation.is_none() || exchange.operation == wanted.operation)
    });
    Json(found)
}

async fn standing(State(shared): Site) -> Json<Vec<Fault>> {
    Json(shared.orders().standing())
}

/// One order, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Order {
    Many(Vec<Fault>),
    One(Box<Fault>),
}

async fn order(
    State(shared): Site,
    body: Bytes,
) -> Result<(StatusCode, Json<Vec<Fault>>), Refusal> {
    let mut orders = shared.orders();
    match parse(&body)? {
        Order::Many(faults) => faults.into_iter().for_each(|fault| orders.add(fault)),
        Order::One(fault) => orders.add(*fault),
    }
    Ok((StatusCode::CREATED, Json(orders.standing())))
}

async fn clear(State(shared): Site) -> StatusCode {
    shared.orders().clear();
    StatusCode::NO_CONTENT
}

/// Issues for somebody else to create.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Foreign {
    project: String,
    #[serde(default = "one")]
    count: u32,
}

fn one() -> u32 {
    1
}

async fn foreign(
    State(shared): Site,
    body: Bytes,
) -> Result<(StatusCode, Json<Vec<String>>), Refusal> {
    let foreign: Foreign = parse(&body)?;
    let mut state = shared.state();
    let keys: Option<Vec<String>> = (0..foreign.count)
        .map(|_| state.insert_foreign(&foreign.project, "Somebody else's issue"))
        .collect();
    let keys = keys.ok_or_else(|| Refusal::field("project", "The sandbox has no such project."))?;
    Ok((StatusCode::CREATED, Json(keys)))
}

/// What somebody does to an issue by hand.
#[derive(Debug, Deserialize)]
struct ByHand {
    issue: String,
    #[serde(default)]
    person: Person,
    touch: Touch,
}

async fn by_hand(State(shared): Site, body: Bytes) -> Result<StatusCode, Refusal> {
    let ByHand {
        issue,
        person,
        touch,
    } = parse(&body)?;
    match touch::touch(&mut shared.state(), &issue, person, &touch) {
        Some(()) => Ok(StatusCode::NO_CONTENT),
        None => Err(Refusal::no_issue()),
    }
}

/// How long every call takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Latency {
    ms: u64,
}

async fn latency(State(shared): Site, body: Bytes) -> Result<StatusCode, Refusal> {
    let latency: Latency = parse(&body)?;
    shared.set_latency(Duration::from_millis(latency.ms));
    Ok(StatusCode::NO_CONTENT)
}

async fn reindex(State(shared): Site) -> StatusCode {
    shared
        .state()
        .issues_mut()
        .for_each(|issue| issue.hidden_searches = 0);
    StatusCode::NO_CONTENT
}
