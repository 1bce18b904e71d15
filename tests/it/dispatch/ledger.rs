//! The ledger's own rules: what is tried again, when, and by whom.

use std::time::Duration;

use chrono::TimeDelta;
use docket::{
    app::clock::Clock as _,
    db::dispatch::{self, DispatchState},
    domain::{
        dispatch::DispatchTrigger as Trigger,
        ids::{DispatchId, TicketId},
    },
    proto::v1::DispatchOutcome,
    sandbox::{Action, Fault, Operation, Options, Sandbox},
};
use futures::future::join_all;
use rstest::rstest;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, QueryFilter as _, sea_query::Expr,
};
use tokio::time::{Instant, sleep};

use super::bench::{Bench, integrate, result};
use crate::{
    attachments::{header, upload},
    support::database::Kind,
};

/// More attempts than one process takes up at once.
const MANY: u32 = 40;
const SOON: Duration = Duration::from_secs(30);

fn ticket_id(id: &str) -> TicketId {
    id.parse().unwrap()
}

/// The row of a ticket's latest attempt.
async fn latest(bench: &Bench, id: &str) -> dispatch::Model {
    let reads = bench.server.database().read();
    let row = dispatch::latest(reads, ticket_id(id)).await.unwrap();
    row.expect("an attempt")
}

/// An attempt after this one that somebody began and left, and whose lease is over.
fn left(bench: &Bench, before: dispatch::Model) -> dispatch::Model {
    let now = bench.clock.now();
    dispatch::Model {
        id: DispatchId::at(now),
        number: before.number + 1,
        trigger: Trigger::Recovery,
        state: DispatchState::Pending,
        start_time: now,
        lease_until: Some(now - TimeDelta::seconds(1)),
        finish_time: None,
        outcome: None,
        http_status: None,
        error_message: None,
        next_attempt_time: None,
        ..before
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn callers_who_wait_for_a_slow_platform_hold_up_no_retry(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let patient = [
        ("DISPATCH_WAIT_SECONDS", "0"),
        ("OUTBOUND_TIMEOUT_SECONDS", "300"),
    ];
    let bench = Bench::set(kind, &patient).await;
    bench.order(Action::status(401));
    let first = bench.create("First").await.unwrap();
    bench.until_ended(&first.id, 1).await;
    let slow = Fault::on(Operation::CreateIssue, Action::Hang);
    bench.jira.order(slow.times(MANY));
    let titles: Vec<String> = (0..MANY).map(|n| format!("Slow {n}")).collect();
    let slow = join_all(titles.iter().map(|title| bench.create(title))).await;
    let give_up = Instant::now() + SOON;
    while bench.creates() <= MANY as usize {
        assert!(Instant::now() < give_up, "{} creates", bench.creates());
        sleep(Duration::from_millis(10)).await;
    }
    bench.pass(Duration::from_secs(7));
    bench.until_ended(&first.id, 2).await;
    assert!(result(&bench.get(&first.id).await).success);
    for ticket in slow {
        let attempts = bench.attempts(&ticket.unwrap().id).await;
        assert_eq!(attempts[0].latency, None, "it is on its way still");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_does_not_answer_holds_up_no_other(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let patient = [
        ("DISPATCH_WAIT_SECONDS", "0"),
        ("OUTBOUND_TIMEOUT_SECONDS", "300"),
    ];
    let bench = Bench::set(kind, &patient).await;
    let refuse = Fault::on(Operation::CreateIssue, Action::status(401));
    bench.jira.order(refuse.times(MANY));
    for n in 0..MANY {
        let ticket = bench.create(&format!("Slow {n}")).await.unwrap();
        bench.until_ended(&ticket.id, 1).await;
    }
    let jira = Sandbox::start(Options::default()).await.unwrap();
    let refuse = Fault::on(Operation::CreateIssue, Action::status(401));
    jira.order(refuse);
    let other = Some(integrate(&bench.server, "Other", &jira.url()).await);
    let mut request = bench.request("Other");
    request.ticket.as_mut().unwrap().integration_id = other;
    let answer = bench.tickets().create_ticket(request).await.unwrap();
    let other = answer.into_inner().ticket.unwrap().id;
    bench.until_ended(&other, 1).await;

    let hang = Fault::on(Operation::CreateIssue, Action::Hang);
    bench.jira.order(hang.always());
    bench.pass(Duration::from_secs(7));
    bench.until_ended(&other, 2).await;
    assert!(result(&bench.get(&other).await).success);
}

#[rstest]
#[tokio::test]
async fn an_attempt_that_another_one_has_followed_is_never_tried_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    bench.order(Action::status(403));
    let ticket = bench.create("Followed").await.unwrap();
    let older = latest(&bench, &ticket.id).await;
    bench.dispatch(&ticket.id, None).await.unwrap();
    assert_eq!(bench.attempts(&ticket.id).await.len(), 2);
    // As a replay leaves it that crosses the request.
    let now = bench.clock.now();
    let again = bench.server.database().write(move |tx| {
        Box::pin(async move {
            let due = dispatch::Entity::update_many()
                .col_expr(dispatch::Column::NextAttemptTime, Expr::value(now))
                .filter(dispatch::Column::Id.eq(older.id));
            due.exec(tx).await?;
            Ok(())
        })
    });
    again.await.unwrap();
    let give_up = Instant::now() + SOON;
    while bench.attempts(&ticket.id).await[0]
        .next_attempt_time
        .is_some()
    {
        assert!(Instant::now() < give_up, "it stays due for ever");
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(bench.attempts(&ticket.id).await.len(), 2);
    assert_eq!(bench.issues_of(&ticket.id).len(), 1);
}

#[rstest]
#[tokio::test]
async fn an_answer_with_a_number_that_is_no_status_ends_an_attempt_like_any_other(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    bench.order(Action::status(799));
    let ticket = bench.create("Strange").await.unwrap();
    assert!(!result(&ticket).success);
    let attempts = bench.until_ended(&ticket.id, 1).await;
    assert_eq!((attempts.len(), attempts[0].http_status), (1, None));
    let why = attempts[0].error_message.as_deref().unwrap();
    assert!(!why.contains("could not record"), "{why}");
}

#[rstest]
#[tokio::test]
async fn what_is_cut_short_again_and_again_waits_before_it_is_tried_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    bench.order(Action::status(403));
    let ticket = bench.create("Ill-fated").await.unwrap();
    let first = latest(&bench, &ticket.id).await;
    bench.switch(false).await;
    // Six in a row went on with one before, and were cut short: all but the last have been taken up.
    let mut row = first;
    for _ in 0..5 {
        row = dispatch::Model {
            state: DispatchState::Ended,
            lease_until: None,
            finish_time: Some(bench.clock.now()),
            outcome: Some(docket::domain::dispatch::DispatchOutcome::RetryLater),
            ..left(&bench, row)
        };
        bench.server.test_database().insert(row.clone()).await;
    }
    bench.server.test_database().insert(left(&bench, row)).await;
    let attempts = bench.until_ended(&ticket.id, 7).await;
    let last = attempts.last().unwrap();
    assert_eq!(
        (attempts.len(), last.outcome()),
        (7, DispatchOutcome::RetryLater)
    );
    assert!((4..=6).contains(&bench.wait_of(last)), "{last:?}");
    bench.switch(true).await;
    bench.pass(Duration::from_secs(7));
    bench.until_ended(&ticket.id, 8).await;
    assert!(result(&bench.get(&ticket.id).await).success);
}

#[rstest]
#[tokio::test]
async fn a_file_is_sent_whatever_came_and_went_since_the_attempt_before(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let ticket = bench.file("With files").await;
    let mut tickets = bench.tickets();
    let add = upload(&mut tickets, header(&ticket.id, "a.txt"), b"one");
    let first = add.await.unwrap();
    bench
        .dispatch(&ticket.id, Some(&bench.integration))
        .await
        .unwrap();
    let sent = latest(&bench, &ticket.id).await;
    let request = docket::proto::v1::DeleteAttachmentRequest { id: first.id };
    tickets.delete_attachment(request).await.unwrap();
    let add = upload(&mut tickets, header(&ticket.id, "b.txt"), b"two");
    add.await.unwrap();
    bench
        .server
        .test_database()
        .insert(left(&bench, sent))
        .await;
    bench.until_ended(&ticket.id, 3).await;
    let names: Vec<String> = bench
        .jira
        .attachments()
        .into_iter()
        .map(|file| file.filename)
        .collect();
    assert_eq!(names, ["a.txt", "b.txt"]);
    let now = bench.get(&ticket.id).await;
    let response = result(&now).response.as_ref().unwrap();
    let told: Vec<_> = response.attachments.iter().map(|f| &*f.filename).collect();
    assert_eq!(told, ["a.txt", "b.txt"]);
}

#[rstest]
#[tokio::test]
async fn a_file_in_doubt_is_looked_for_also_when_another_one_goes_before_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let mut request = bench.request("Look");
    let pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let picture = format!("<p>See</p><img src=\"data:image/png;base64,{pixel}\">");
    request.ticket.as_mut().unwrap().description = picture;
    let answer = bench.tickets().create_ticket(request).await.unwrap();
    let id = answer.into_inner().ticket.unwrap().id;
    assert_eq!(bench.jira.attachments().len(), 1);
    let mut sent = latest(&bench, &id).await;
    // As a process leaves it that dies before it has written down that the picture is there. What people attach goes before pictures.
    sent.files = None;
    let mut tickets = bench.tickets();
    let add = upload(&mut tickets, header(&id, "a.txt"), b"one");
    add.await.unwrap();
    bench
        .server
        .test_database()
        .insert(left(&bench, sent))
        .await;
    bench.until_ended(&id, 3).await;
    let files = bench.jira.attachments();
    assert_eq!(files.len(), 2, "the picture is there once: {files:?}");
}

#[rstest]
#[tokio::test]
async fn a_file_that_an_older_docket_has_written_down_is_not_sent_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let ticket = bench.file("With files").await;
    let mut tickets = bench.tickets();
    let add = upload(&mut tickets, header(&ticket.id, "a.txt"), b"one");
    add.await.unwrap();
    let integration = Some(bench.integration.as_str());
    bench.dispatch(&ticket.id, integration).await.unwrap();
    let mut sent = latest(&bench, &ticket.id).await;
    for file in &mut sent.files.as_mut().unwrap().0 {
        file.source = None;
    }
    bench
        .server
        .test_database()
        .insert(left(&bench, sent))
        .await;
    bench.until_ended(&ticket.id, 3).await;
    assert_eq!(bench.jira.attachments().len(), 1);
}

#[rstest]
#[tokio::test]
async fn what_cannot_be_recorded_ends_as_what_is_known_of_it_and_waits(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let rule = match kind {
        Kind::Sqlite => {
            "CREATE TRIGGER ill BEFORE UPDATE ON dispatch WHEN NEW.outcome = 'REJECTED' \
             BEGIN SELECT RAISE(ABORT, 'ill'); END"
        }
        Kind::Postgres => "ALTER TABLE dispatch ADD CONSTRAINT ill CHECK (outcome <> 'REJECTED')",
    };
    let forbid = bench.server.database().write(move |tx| {
        Box::pin(async move {
            tx.execute_unprepared(rule).await?;
            Ok(())
        })
    });
    forbid.await.unwrap();
    let body = serde_json::json!({ "errorMessages": [], "errors": { "summary": "is banned" } });
    bench.order(Action::Status {
        status: 400,
        body: Some(body),
        headers: Default::default(),
    });
    let ticket = bench.create("Unrecorded").await.unwrap();
    let attempts = bench.until_ended(&ticket.id, 1).await;
    assert_eq!(attempts[0].outcome(), DispatchOutcome::Uncertain);
    let why = attempts[0].error_message.as_deref().unwrap();
    assert!(why.contains("could not record"), "{why}");
    assert!((4..=6).contains(&bench.wait_of(&attempts[0])));
    bench.pass(Duration::from_secs(7));
    bench.until_ended(&ticket.id, 2).await;
    assert_eq!(bench.issues_of(&ticket.id).len(), 1);
}
