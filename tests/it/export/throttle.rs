//! A long wait that Jira asks for: a pause with a time, which outlives the worker and the process and uses no retry.

use std::time::Duration;

use docket::{
    proto::v1::{Export, ExportEvent, ExportStatus, ResumeReason, export_event::Detail},
    sandbox::{Action, Fault, Operation},
};
use rstest::rstest;

use super::{
    ask::{Ask, resumed},
    bench::{Bench, assert_completed, kinds, last},
};
use crate::support::database::Kind;

const TICKETS: &[(&str, &[&str])] = &[("a", &[]), ("b", &[]), ("c", &[])];
const HOUR: Duration = Duration::from_secs(3600);

fn an_hour() -> Action {
    Action::Throttle {
        retry_after: Some(HOUR.as_secs()),
        reason: Some("jira-quota-tenant-based".to_owned()),
    }
}

/// An export that Jira has sent away for an hour at this call, and what was told of it.
async fn sent_away(kind: Kind, call: Operation, nth: u32) -> (Bench, Vec<ExportEvent>) {
    let bench = Bench::new(kind, TICKETS).await;
    bench.jira.order(Fault::on(call, an_hour()).nth(nth));
    bench.start().await.unwrap();
    let told = bench.events_until("throttled", 0).await;
    (bench, told)
}

fn throttled(event: &ExportEvent) -> (String, Duration) {
    let Some(Detail::Throttled(throttled)) = &event.detail else {
        panic!("{event:?}");
    };
    let wait = throttled.retry_after.unwrap().try_into().unwrap();
    (throttled.reason.clone(), wait)
}

fn standing(export: &Export) -> (ExportStatus, i32, i32) {
    (export.status(), export.attempt, export.tickets_completed)
}

#[rstest]
#[tokio::test]
async fn a_long_wait_is_a_pause_that_survives_a_restart_and_ends_by_itself(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (bench, told) = sent_away(kind, Operation::CreateIssue, 2).await;
    assert_eq!(kinds(&told), ["started", "ticket_exported", "throttled"]);
    let (reason, wait) = throttled(&told[2]);
    assert_eq!((reason.as_str(), wait), ("jira-quota-tenant-based", HOUR));
    assert_eq!(standing(&last(&told)), (ExportStatus::Paused, 0, 1));
    assert!(bench.clock.waits().is_empty(), "nobody waits for it");
    let left = last(&told).estimated_remaining.expect("an estimate");
    let left = Duration::try_from(left).unwrap();
    assert!(left >= HOUR, "the wait is part of what is left: {left:?}");

    let bench = bench.restart().await;
    bench.clock.advance(HOUR - Duration::from_secs(1));
    bench.another_export().await;
    assert_eq!(bench.creates(), 2, "an hour is not over");
    bench.clock.advance(Duration::from_secs(1));
    let events = bench.events(0).await;
    assert_completed(&events);
    assert_eq!(resumed(&events), [ResumeReason::TakenOver]);
    let done = last(&events);
    assert_eq!(standing(&done), (ExportStatus::Completed, 0, 3));
    let worked: Duration = done.processing_time.unwrap().try_into().unwrap();
    assert!(worked < HOUR, "a pause is no work: {worked:?}");
    assert_eq!(bench.creates(), 4);
    bench.assert_whole(3).await;
}

#[rstest]
#[case::before_the_first_ticket(Operation::GetProject, 1, 0)]
#[case::after_a_create(Operation::FetchIssues, 1, 1)]
#[tokio::test]
async fn wherever_jira_sends_it_away_nothing_is_doubled(
    #[case] call: Operation,
    #[case] nth: u32,
    #[case] completed: i32,
) {
    let bench = Bench::new(Kind::Sqlite, TICKETS).await;
    bench.jira.order(Fault::on(call, an_hour()).nth(nth));
    // Its answer is lost, so that the issue is looked for.
    bench
        .jira
        .order(Fault::on(Operation::CreateIssue, Action::DropAfter).nth(2));
    bench.start().await.unwrap();
    let told = bench.events_until("throttled", 0).await;
    assert_eq!(standing(&last(&told)), (ExportStatus::Paused, 0, completed));
    bench.clock.advance(HOUR);
    assert_completed(&bench.events(0).await);
    assert_eq!(bench.creates(), 3);
    bench.assert_whole(3).await;
}

#[tokio::test]
async fn a_resume_tries_at_once() {
    let (bench, _) = sent_away(Kind::Sqlite, Operation::CreateIssue, 2).await;
    let going = bench.ask(Ask::Resume).await.unwrap();
    assert_eq!(going.status(), ExportStatus::Exporting);
    let events = bench.events(0).await;
    assert_completed(&events);
    assert_eq!(resumed(&events), [ResumeReason::Requested]);
}

#[tokio::test]
async fn a_persons_pause_outlasts_jiras() {
    let (bench, _) = sent_away(Kind::Sqlite, Operation::CreateIssue, 2).await;
    let paused = bench.ask(Ask::Pause).await.unwrap();
    assert_eq!(paused.status(), ExportStatus::Paused);
    let told = bench.events_until("paused", 0).await;
    assert_eq!(kinds(&told)[2..], ["throttled", "paused"]);
    bench.clock.advance(HOUR);
    bench.another_export().await;
    assert_eq!(bench.creates(), 2, "it waits for the person");
    bench.ask(Ask::Resume).await.unwrap();
    assert_completed(&bench.events(0).await);
}

#[tokio::test]
async fn a_wait_for_jira_can_be_cancelled() {
    let (bench, _) = sent_away(Kind::Sqlite, Operation::CreateIssue, 2).await;
    let cancelled = bench.ask(Ask::Cancel).await.unwrap();
    assert_eq!(cancelled.status(), ExportStatus::Cancelled);
    bench.clock.advance(HOUR);
    bench.retry().await.unwrap();
    assert_completed(&bench.events(0).await);
    bench.assert_whole(3).await;
}

/// A number that fits no machine's is a long wait, and not none.
#[tokio::test]
async fn a_wait_beyond_all_measure_is_a_pause_of_thirty_days() {
    let bench = Bench::new(Kind::Sqlite, TICKETS).await;
    let endless = Action::Status {
        status: 429,
        body: None,
        headers: [("retry-after".to_owned(), "9".repeat(30))].into(),
    };
    bench
        .jira
        .order(Fault::on(Operation::CreateIssue, endless).nth(2));
    bench.start().await.unwrap();
    let told = bench.events_until("throttled", 0).await;
    assert_eq!(standing(&last(&told)), (ExportStatus::Paused, 0, 1));
    let (_, wait) = throttled(&told[2]);
    assert_eq!(wait, 30 * 24 * HOUR);
    assert!(bench.clock.waits().is_empty(), "nobody waits for it");
    bench.clock.advance(30 * 24 * HOUR);
    assert_completed(&bench.events(0).await);
    bench.assert_whole(3).await;
}

#[tokio::test]
async fn a_part_of_a_second_is_waited_for_whole() {
    let bench = Bench::new(Kind::Sqlite, TICKETS).await;
    let odd = Action::Status {
        status: 429,
        body: None,
        headers: [("retry-after".to_owned(), "1.5".to_owned())].into(),
    };
    bench.jira.order(Fault::on(Operation::CreateIssue, odd));
    let events = bench.run().await;
    assert_completed(&events);
    let told: Vec<_> = events
        .iter()
        .filter(|event| matches!(event.detail, Some(Detail::Throttled(_))))
        .map(throttled)
        .collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].1, Duration::from_secs(2));
}

/// 503 is said before as well as after the work was done: looked for first, and not sent again before the time.
#[rstest]
#[case::work_not_done(busy(), true, 4)]
#[case::work_done(Action::StatusAfter { status: 503 }, false, 3)]
#[case::work_done_meanwhile(
    Action::StatusBefore { status: 503, retry_after: Some(20), after_calls: 7 },
    true,
    3
)]
#[tokio::test]
async fn an_overloaded_site_is_given_the_time_that_it_asks_for(
    #[case] action: Action,
    #[case] waits: bool,
    #[case] creates: usize,
) {
    let bench = Bench::new(Kind::Sqlite, TICKETS).await;
    let second = Fault::on(Operation::CreateIssue, action).nth(2);
    bench.jira.order(second);
    let events = bench.run().await;
    assert_completed(&events);
    let asked: Vec<_> = events
        .iter()
        .filter(|event| matches!(event.detail, Some(Detail::Throttled(_))))
        .map(throttled)
        .collect();
    match waits {
        false => assert!(asked.is_empty(), "it was found"),
        true => {
            assert_eq!(asked[0].1, Duration::from_secs(20));
            assert!(bench.clock.waits().iter().sum::<Duration>() >= asked[0].1);
        }
    }
    assert_eq!(bench.creates(), creates);
    bench.assert_whole(3).await;
}

fn busy() -> Action {
    Action::Status {
        status: 503,
        body: None,
        headers: [("retry-after".to_owned(), "20".to_owned())].into(),
    }
}
