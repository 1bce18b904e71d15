//! Search by a small part of JQL. It lags: a new issue is missing from the first few searches.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answer::{Answer, Refusal, Reply, parse},
    render::{self, View},
    shared::Shared,
    state::Issue,
};

type Site = State<Arc<Shared>>;

/// A search with everything in the body.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Search {
    #[serde(default)]
    jql: String,
    #[serde(default)]
    fields: Vec<String>,
    #[serde(default)]
    properties: Vec<String>,
    max_results: Option<usize>,
    next_page_token: Option<String>,
}

/// A search with everything in the query.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SearchQuery {
    #[serde(default)]
    jql: String,
    fields: Option<String>,
    properties: Option<String>,
    max_results: Option<usize>,
    next_page_token: Option<String>,
}

/// `POST /rest/api/3/search/jql`
pub(super) async fn post(State(shared): Site, body: Bytes) -> Answer {
    run(&shared, parse(&body)?)
}

/// `GET /rest/api/3/search/jql`
pub(super) async fn get(State(shared): Site, Query(query): Query<SearchQuery>) -> Answer {
    let view = View::from_query(query.fields.as_deref(), query.properties.as_deref());
    let search = Search {
        jql: query.jql,
        fields: view.fields,
        properties: view.properties,
        max_results: query.max_results,
        next_page_token: query.next_page_token,
    };
    run(&shared, search)
}

fn run(shared: &Shared, search: Search) -> Answer {
    let mut clauses = clauses(&search.jql)?;
    let mut state = shared.state();
    for clause in &mut clauses {
        if let Clause::Project(keys) = clause {
            for key in keys {
                if let Some(project) = state.site.project(key) {
                    key.clone_from(&project.key);
                }
            }
        }
    }
    let found: Vec<u64> = state
        .issues()
        .filter(|issue| {
            issue.hidden_searches == 0 && clauses.iter().all(|clause| clause.fits(issue))
        })
        .map(|issue| issue.id)
        .collect();
    let found = if newest_first(&search.jql) {
        found.into_iter().rev().collect()
    } else {
        found
    };
    for issue in state.issues_mut() {
        issue.hidden_searches = issue.hidden_searches.saturating_sub(1);
    }
    let start = match search.next_page_token.as_deref().map(str::parse) {
        None => 0,
        Some(Ok(start)) => start,
        Some(Err(_)) => return Err(Refusal::message(400, "The next page token is invalid.")),
    };
    let size = search.max_results.unwrap_or(50).clamp(1, 5000);
    let end = found.len().min(start + size);
    // Without `fields` this search answers with ids alone.
    let bare = search.fields.is_empty();
    let view = View {
        fields: search.fields,
        properties: search.properties,
    };
    let issues: Vec<Value> = found
        .get(start..end)
        .into_iter()
        .flatten()
        .filter_map(|id| state.issue(&id.to_string()))
        .map(|issue| match bare {
            true => json!({"id": issue.id.to_string()}),
            false => render::issue(&state, issue, &view),
        })
        .collect();
    let mut answer = json!({"issues": issues, "isLast": end == found.len()});
    if end < found.len() {
        answer["nextPageToken"] = end.to_string().into();
    }
    Ok(Reply::Found(answer))
}

/// Whether a query asks for the newest first. Ids and keys are given out in one order, so that any order by them is this one.
fn newest_first(jql: &str) -> bool {
    let jql = jql.to_ascii_lowercase();
    jql.split_once("order by")
        .is_some_and(|(_, order)| order.trim().ends_with("desc"))
}

/// One condition of a query.
#[derive(Debug)]
enum Clause {
    Project(Vec<String>),
    Key(Vec<String>),
    Label(Vec<String>),
    Summary(String),
}

impl Clause {
    fn fits(&self, issue: &Issue) -> bool {
        match self {
            Self::Project(keys) => keys.contains(&issue.project),
            Self::Key(keys) => keys.iter().any(|key| key.eq_ignore_ascii_case(&issue.key)),
            Self::Label(wanted) => issue
                .fields
                .get("labels")
                .and_then(Value::as_array)
                .is_some_and(|labels| {
                    wanted
                        .iter()
                        .any(|label| labels.iter().any(|known| known == label))
                }),
            Self::Summary(text) => issue
                .fields
                .get("summary")
                .and_then(Value::as_str)
                .is_some_and(|summary| summary.to_lowercase().contains(&text.to_lowercase())),
        }
    }
}

/// The conditions of a query: `project`, `key`, `labels` with `=` or `in`, `summary` with `~`, joined by `AND`.
fn clauses(jql: &str) -> Result<Vec<Clause>, Refusal> {
    let end = jql
        .to_ascii_lowercase()
        .find("order by")
        .unwrap_or(jql.len());
    let query = jql.get(..end).unwrap_or(jql).trim();
    if query.is_empty() {
        let text = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.";
        return Err(Refusal::message(400, text));
    }
    let lower = query.to_ascii_lowercase();
    let mut parts = Vec::new();
    let mut start = 0;
    for (place, word) in lower.match_indices(" and ") {
        parts.push(&query[start..place]);
        start = place + word.len();
    }
    parts.push(&query[start..]);
    parts.into_iter().map(clause).collect()
}

fn clause(text: &str) -> Result<Clause, Refusal> {
    let unknown = || {
        Refusal::message(
            400,
            format!("The sandbox does not know the JQL '{}'.", text.trim()),
        )
    };
    let split = ["~", "=", " in "].iter().find_map(|operator| {
        let place = text.to_ascii_lowercase().find(operator)?;
        Some((
            text.get(..place)?,
            *operator,
            text.get(place + operator.len()..)?,
        ))
    });
    let (field, operator, value) = split.ok_or_else(unknown)?;
    let value = value.trim().trim_start_matches('(').trim_end_matches(')');
    let bare = |word: &str| word.trim().trim_matches(['"', '\'']).to_owned();
    let values: Vec<String> = value.split(',').map(bare).collect();
    match (field.trim().to_ascii_lowercase().as_str(), operator) {
        ("summary", "~") => Ok(Clause::Summary(bare(value))),
        ("project", "=" | " in ") => Ok(Clause::Project(values)),
        ("key" | "issue" | "issuekey", "=" | " in ") => Ok(Clause::Key(values)),
        ("labels", "=" | " in ") => Ok(Clause::Label(values)),
        _ => Err(unknown()),
    }
}
