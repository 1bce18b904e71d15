//! Every way in which a dispatch can end, on every platform: who is to act, what is told, and what may be done next.

use docket::{
    connectors::{
        Connector,
        outcome::{Failure, Outcome},
    },
    domain::export::ErrorCategory::{self, AdminRequired, Temporary, UserFixable},
    error::Reason,
};
use serde_json::json;

use super::{
    dispatch,
    github::{self, Github},
    parcel,
    slack::{self, Slack},
    stand_in::{Act, Reply, StandIn},
    webhook::{self, Receiver},
};

/// What an outcome lets one do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Done,
    Rejected,
    Later,
    Uncertain,
}
use Next::{Done, Later, Rejected, Uncertain};

/// A row: what goes wrong, and what is to come of it.
struct Row {
    name: &'static str,
    act: Act,
    next: Next,
    category: ErrorCategory,
    reason: Reason,
}

fn row(name: &'static str, act: Act, next: Next, category: ErrorCategory, reason: Reason) -> Row {
    Row {
        name,
        act,
        next,
        category,
        reason,
    }
}

/// An answer that repeats every secret, as a careless gateway would.
fn echo(status: u16) -> Reply {
    let secrets = [github::TOKEN, slack::TOKEN, webhook::SECRETS[0]];
    let body = json!({ "message": format!("no: {secrets:?}"), "error": secrets[1], "errors": [{ "field": "title", "code": secrets[0] }] });
    Reply::json(status, &body)
}

fn rows() -> Vec<Row> {
    let answer = |status| Act::Answer(echo(status));
    let garbage = Reply {
        status: 200,
        headers: Vec::new(),
        body: b"<html>Sign in".to_vec(),
    };
    let large = Reply {
        status: 200,
        headers: Vec::new(),
        body: vec![b' '; 70 * 1024],
    };
    let asked = Act::Answer(echo(429).with("retry-after", 7));
    vec![
        row(
            "400 with fields",
            answer(400),
            Rejected,
            UserFixable,
            Reason::PlatformRejected,
        ),
        row(
            "401",
            answer(401),
            Later,
            AdminRequired,
            Reason::PlatformUnauthorized,
        ),
        row(
            "403",
            answer(403),
            Later,
            AdminRequired,
            Reason::PlatformForbidden,
        ),
        row(
            "404",
            answer(404),
            Later,
            AdminRequired,
            Reason::PlatformNotFound,
        ),
        row(
            "405",
            answer(405),
            Later,
            AdminRequired,
            Reason::PlatformRejected,
        ),
        row(
            "410",
            answer(410),
            Later,
            AdminRequired,
            Reason::PlatformNotFound,
        ),
        row(
            "413",
            answer(413),
            Rejected,
            UserFixable,
            Reason::PlatformContentTooLarge,
        ),
        row(
            "422",
            answer(422),
            Rejected,
            UserFixable,
            Reason::PlatformRejected,
        ),
        row(
            "429",
            answer(429),
            Later,
            Temporary,
            Reason::PlatformRateLimited,
        ),
        row(
            "429 with a wait",
            asked,
            Later,
            Temporary,
            Reason::PlatformRateLimited,
        ),
        row(
            "302",
            Act::Answer(echo(302).with("location", "http://127.0.0.1:1/")),
            Later,
            AdminRequired,
            Reason::PlatformNotFound,
        ),
        row(
            "500",
            answer(500),
            Uncertain,
            Temporary,
            Reason::PlatformServerError,
        ),
        row(
            "502",
            answer(502),
            Uncertain,
            Temporary,
            Reason::PlatformServerError,
        ),
        row(
            "503",
            answer(503),
            Uncertain,
            Temporary,
            Reason::PlatformServerError,
        ),
        row(
            "504",
            answer(504),
            Uncertain,
            Temporary,
            Reason::PlatformServerError,
        ),
        row(
            "timeout",
            Act::Hang,
            Uncertain,
            Temporary,
            Reason::PlatformTimeout,
        ),
        row(
            "dropped",
            Act::Drop,
            Uncertain,
            Temporary,
            Reason::PlatformServerError,
        ),
        row(
            "dropped after the work",
            Act::DoAndDrop,
            Uncertain,
            Temporary,
            Reason::PlatformServerError,
        ),
        row(
            "broken answer",
            Act::DoAndBreak,
            Uncertain,
            Temporary,
            Reason::PlatformServerError,
        ),
        row(
            "malformed answer",
            Act::DoAndAnswer(garbage),
            Uncertain,
            Temporary,
            Reason::PlatformAnswerUnreadable,
        ),
        row(
            "oversized answer",
            Act::DoAndAnswer(large),
            Uncertain,
            Temporary,
            Reason::PlatformAnswerUnreadable,
        ),
    ]
}

/// What a receiver of webhooks takes differently: any success is one, and it may reject for a fault of its own.
fn of_a_receiver(mut row: Row) -> Row {
    match row.name {
        "broken answer" | "malformed answer" | "oversized answer" => row.next = Done,
        "400 with fields" | "422" => (row.next, row.category) = (Later, AdminRequired),
        _ => (),
    }
    row
}

async fn hold(stand_in: &StandIn, on: &str, connector: &Connector, rows: Vec<Row>) {
    let parcel = parcel();
    let aim = connector.aim(&parcel).await.unwrap();
    for row in rows {
        let name = row.name;
        stand_in.order(on, row.act);
        let outcome = dispatch(connector, &parcel, &aim).await;
        let (next, failure) = match outcome {
            Outcome::Created(_) => (Done, None),
            Outcome::Rejected(failure) => (Rejected, Some(failure)),
            Outcome::RetryLater(failure) => (Later, Some(failure)),
            Outcome::Uncertain(failure) => (Uncertain, Some(failure)),
        };
        assert_eq!(next, row.next, "{name}: {failure:?}");
        let Some(failure) = failure else {
            continue;
        };
        assert_eq!(
            (failure.category, failure.reason),
            (row.category, row.reason),
            "{name}: {failure:?}"
        );
        tells_a_person(name, &failure);
        let wait = failure.retry_after.map(|wait| wait.as_secs());
        if name == "429 with a wait" {
            assert_eq!(wait, Some(7), "{name}");
        }
    }
    let fine = dispatch(connector, &parcel, &aim).await;
    assert!(matches!(fine, Outcome::Created(_)), "{fine:?}");
}

/// What happened, and what to do where it does not pass by itself; no secret.
fn tells_a_person(name: &str, failure: &Failure) {
    let text = &failure.text();
    assert!(failure.message.ends_with('.'), "{name}: {text}");
    let advised = failure.advice.ends_with('.') && !failure.advice.is_empty();
    assert!(
        advised || failure.reason == Reason::PlatformRateLimited,
        "{name}: {text}"
    );
    for clumsy in [
        " The webhook",
        "has no the",
        "webhook at",
        "took the ticket",
    ] {
        assert!(!text.contains(clumsy), "{name}: {text}");
    }
    assert!(text.chars().count() <= 2000, "{name}");
    for secret in [github::TOKEN, slack::TOKEN, webhook::SECRETS[0]] {
        assert!(!format!("{failure:?}").contains(secret), "{name}: {text}");
    }
}

#[tokio::test]
async fn github_ends_in_every_way_as_told() {
    let github = Github::start().await;
    hold(
        &github.stand_in,
        github::ISSUES,
        &github.connector,
        own(rows(), github::TOKEN),
    )
    .await;
}

#[tokio::test]
async fn slack_ends_in_every_way_as_told() {
    let slack = Slack::start().await;
    hold(
        &slack.stand_in,
        slack::POST,
        &slack.connector,
        own(rows(), slack::TOKEN),
    )
    .await;
}

#[tokio::test]
async fn a_webhook_ends_in_every_way_as_told() {
    let receiver = Receiver::start().await;
    let rows = own(rows(), webhook::SECRETS[0])
        .into_iter()
        .map(of_a_receiver);
    hold(
        &receiver.stand_in,
        "POST",
        &receiver.connector,
        rows.collect(),
    )
    .await;
}

/// The rows, with echoes of this platform's own secret alone: docket does not know the others here.
fn own(rows: Vec<Row>, secret: &str) -> Vec<Row> {
    let clean = |reply: Reply| {
        let mut text = String::from_utf8(reply.body).unwrap();
        for other in [github::TOKEN, slack::TOKEN, webhook::SECRETS[0]] {
            if other != secret {
                text = text.replace(other, "other");
            }
        }
        Reply {
            body: text.into_bytes(),
            ..reply
        }
    };
    let mut rows = rows;
    for row in &mut rows {
        if let Act::Answer(reply) = &row.act {
            row.act = Act::Answer(clean(reply.clone()));
        }
    }
    rows
}

#[tokio::test]
async fn an_address_that_nobody_listens_at_is_tried_again_later() {
    let github = Github::start().await;
    let Github {
        stand_in,
        connector,
        ..
    } = github;
    drop(stand_in);
    // The listener goes with its task, once that has been told.
    tokio::task::yield_now().await;
    let parcel = parcel();
    let aim = connector.aim(&parcel).await.unwrap();
    let Outcome::RetryLater(failure) = dispatch(&connector, &parcel, &aim).await else {
        panic!("something was sent");
    };
    assert_eq!(failure.reason, Reason::PlatformUnreachable);
    assert_eq!(failure.category, Temporary);
}
