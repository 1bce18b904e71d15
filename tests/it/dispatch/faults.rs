//! Every way in which Jira can answer a create: what the ledger tells a person of it, and that the ticket arrives once in the end.

use std::time::Duration;

use docket::{
    proto::v1::{self, DispatchOutcome},
    sandbox::Action,
};
use rstest::rstest;
use serde_json::json;

use super::bench::{Bench, result};
use crate::support::database::Kind;
use DispatchOutcome::{Created, Rejected, RetryLater};

/// Longer than any wait before a retry.
const LATER: Duration = Duration::from_secs(13 * 3600);

/// What Jira does, and what is to be told of it.
struct Row {
    name: &'static str,
    action: Action,
    outcome: DispatchOutcome,
    status: Option<i32>,
    /// What the text says.
    says: &'static [&'static str],
    /// The least wait before docket tries again by itself, in seconds; none where it does not.
    wait: Option<i64>,
}

fn row(
    name: &'static str,
    action: Action,
    (outcome, status): (DispatchOutcome, Option<i32>),
    says: &'static [&'static str],
    wait: Option<i64>,
) -> Row {
    Row {
        name,
        action,
        outcome,
        status,
        says,
        wait,
    }
}

fn fields() -> Action {
    let body = json!({ "errorMessages": [], "errors": { "summary": "is banned" } });
    Action::Status {
        status: 400,
        body: Some(body),
        headers: Default::default(),
    }
}

fn throttle(retry_after: Option<u64>) -> Action {
    Action::Throttle {
        retry_after,
        reason: None,
    }
}

/// The work is done when docket has given up waiting and looks for it.
const LATE: Action = Action::WorkAfterClientLeft {
    delay_ms: 0,
    after_calls: 1,
};

fn rows() -> Vec<Row> {
    let status = Action::status;
    let soon = Some(5);
    let absent: &[&str] = &["no clear answer", "found nothing"];
    vec![
        row(
            "400 with fields",
            fields(),
            (Rejected, Some(400)),
            &["is banned"],
            None,
        ),
        row(
            "401",
            status(401),
            (RetryLater, Some(401)),
            &["token", "administrator"],
            soon,
        ),
        row(
            "403",
            status(403),
            (RetryLater, Some(403)),
            &["administrator"],
            soon,
        ),
        row("404", status(404), (RetryLater, Some(404)), &["DEMO"], soon),
        row(
            "429",
            throttle(None),
            (RetryLater, Some(429)),
            &["Jira"],
            soon,
        ),
        row(
            "429 with a wait",
            throttle(Some(7200)),
            (RetryLater, Some(429)),
            &["Jira"],
            Some(7200),
        ),
        row("500", status(500), (RetryLater, Some(500)), absent, soon),
        row("502", status(502), (RetryLater, Some(502)), absent, soon),
        row("503", status(503), (RetryLater, Some(503)), absent, soon),
        row("timeout", Action::Hang, (RetryLater, None), absent, soon),
        row(
            "dropped",
            Action::DropBefore,
            (RetryLater, None),
            absent,
            soon,
        ),
        row("done after the timeout", LATE, (Created, None), &[], None),
        row(
            "dropped after the work",
            Action::DropAfter,
            (Created, None),
            &[],
            None,
        ),
        row(
            "failed after the work",
            Action::StatusAfter { status: 504 },
            (Created, None),
            &[],
            None,
        ),
        row(
            "malformed answer",
            Action::Malformed,
            (Created, None),
            &[],
            None,
        ),
        row(
            "broken answer",
            Action::Truncated,
            (Created, None),
            &[],
            None,
        ),
        row(
            "oversized answer",
            Action::Oversized { bytes: 5 << 20 },
            (Created, None),
            &[],
            None,
        ),
    ]
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_create_ends_in_every_way_as_told_and_arrives_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let set = [
        ("OUTBOUND_TIMEOUT_SECONDS", "2"),
        ("DISPATCH_DISABLE_AFTER_HOURS", "0"),
    ];
    let bench = Bench::set(kind, &set).await;
    for row in rows() {
        bench.order(row.action.clone());
        let ticket = bench.create(row.name).await.unwrap();
        let attempts = bench.until_ended(&ticket.id, 1).await;
        let shown = bench.get(&ticket.id).await;
        told(&bench, &row, &attempts[0], &shown);
        match (row.outcome, row.wait) {
            (Created, _) => (),
            // docket goes on by itself ...
            (_, Some(_)) => {
                bench.pass(LATER);
                bench.until_ended(&ticket.id, 2).await;
            }
            // ... or somebody does who has put it right.
            (_, None) => drop(bench.dispatch(&ticket.id, None).await.unwrap()),
        }
        let arrived = bench.get(&ticket.id).await;
        assert!(result(&arrived).success, "{}: {arrived:?}", row.name);
        let issues = bench.issues_of(&ticket.id);
        assert_eq!(issues.len(), 1, "{}", row.name);
        assert_eq!(result(&arrived).external_ticket_id, issues.first().cloned());
    }
}

fn told(bench: &Bench, row: &Row, attempt: &v1::DispatchAttempt, shown: &v1::Ticket) {
    let name = row.name;
    assert_eq!(
        (attempt.outcome(), attempt.http_status),
        (row.outcome, row.status),
        "{name}: {attempt:?}"
    );
    let text = attempt.error_message.clone().unwrap_or_default();
    for says in row.says {
        assert!(text.contains(says), "{name}: {says:?} is not in {text:?}");
    }
    assert_eq!(text.is_empty(), row.outcome == Created, "{name}: {text}");
    assert_eq!(result(shown).error_message, attempt.error_message, "{name}");
    let wait = attempt.next_attempt_time.map(|_| bench.wait_of(attempt));
    match (wait, row.wait) {
        // The looks for it take their time, too.
        (Some(wait), Some(least)) => {
            assert!(
                (least - 1..=least * 6 / 5 + 1).contains(&wait),
                "{name}: {wait}"
            );
        }
        (wait, least) => assert_eq!(wait, least, "{name}"),
    }
}
