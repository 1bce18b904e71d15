//! Every outcome of a create, brought about by a real fault.

use std::{collections::BTreeMap, time::Duration};

use docket::{
    connectors::{
        jira::{CreateOutcome, Trouble},
        reach::Unreached,
    },
    sandbox::{Action, Fault, Operation, Options},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Bench, hasty, issue, jira, settings};

/// One create under one fault: what the client makes of it, how many requests came, how many issues exist.
async fn create_under(action: Action) -> (CreateOutcome, usize, usize) {
    let hangs = matches!(action, Action::Hang);
    let limits = if hangs { hasty() } else { settings() };
    let bench = Bench::with(Options::default(), &limits).await;
    bench
        .sandbox
        .order(Fault::on(Operation::CreateIssue, action));
    let outcome = bench.jira.create_issue(&issue(1)).await;
    let requests = bench.sandbox.requests_of(Operation::CreateIssue).len();
    (outcome, requests, bench.sandbox.issues().len())
}

fn status(status: u16, body: Value) -> Action {
    Action::Status {
        status,
        body: Some(body),
        headers: BTreeMap::new(),
    }
}

#[tokio::test]
async fn a_create_gives_the_key_and_stores_the_mark() {
    let bench = Bench::new().await;
    let CreateOutcome::Created(made, _) = bench.jira.create_issue(&issue(7)).await else {
        panic!("not created")
    };
    let stored = bench.sandbox.issue(&made.key).unwrap();
    assert_eq!(stored.id.to_string(), made.id);
    assert_eq!(stored.properties["docket"], json!(issue(7).marker));
    assert_eq!(stored.fields["summary"], "Ticket 7");
}

#[tokio::test]
async fn throttling_is_retried_later_and_creates_nothing() {
    for (retry_after, reason) in [(Some(7), Some("jira-burst-based")), (None, None)] {
        let action = Action::Throttle {
            retry_after,
            reason: reason.map(str::to_owned),
        };
        let (outcome, requests, issues) = create_under(action).await;
        let wanted = CreateOutcome::RetryLater {
            after: retry_after.map(Duration::from_secs),
            reason: reason.unwrap_or_default().to_owned(),
        };
        assert_eq!((outcome, requests, issues), (wanted, 1, 0));
    }
}

#[tokio::test]
async fn refusals_are_rejections_and_create_nothing() {
    for code in [302, 400, 401, 403, 404, 409, 413, 422] {
        let body = json!({ "errorMessages": ["Nein."], "errors": { "priority": "Nicht so." } });
        let (outcome, requests, issues) = create_under(status(code, body)).await;
        let CreateOutcome::Rejected(rejection) = outcome else {
            panic!("{code}: {outcome:?}")
        };
        assert_eq!((rejection.status, requests, issues), (code, 1, 0));
        assert_eq!(rejection.messages, ["Nein."]);
        assert_eq!(rejection.fields["priority"], "Nicht so.");
    }
}

#[tokio::test]
async fn jiras_own_checks_come_back_by_field() {
    let bench = Bench::new().await;
    let mut bad = issue(1);
    bad.fields.insert("priority".into(), json!({ "id": "99" }));
    bad.fields
        .insert("assignee".into(), json!({ "accountId": "nobody" }));
    let CreateOutcome::Rejected(rejection) = bench.jira.create_issue(&bad).await else {
        panic!("not rejected")
    };
    assert_eq!(rejection.status, 400);
    assert!(!rejection.fields.is_empty(), "{rejection:?}");
    assert!(
        rejection
            .fields
            .keys()
            .all(|id| id == "priority" || id == "assignee"),
        "{rejection:?}"
    );
}

#[tokio::test]
async fn server_errors_are_uncertain_whether_or_not_the_work_was_done() {
    for code in [500, 502, 503, 504] {
        let before = create_under(status(code, json!({}))).await;
        let after = create_under(Action::StatusAfter { status: code }).await;
        let wanted = CreateOutcome::Uncertain(Trouble::ServerError(code));
        assert_eq!(before, (wanted.clone(), 1, 0));
        assert_eq!(after, (wanted, 1, 1));
    }
}

#[tokio::test]
async fn silence_is_uncertain() {
    let (outcome, requests, issues) = create_under(Action::Hang).await;
    assert_eq!(outcome, CreateOutcome::Uncertain(Trouble::Timeout));
    assert_eq!((requests, issues), (1, 0));
}

#[tokio::test]
async fn a_lost_connection_is_uncertain_and_nothing_is_sent_again() {
    for (action, made) in [
        (Action::DropBefore, 0),
        (Action::DropAfter, 1),
        (Action::Truncated, 1),
    ] {
        let (outcome, requests, issues) = create_under(action).await;
        assert_eq!(outcome, CreateOutcome::Uncertain(Trouble::ConnectionLost));
        assert_eq!((requests, issues), (1, made));
    }
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_uncertain() {
    let unreadable = CreateOutcome::Uncertain(Trouble::Unreadable);
    for body in [json!("<html>"), json!({ "id": "1" }), json!({})] {
        let (outcome, requests, _) = create_under(status(201, body)).await;
        assert_eq!((outcome, requests), (unreadable.clone(), 1));
    }
    let oversized = create_under(Action::Oversized { bytes: 5 << 20 }).await;
    assert_eq!(oversized, (unreadable, 1, 1));
}

#[tokio::test]
async fn a_second_create_after_a_dropped_one_is_not_mistaken_for_a_repetition() {
    // The connection of the first call may not be used again, nor its request.
    let bench = Bench::new().await;
    for ticket in 1..=3 {
        bench
            .sandbox
            .order(Fault::on(Operation::CreateIssue, Action::DropBefore));
        let lost = bench.jira.create_issue(&issue(ticket)).await;
        assert_eq!(lost, CreateOutcome::Uncertain(Trouble::ConnectionLost));
        let made = bench.jira.create_issue(&issue(ticket)).await;
        assert!(matches!(made, CreateOutcome::Created(..)), "{made:?}");
    }
    assert_eq!(bench.sandbox.requests_of(Operation::CreateIssue).len(), 6);
    assert_eq!(bench.sandbox.issues().len(), 3);
}

#[tokio::test]
async fn what_cannot_connect_was_not_sent() {
    // Bound, then given up: nobody listens there.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let outcome = jira(&url, &settings(), "t").create_issue(&issue(1)).await;
    assert_eq!(
        outcome,
        CreateOutcome::NotSent(Trouble::Unreached(Unreached::Closed))
    );
    let unknown = jira("https://no-such-host.invalid", &settings(), "t");
    let outcome = unknown.create_issue(&issue(1)).await;
    assert_eq!(
        outcome,
        CreateOutcome::NotSent(Trouble::Unreached(Unreached::Name))
    );
}
