//! What waits, or is in doubt, when somebody halts an export or switches its integration off: no create is sent any more.

use std::time::Duration;

use docket::{
    db::export,
    domain::ids::SessionId,
    error::Error,
    proto::v1::{ExportEvent, ExportStatus, NewSessionTicket},
    sandbox::{Action, Calls, Fault, Operation, Options},
};
use rstest::rstest;

use super::{
    ask::Ask,
    bench::{Bench, assert_completed, chain, last},
};
use crate::support::database::Kind;

const NAMES: [&str; 5] = ["t1", "t2", "t3", "t4", "t5"];

fn tickets(count: usize) -> Vec<NewSessionTicket> {
    let tickets: Vec<(&str, &[&str])> =
        NAMES[..count].iter().map(|name| (*name, &[][..])).collect();
    chain(&tickets)
}

/// With so many tickets, and so many of them on their way at once.
async fn bench(kind: Kind, count: usize, lanes: i32) -> Bench {
    let pace = (Duration::ZERO, lanes);
    Bench::in_lanes(kind, Options::default(), pace, tickets(count)).await
}

/// A fault on the first create of the ticket of this name.
fn on(name: &str, action: Action) -> Fault {
    let calls = Calls {
        operation: Some(Operation::CreateIssue),
        body: Some(format!("The work on {name}")),
        ..Calls::default()
    };
    Fault::on_calls(calls, action)
}

/// Asks for it while somebody waits, and lets time pass until the run has halted: what was told until then.
async fn halt(bench: &Bench, ask: Ask) -> Vec<ExportEvent> {
    bench.ask(ask).await.unwrap();
    bench.clock.release();
    let halted = match ask {
        Ask::Cancel => "cancelled",
        _ => "paused",
    };
    bench.events_until(halted, 0).await
}

fn looks(bench: &Bench) -> usize {
    bench.jira.requests_of(Operation::FetchIssues).len()
}

#[rstest]
#[tokio::test]
async fn an_integration_that_is_switched_off_stops_all_that_wait_for_jira(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(1, 3)] lanes: i32,
) {
    let bench = bench(kind, NAMES.len(), lanes).await;
    for name in NAMES {
        let throttle = Action::Throttle {
            retry_after: Some(7),
            reason: None,
        };
        bench.jira.order(on(name, throttle));
    }
    bench.clock.hold();
    bench.start().await.unwrap();
    bench.events_until("throttled", 0).await;
    bench.switch(false).await;
    bench.clock.release();
    let export = last(&bench.events(0).await);
    assert_eq!(export.status(), ExportStatus::Failed);
    assert_eq!(export.failure.unwrap().reason, "INTEGRATION_DISABLED");
    assert_eq!(export.tickets_failed, 1, "the others give way to it");
    assert!(bench.jira.issues().is_empty(), "none is sent any more");

    bench.switch(true).await;
    bench.retry().await.unwrap();
    assert_completed(&bench.events(0).await);
    bench.assert_whole(NAMES.len()).await;
    assert_eq!(looks(&bench), 0, "nothing was in doubt");
}

#[tokio::test]
async fn an_integration_that_is_switched_off_stops_a_file_that_waits_for_jira() {
    let bench = bench(Kind::Sqlite, 1, 1).await;
    super::files::add(&bench, &[(0, "boot.log", b"it begins")]).await;
    let throttle = Action::Throttle {
        retry_after: Some(7),
        reason: None,
    };
    bench
        .jira
        .order(Fault::on(Operation::AddAttachments, throttle));
    bench.clock.hold();
    bench.start().await.unwrap();
    bench.events_until("throttled", 0).await;
    bench.switch(false).await;
    bench.clock.release();
    let export = last(&bench.events(0).await);
    assert_eq!(export.failure.unwrap().reason, "INTEGRATION_DISABLED");
    assert!(bench.jira.attachments().is_empty());
    bench.switch(true).await;
    bench.retry().await.unwrap();
    assert_completed(&bench.events(0).await);
    assert_eq!(bench.jira.attachments().len(), 1);
    bench.assert_whole(1).await;
}

/// The create never reached Jira, and nobody can know that: it is looked for to the end, and not sent again.
#[rstest]
#[tokio::test]
async fn a_create_in_doubt_is_looked_for_and_not_sent_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(1, 3)] lanes: i32,
    #[values(Ask::Pause, Ask::Cancel)] ask: Ask,
) {
    let bench = bench(kind, 3, lanes).await;
    bench.jira.order(on("t1", Action::DropBefore));
    bench.clock.hold();
    bench.start().await.unwrap();
    // The first look has found nothing, and the next one waits. The others are done meanwhile.
    bench.until(|| !bench.clock.waits().is_empty()).await;
    let others = usize::try_from(lanes).unwrap() - 1;
    bench.until(|| bench.jira.issues().len() == others).await;
    let told = halt(&bench, ask).await;
    assert!(last(&told).failure.is_none());
    let (looked, sent) = (looks(&bench), bench.creates());
    assert!(looked > 1, "it was looked for to the end");
    assert_eq!((bench.jira.issues().len(), sent), (others, others + 1));

    match ask {
        Ask::Cancel => drop(bench.retry().await.unwrap()),
        _ => drop(bench.ask(Ask::Resume).await.unwrap()),
    }
    assert_completed(&bench.events(0).await);
    assert!(looks(&bench) > looked, "it is looked for before it is sent");
    assert_eq!(bench.creates(), 4);
    bench.assert_whole(3).await;
}

#[rstest]
#[tokio::test]
async fn a_create_in_doubt_that_made_an_issue_is_taken_over_before_the_halt(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(Ask::Pause, Ask::Cancel)] ask: Ask,
) {
    let bench = bench(kind, 3, 1).await;
    let late = Action::WorkAfterClientLeft {
        delay_ms: 0,
        after_calls: 2,
    };
    bench.jira.order(on("t1", late));
    bench.clock.hold();
    bench.start().await.unwrap();
    bench.until(|| !bench.clock.waits().is_empty()).await;
    let told = halt(&bench, ask).await;
    assert_eq!(last(&told).tickets_completed, 1);
    assert_eq!(bench.creates(), 1);
    bench.assert_whole(1).await;
}

/// As of a ticket whose write was under way when another one ended the run.
#[rstest]
#[tokio::test]
async fn nothing_is_recorded_of_a_run_after_its_end(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = bench(kind, 3, 1).await;
    let session: SessionId = bench.session.parse().unwrap();
    let read = || async {
        let found = export::of_session(bench.server.database().read(), session);
        found.await.unwrap().unwrap()
    };
    let mut before = None;
    bench
        .during_the_second_create(async || {
            before = Some(read().await);
            bench.ask(Ask::Cancel).await.unwrap();
        })
        .await;
    bench.events_until("cancelled", 0).await;
    let (before, ended) = (before.unwrap(), read().await);
    assert_eq!(before.fence, ended.fence, "the same worker held it");
    let late = before.clone();
    let written = bench.server.database().write(move |tx| {
        let late = late.clone();
        Box::pin(async move { export::save(tx, late.age(), &late).await })
    });
    assert!(matches!(written.await, Err(Error::Fenced)));
    assert_eq!(read().await, ended);
}
