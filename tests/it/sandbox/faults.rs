//! Faults to order, each as its client lives through it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::DateTime;
use docket::sandbox::{Action, Calls, Clock, Fault, Limits, Operation, Options};
use http::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{Jira, Reply, issue};

/// Long enough for an answer from this machine, short enough to wait for.
const PATIENCE: Duration = Duration::from_millis(300);

async fn try_create(jira: &Jira) -> reqwest::Result<Reply> {
    jira.send(
        jira.request(Method::POST, "/rest/api/3/issue")
            .json(&issue(json!({}))),
    )
    .await
}

async fn give_up_on_create(jira: &Jira) {
    let request = jira
        .request(Method::POST, "/rest/api/3/issue")
        .json(&issue(json!({})));
    let error = jira.send(request.timeout(PATIENCE)).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
}

fn order(jira: &Jira, action: Action) {
    jira.sandbox
        .order(Fault::on(Operation::CreateIssue, action));
}

#[tokio::test]
async fn a_status_is_answered_without_work_at_the_nth_call() {
    let jira = Jira::start().await;
    let headers = BTreeMap::from([("retry-after".to_owned(), "7".to_owned())]);
    let action = Action::Status {
        status: 503,
        body: Some(json!({"down": true})),
        headers,
    };
    jira.sandbox
        .order(Fault::on(Operation::CreateIssue, action).nth(2).times(2));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let reply = try_create(&jira).await.unwrap();
        if reply.status == 503 {
            assert_eq!(
                (&reply.headers["retry-after"], &reply.body),
                (&"7".parse().unwrap(), &json!({"down": true}))
            );
        }
        statuses.push(reply.status);
    }
    assert_eq!(statuses, [201, 503, 503, 201]);
    assert_eq!(jira.sandbox.issues().len(), 2);
    assert!(jira.sandbox.orders().is_empty());
}

#[tokio::test]
async fn orders_for_the_same_call_wait_for_their_turn() {
    let jira = Jira::start().await;
    order(&jira, Action::status(500));
    order(&jira, Action::status(403));
    let statuses = [
        try_create(&jira).await,
        try_create(&jira).await,
        try_create(&jira).await,
    ];
    assert_eq!(statuses.map(|reply| reply.unwrap().status), [500, 403, 201]);
}

#[tokio::test]
async fn orders_find_calls_by_method_path_and_body() {
    let jira = Jira::start().await;
    let calls = Calls {
        method: Some("GET".into()),
        path: Some("/rest/api/3/issue/*/properties/*".into()),
        ..Calls::default()
    };
    jira.sandbox
        .order(Fault::on_calls(calls, Action::status(502)).always());
    let calls = Calls {
        body: Some("\"Special\"".into()),
        ..Calls::default()
    };
    jira.sandbox
        .order(Fault::on_calls(calls, Action::status(504)));
    let key = jira.created(json!({})).await;
    assert_eq!(
        jira.get(&format!("/rest/api/3/issue/{key}")).await.status,
        200
    );
    for _ in 0..3 {
        assert_eq!(
            jira.get(&format!("/rest/api/3/issue/{key}/properties/x"))
                .await
                .status,
            502
        );
    }
    assert_eq!(jira.create(json!({"summary": "Special"})).await.status, 504);
    jira.sandbox.clear_orders();
    assert_eq!(
        jira.get(&format!("/rest/api/3/issue/{key}/properties/x"))
            .await
            .status,
        404
    );
}

#[rstest]
#[case::before(Action::DropBefore, 0)]
#[case::after(Action::DropAfter, 1)]
#[tokio::test]
async fn a_dropped_connection_gives_no_answer(#[case] action: Action, #[case] created: usize) {
    let jira = Jira::start().await;
    jira.get("/rest/api/3/myself").await;
    order(&jira, action);
    let error = try_create(&jira).await.unwrap_err();
    assert!(
        error.is_request() && !error.is_timeout() && error.status().is_none(),
        "{error:?}"
    );
    assert_eq!(jira.sandbox.issues().len(), created);
    let sent = jira.sandbox.requests_of(Operation::CreateIssue);
    assert_eq!(sent.len(), 1, "the client must not have sent it again");
    assert_eq!(
        (sent[0].status, sent[0].work.is_some()),
        (None, created == 1)
    );
    assert_eq!(try_create(&jira).await.unwrap().status, 201);
}

#[tokio::test]
async fn a_hanging_call_ends_with_the_clients_patience() {
    let jira = Jira::start().await;
    order(&jira, Action::Hang);
    give_up_on_create(&jira).await;
    assert!(jira.sandbox.issues().is_empty());
    jira.sandbox.stop().await;
}

#[tokio::test]
async fn late_work_is_done_after_the_calls_that_it_waits_for() {
    let jira = Jira::start().await;
    order(
        &jira,
        Action::WorkAfterClientLeft {
            delay_ms: 0,
            after_calls: 2,
        },
    );
    give_up_on_create(&jira).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(jira.get("/rest/api/3/issue/DEMO-1").await.status);
    }
    assert_eq!(seen, [404, 404, 200]);
    let late = &jira.sandbox.requests_of(Operation::CreateIssue)[0];
    assert_eq!((late.status, late.work), (None, Some(201)));
}

#[tokio::test]
async fn late_work_is_done_once_the_client_has_left() {
    let jira = Jira::start().await;
    order(
        &jira,
        Action::WorkAfterClientLeft {
            delay_ms: 1,
            after_calls: 0,
        },
    );
    give_up_on_create(&jira).await;
    let done = async {
        while jira.sandbox.issues().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), done)
        .await
        .unwrap();
    assert_eq!(jira.sandbox.issues().len(), 1);
}

#[tokio::test]
async fn a_delay_only_delays() {
    let jira = Jira::start().await;
    order(&jira, Action::Delay { ms: 3_600_000 });
    give_up_on_create(&jira).await;
    assert!(jira.sandbox.issues().is_empty());
    order(&jira, Action::Delay { ms: 1 });
    assert_eq!(try_create(&jira).await.unwrap().status, 201);
    jira.sandbox.set_latency(Duration::from_secs(3600));
    give_up_on_create(&jira).await;
}

#[tokio::test]
async fn a_gateway_may_answer_for_work_that_was_done() {
    let jira = Jira::start().await;
    order(&jira, Action::StatusAfter { status: 504 });
    let reply = jira.create(json!({})).await;
    assert_eq!(reply.status, 504);
    let exchange = &jira.sandbox.requests()[0];
    assert_eq!(
        (exchange.status, exchange.work, exchange.is_genuine()),
        (Some(504), Some(201), false)
    );
    assert_eq!(jira.sandbox.issues().len(), 1);
}

#[tokio::test]
async fn a_body_may_be_malformed_oversized_or_cut() {
    let jira = Jira::start().await;
    order(&jira, Action::Malformed);
    let reply = try_create(&jira).await.unwrap();
    assert_eq!((reply.status, reply.body), (201, Value::Null));

    order(&jira, Action::Oversized { bytes: 3 << 20 });
    let request = jira
        .request(Method::POST, "/rest/api/3/issue")
        .json(&issue(json!({})));
    let bytes = request.send().await.unwrap().bytes().await.unwrap();
    assert!(bytes.len() > 3 << 20);
    assert_eq!(
        serde_json::from_slice::<Value>(&bytes).unwrap()["key"],
        "DEMO-2"
    );

    order(&jira, Action::Truncated);
    let request = jira
        .request(Method::POST, "/rest/api/3/issue")
        .json(&issue(json!({})));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 201);
    let error = response.bytes().await.unwrap_err();
    assert!(error.is_body() || error.is_decode(), "{error:?}");
    assert_eq!(jira.sandbox.issues().len(), 3);
}

#[tokio::test]
async fn throttling_says_how_long_or_does_not() {
    let jira = Jira::start().await;
    order(
        &jira,
        Action::Throttle {
            retry_after: Some(30),
            reason: Some("jira-quota-tenant-based".into()),
        },
    );
    order(
        &jira,
        Action::Throttle {
            retry_after: None,
            reason: None,
        },
    );
    let told = jira.create(json!({})).await;
    assert_eq!(
        (told.status, &told.headers["retry-after"]),
        (429, &"30".parse().unwrap())
    );
    assert_eq!(told.headers["ratelimit-reason"], "jira-quota-tenant-based");
    assert_eq!(told.headers["x-ratelimit-remaining"], "0");
    let untold = jira.create(json!({})).await;
    assert_eq!(
        (untold.status, untold.headers.get("retry-after")),
        (429, None)
    );
    assert!(jira.sandbox.issues().is_empty());
}

#[tokio::test]
async fn limits_follow_the_clock() {
    let now = Arc::new(AtomicI64::new(1_000));
    let read = Arc::clone(&now);
    let jira = Jira::with(Options {
        limits: Some(Limits {
            posts_per_second: 2,
            puts_per_second: 50,
            writes_per_issue: 3,
        }),
        clock: Clock::new(move || {
            DateTime::from_timestamp(read.load(Ordering::SeqCst), 0).unwrap()
        }),
        ..Options::default()
    })
    .await;
    let statuses = [
        jira.create(json!({})).await,
        jira.create(json!({})).await,
        jira.create(json!({})).await,
    ];
    assert_eq!(statuses[2].headers["ratelimit-reason"], "jira-burst-based");
    assert_eq!(statuses.map(|reply| reply.status), [201, 201, 429]);
    now.fetch_add(1, Ordering::SeqCst);
    assert_eq!(jira.create(json!({})).await.status, 201);
    let write = async || {
        jira.put("/rest/api/3/issue/DEMO-1", &json!({"fields": {}}))
            .await
    };
    for _ in 0..3 {
        assert_eq!(write().await.status, 204);
    }
    now.fetch_add(1, Ordering::SeqCst);
    assert_eq!(
        write().await.headers["ratelimit-reason"],
        "jira-per-issue-on-write"
    );
    now.fetch_add(2, Ordering::SeqCst);
    assert_eq!(write().await.status, 204);
}

#[tokio::test]
async fn changes_to_a_call_go_together_with_its_end() {
    let jira = Jira::start().await;
    order(&jira, Action::Foreign { count: 2 });
    order(&jira, Action::Skip { count: 7 });
    order(&jira, Action::HideKeys { reads: 1 });
    order(&jira, Action::SearchLag { searches: 1 });
    order(&jira, Action::DropAfter);
    try_create(&jira).await.unwrap_err();
    let fetch = json!({"issueIdsOrKeys": ["DEMO-1", "DEMO-2", "DEMO-10"]});
    let search = json!({"jql": "key = DEMO-10"});
    let mut seen = Vec::new();
    for _ in 0..2 {
        let read = jira.post("/rest/api/3/issue/bulkfetch", &fetch).await.body;
        let found = jira.post("/rest/api/3/search/jql", &search).await.body;
        seen.push((
            read["issues"].as_array().unwrap().len(),
            found["issues"].as_array().unwrap().len(),
        ));
    }
    assert_eq!(seen, [(2, 0), (3, 1)]);
    let foreign: Vec<bool> = jira
        .sandbox
        .issues()
        .iter()
        .map(|issue| issue.foreign)
        .collect();
    assert_eq!(foreign, [true, true, false]);
}
