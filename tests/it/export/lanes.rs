//! Several tickets on their way at once: what is promised of one holds for all of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use docket::{
    proto::v1::{ExportEvent, ExportStatus, NewSessionTicket, export_event::Detail},
    sandbox::{Action, Calls, Fault, Numbering, Operation, Options},
};
use rstest::rstest;
use serde_json::json;

use super::{
    ask::Ask,
    bench::{Bench, assert_completed, chain, kinds, last},
};
use crate::support::database::Kind;

/// How many tickets are on their way at once.
const LANES: i32 = 4;
/// The tickets of a session, none of which depends on another.
const NAMES: [&str; 12] = [
    "t01", "t02", "t03", "t04", "t05", "t06", "t07", "t08", "t09", "t10", "t11", "t12",
];
const HOUR: Duration = Duration::from_secs(3600);

fn tickets() -> Vec<NewSessionTicket> {
    let tickets: Vec<(&str, &[&str])> = NAMES.iter().map(|name| (*name, &[][..])).collect();
    chain(&tickets)
}

async fn bench(kind: Kind) -> Bench {
    let pace = (Duration::ZERO, LANES);
    Bench::in_lanes(kind, Options::default(), pace, tickets()).await
}

/// A fault on creates of the ticket of this name.
fn on(name: &str, action: Action) -> Fault {
    let calls = Calls {
        operation: Some(Operation::CreateIssue),
        body: Some(format!("The work on {name}")),
        ..Calls::default()
    };
    Fault::on_calls(calls, action)
}

/// The `order` of each ticket that was told to be done.
fn done(events: &[ExportEvent]) -> Vec<i32> {
    let done = events.iter().filter_map(|event| match &event.detail {
        Some(Detail::TicketExported(done)) => Some(done.order),
        _ => None,
    });
    done.collect()
}

/// Every ticket is one issue and told of once, and the events have no gap.
async fn assert_all(bench: &Bench, events: &[ExportEvent]) {
    assert_completed(events);
    bench.assert_whole(NAMES.len()).await;
    let orders: BTreeSet<i32> = done(events).into_iter().collect();
    assert_eq!(orders.len(), NAMES.len());
    assert_eq!(done(events).len(), NAMES.len(), "each is told of once");
    let sequences: Vec<i64> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..).take(events.len()).collect::<Vec<i64>>());
    let mut completed: Vec<i32> = events
        .iter()
        .map(|event| event.export.as_ref().unwrap().tickets_completed)
        .collect();
    assert!(completed.is_sorted(), "{completed:?}");
    completed.dedup();
    assert_current(events);
    assert_eq!(completed.len(), NAMES.len() + 1, "one by one");
}

/// The ticket that is worked on is none that was told to be done.
fn assert_current(events: &[ExportEvent]) {
    let mut told = BTreeSet::new();
    for event in events {
        if let Some(Detail::TicketExported(done)) = &event.detail {
            told.insert(done.ticket_id.clone());
        }
        let current = event.export.as_ref().unwrap().current_ticket.as_ref();
        let again = current.filter(|current| told.contains(&current.id));
        assert!(again.is_none(), "{again:?} at {}", event.sequence);
    }
}

#[rstest]
#[tokio::test]
async fn others_go_on_while_one_waits_for_its_answer(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = bench(kind).await;
    bench.jira.order(on("t01", Action::Hang));
    let events = bench.run().await;
    assert_all(&bench, &events).await;
    let place = done(&events).iter().position(|order| *order == 1);
    assert!(place > Some(2), "{:?}", done(&events));
    assert_eq!(bench.creates(), NAMES.len() + 1);
}

#[tokio::test]
async fn with_a_delay_they_go_one_after_the_other() {
    let delay = Duration::from_millis(1500);
    let tickets = chain(&[("a", &[]), ("b", &[]), ("c", &[]), ("d", &[])]);
    let options = Options::default();
    let bench = Bench::in_lanes(Kind::Sqlite, options, (delay, LANES), tickets).await;
    let events = bench.run().await;
    assert_completed(&events);
    assert_eq!(bench.clock.waits(), [delay; 3]);
    assert_eq!(done(&events), [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_ticket_begins_once_all_that_it_depends_on_have_arrived() {
    let tickets = chain(&[("t1", &[]), ("t2", &[]), ("t3", &["t1", "t2"]), ("t4", &[])]);
    let options = Options::default();
    let pace = (Duration::ZERO, LANES);
    let bench = Bench::in_lanes(Kind::Sqlite, options, pace, tickets).await;
    bench.jira.order(on("t1", Action::Hang));
    let events = bench.run().await;
    assert_completed(&events);
    bench.assert_whole(4).await;
    let told = done(&events);
    let place = |order: i32| told.iter().position(|it| *it == order);
    assert!(place(2) < place(1), "the first was slow: {told:?}");
    let at = |order: i32| {
        events.iter().position(
            |event| matches!(&event.detail, Some(Detail::TicketExported(it)) if it.order == order),
        )
    };
    assert!(at(1) < at(3), "{told:?}");
    assert_eq!(bench.jira.links().len(), 2);
}

/// A project with gaps between its keys, in which others make issues before each of docket's, and whose search lags.
async fn busy(kind: Kind) -> Bench {
    let options = Options {
        numbering: Numbering {
            largest_gap: 20,
            seed: 23,
            ..Numbering::default()
        },
        search_lag: 1000,
        ..Options::default()
    };
    let bench = Bench::in_lanes(kind, options, (Duration::ZERO, LANES), tickets()).await;
    let others = Fault::on(Operation::CreateIssue, Action::Foreign { count: 3 });
    bench.jira.order(others.always());
    bench
}

#[rstest]
#[case::answer_lost(Action::DropAfter)]
#[case::gateway_gave_up(Action::StatusAfter { status: 502 })]
#[case::malformed(Action::Malformed)]
#[case::done_when_nobody_waits(Action::WorkAfterClientLeft { delay_ms: 0, after_calls: 0 })]
#[case::done_late(Action::WorkAfterClientLeft { delay_ms: 0, after_calls: 3 })]
#[tokio::test]
async fn creates_whose_answers_are_lost_at_once_are_not_repeated(
    #[case] action: Action,
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = busy(kind).await;
    for name in ["t01", "t02", "t04", "t09"] {
        bench.jira.order(on(name, action.clone()));
    }
    let hidden = Action::HideKeys { reads: 2 };
    bench.jira.order(on("t02", hidden));
    let events = bench.run().await;
    assert_all(&bench, &events).await;
    assert_eq!(bench.creates(), NAMES.len(), "no create is sent twice");
    let others = bench.jira.issues().iter().filter(|i| i.foreign).count();
    assert_eq!(others, 3 * NAMES.len(), "others were at work too");
}

fn refused_summary() -> Action {
    Action::Status {
        status: 400,
        body: Some(json!({ "errorMessages": [], "errors": { "summary": "nein" } })),
        headers: BTreeMap::new(),
    }
}

#[rstest]
#[case::token(Action::status(401), "JIRA_UNAUTHORIZED")]
#[case::summary(refused_summary(), "JIRA_FIELD_REJECTED")]
#[tokio::test]
async fn at_a_hard_stop_the_others_settle_and_the_retry_makes_nothing_again(
    #[case] action: Action,
    #[case] reason: &str,
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = bench(kind).await;
    bench.jira.order(on("t03", action));
    // In flight at the stop: one whose answer is lost, and one that Jira makes late.
    bench.jira.order(on("t02", Action::DropAfter));
    let late = Action::WorkAfterClientLeft {
        delay_ms: 0,
        after_calls: 2,
    };
    bench.jira.order(on("t04", late));
    let events = bench.run().await;
    let export = last(&events);
    assert_eq!(export.status(), ExportStatus::Failed);
    assert_eq!(export.tickets_failed, 1);
    assert!(export.current_ticket.is_none());
    let failure = export.failure.unwrap();
    assert_eq!(failure.failed_at_ticket_order, 3);
    assert_eq!(failure.reason, reason);
    let made = bench.jira.issues().len();
    assert!(made < NAMES.len(), "none begins after the stop: {made}");
    // What exists is known, and what is not done has no issue.
    bench.assert_whole(made).await;

    bench.retry().await.unwrap();
    let events = bench.events(0).await;
    assert_completed(&events);
    bench.assert_whole(NAMES.len()).await;
    assert_eq!(bench.creates(), NAMES.len() + 1, "the refused one alone");
    assert_eq!(done(&events).len(), NAMES.len());
}

#[rstest]
#[tokio::test]
async fn a_pause_waits_for_all_that_are_on_their_way(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(Ask::Pause, Ask::Cancel)] ask: Ask,
) {
    let bench = bench(kind).await;
    let slow = Fault::on(Operation::CreateIssue, Action::Delay { ms: 500 });
    bench.jira.order(slow.always());
    bench.start().await.unwrap();
    bench.until(|| bench.creates() > 1).await;
    bench.ask(ask).await.unwrap();
    let halted = if ask == Ask::Pause {
        "paused"
    } else {
        "cancelled"
    };
    let events = bench.events_until(halted, 0).await;
    let made = bench.jira.issues().len();
    assert_eq!(done(&events).len(), made, "{:?}", kinds(&events));
    assert!((1..NAMES.len()).contains(&made), "{made}");
    bench.assert_whole(made).await;
    bench.jira.clear_orders();
    match ask {
        Ask::Pause => drop(bench.ask(Ask::Resume).await.unwrap()),
        _ => drop(bench.retry().await.unwrap()),
    }
    let events = bench.events(0).await;
    assert_completed(&events);
    bench.assert_whole(NAMES.len()).await;
}

#[tokio::test]
async fn a_throttle_holds_all_of_them_back() {
    let bench = bench(Kind::Sqlite).await;
    let throttle = Action::Throttle {
        retry_after: Some(7),
        reason: None,
    };
    bench.jira.order(on("t05", throttle));
    bench.clock.hold();
    bench.start().await.unwrap();
    bench.events_until("throttled", 0).await;
    // All of them wait then, and nobody is left to send anything.
    let waits = || bench.clock.waits().len();
    bench.until(|| waits() == LANES as usize).await;
    let sent = bench.creates();
    assert!(sent <= 5 + LANES as usize, "{sent} creates were sent");
    bench.another_export().await;
    assert_eq!((bench.creates(), waits()), (sent, LANES as usize));
    bench.clock.release();
    let events = bench.events(0).await;
    assert_all(&bench, &events).await;
    assert_eq!(bench.creates(), NAMES.len() + 1);
}

#[rstest]
#[tokio::test]
async fn a_long_wait_for_jira_is_one_pause_for_all(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = bench(kind).await;
    let away = Action::Throttle {
        retry_after: Some(HOUR.as_secs()),
        reason: Some("jira-quota-tenant-based".to_owned()),
    };
    bench.jira.order(on("t05", away));
    bench.jira.order(on("t06", Action::DropAfter));
    bench.start().await.unwrap();
    let told = bench.events_until("throttled", 0).await;
    assert_eq!(last(&told).status(), ExportStatus::Paused);
    let bench = bench.restart().await;
    bench.clock.advance(HOUR);
    let events = bench.events(0).await;
    assert_all(&bench, &events).await;
    assert_eq!(bench.creates(), NAMES.len() + 1);
}
