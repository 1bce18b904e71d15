//! Pausing, resuming and cancelling: at a ticket's boundary where a worker is at it, at once where none is.

use std::time::Duration;

use docket::{
    domain::actor::Role,
    proto::v1::{ExportStatus, ResumeReason, SessionStatus},
    sandbox::{Action, Fault, Operation, Options},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use rstest::rstest;
use tonic::Code;
use tonic_types::StatusExt as _;

use super::{
    ask::{Ask, reason, resumed},
    bench::{Bench, assert_completed, chain, kinds, last, open_session},
};
use crate::support::database::Kind;

const TICKETS: &[(&str, &[&str])] = &[("a", &[]), ("b", &["a"]), ("c", &["b"])];

#[rstest]
#[tokio::test]
async fn a_pause_halts_at_the_tickets_boundary_and_a_resume_goes_on(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, TICKETS).await;
    bench
        .during_the_second_create(async || {
            let asked = bench.ask(Ask::Pause).await.unwrap();
            assert_eq!(
                asked.status(),
                ExportStatus::Exporting,
                "not before the boundary"
            );
        })
        .await;
    let told = bench.events_until("paused", 0).await;
    let halfway = ["started", "ticket_exported", "ticket_exported", "paused"];
    assert_eq!(kinds(&told), halfway);
    let paused = last(&told);
    assert_eq!(paused.status(), ExportStatus::Paused);
    assert_eq!((paused.tickets_completed, paused.current_ticket), (2, None));
    assert!(paused.finish_time.is_none());
    assert_eq!(bench.session_status().await, SessionStatus::Exporting);

    // Asking for what is so changes nothing.
    let again = bench.ask(Ask::Pause).await.unwrap();
    assert_eq!(again.status(), ExportStatus::Paused);
    assert!(bench.start().await.unwrap().already_running);
    assert_eq!(reason(&bench.retry().await.unwrap_err()), "EXPORT_RUNNING");
    assert_eq!(bench.creates(), 2);

    let going = bench.ask(Ask::Resume).await.unwrap();
    assert_eq!(going.status(), ExportStatus::Exporting);
    bench.ask(Ask::Resume).await.unwrap();
    let events = bench.events(0).await;
    assert_completed(&events);
    let rest = [
        "resumed",
        "ticket_exported",
        "dependency_created",
        "dependency_created",
        "completed",
    ];
    assert_eq!(kinds(&events), [&halfway[..], &rest[..]].concat());
    assert_eq!(resumed(&events), [ResumeReason::Requested]);
    assert_eq!(last(&events).attempt, 0, "no retry is used");
    assert_eq!(bench.creates(), 3);
    bench.assert_whole(3).await;
}

#[rstest]
#[tokio::test]
async fn a_pause_that_is_taken_back_in_time_has_no_effect(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, TICKETS).await;
    bench
        .during_the_second_create(async || {
            bench.ask(Ask::Pause).await.unwrap();
            bench.ask(Ask::Resume).await.unwrap();
        })
        .await;
    let events = bench.events(0).await;
    assert_completed(&events);
    assert!(!kinds(&events).contains(&"paused"));
    assert_eq!(resumed(&events), []);
}

#[rstest]
#[tokio::test]
async fn a_cancelled_export_keeps_what_exists_and_can_be_retried(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, TICKETS).await;
    bench
        .during_the_second_create(async || {
            bench.ask(Ask::Pause).await.unwrap();
            let asked = bench.ask(Ask::Cancel).await.unwrap();
            assert_eq!(asked.status(), ExportStatus::Exporting);
            // Neither takes a cancellation back.
            bench.ask(Ask::Resume).await.unwrap();
            bench.ask(Ask::Pause).await.unwrap();
        })
        .await;
    let told = bench.events(0).await;
    assert_eq!(
        kinds(&told),
        ["started", "ticket_exported", "ticket_exported", "cancelled"]
    );
    let cancelled = last(&told);
    assert_eq!(cancelled.status(), ExportStatus::Cancelled);
    assert!(cancelled.finish_time.is_some() && cancelled.failure.is_none());
    assert_eq!(bench.session_status().await, SessionStatus::Cancelled);
    assert_eq!(bench.results().await.jira_tickets.len(), 2);

    let again = bench.ask(Ask::Cancel).await.unwrap();
    assert_eq!(again, cancelled);
    for ask in [Ask::Pause, Ask::Resume] {
        let refused = bench.ask(ask).await.unwrap_err();
        assert_eq!(refused.code(), Code::FailedPrecondition);
        assert_eq!(reason(&refused), "EXPORT_NOT_RUNNING");
        let info = refused.get_details_error_info().unwrap();
        assert_eq!(info.metadata["status"], "CANCELLED");
        assert_eq!(info.metadata["task_id"], cancelled.task_id);
    }
    assert_eq!(reason(&bench.start().await.unwrap_err()), "EXPORT_FAILED");

    let retried = bench.retry().await.unwrap();
    assert_eq!(
        (retried.resuming_from_order, retried.tickets_preserved),
        (3, 2)
    );
    let events = bench.events(0).await;
    assert_completed(&events);
    assert_eq!(resumed(&events), [ResumeReason::Retried]);
    assert_eq!(bench.creates(), 3);
    bench.assert_whole(3).await;
    for ask in [Ask::Pause, Ask::Resume, Ask::Cancel] {
        let refused = bench.ask(ask).await.unwrap_err();
        assert_eq!(
            reason(&refused),
            "EXPORT_NOT_RUNNING",
            "{ask:?} when completed"
        );
    }
}

#[rstest]
#[tokio::test]
async fn a_paused_export_is_cancelled_at_once(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let bench = Bench::new(kind, TICKETS).await;
    bench
        .during_the_second_create(async || drop(bench.ask(Ask::Pause).await.unwrap()))
        .await;
    bench.events_until("paused", 0).await;
    let cancelled = bench.ask(Ask::Cancel).await.unwrap();
    assert_eq!(cancelled.status(), ExportStatus::Cancelled);
    let told = bench.events(0).await;
    assert_eq!(kinds(&told)[3..], ["paused", "cancelled"]);
    assert_eq!(bench.session_status().await, SessionStatus::Cancelled);
}

/// A server without workers: the export stays as it was started.
#[rstest]
#[tokio::test]
async fn an_export_that_nobody_has_taken_up_is_cancelled_at_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::idle(kind, TICKETS).await;
    let pending = bench.start().await.unwrap().export.unwrap();
    assert_eq!(pending.status(), ExportStatus::Pending);
    // A run that has not begun cannot be paused yet; it will be at its first ticket.
    let asked = bench.ask(Ask::Pause).await.unwrap();
    assert_eq!(asked.status(), ExportStatus::Pending);
    let cancelled = bench.ask(Ask::Cancel).await.unwrap();
    assert_eq!(cancelled.status(), ExportStatus::Cancelled);
    assert_eq!(kinds(&bench.events(0).await), ["cancelled"]);
    assert_eq!(bench.creates(), 0);
}

#[tokio::test]
async fn a_pause_before_the_first_ticket_takes_effect_before_it() {
    let bench = Bench::new(Kind::Sqlite, TICKETS).await;
    let slow = Fault::on(Operation::GetProject, Action::Delay { ms: 500 });
    bench.jira.order(slow);
    bench.start().await.unwrap();
    bench.ask(Ask::Pause).await.unwrap();
    let told = bench.events_until("paused", 0).await;
    assert_eq!(kinds(&told), ["started", "paused"]);
    assert_eq!(bench.creates(), 0);
    bench.ask(Ask::Resume).await.unwrap();
    assert_completed(&bench.events(0).await);
}

#[rstest]
#[case::the_pace(Duration::from_secs(60), None)]
#[case::a_throttle(Duration::ZERO, Some(30))]
#[tokio::test]
async fn a_wait_is_no_place_to_be_stuck_in(
    #[case] delay: Duration,
    #[case] throttled: Option<u64>,
    #[values(Ask::Pause, Ask::Cancel)] ask: Ask,
) {
    let bench = Bench::with(Kind::Sqlite, Options::default(), delay, chain(TICKETS)).await;
    if throttled.is_some() {
        let action = Action::Throttle {
            retry_after: throttled,
            reason: None,
        };
        bench
            .jira
            .order(Fault::on(Operation::CreateIssue, action).nth(2));
    }
    bench.clock.hold();
    bench.start().await.unwrap();
    bench.until(|| !bench.clock.waits().is_empty()).await;
    bench.ask(ask).await.unwrap();
    let (kind, status) = match ask {
        Ask::Cancel => ("cancelled", ExportStatus::Cancelled),
        _ => ("paused", ExportStatus::Paused),
    };
    let told = bench.events_until(kind, 0).await;
    assert_eq!(last(&told).status(), status);
    bench.clock.release();
    match ask {
        Ask::Cancel => drop(bench.retry().await.unwrap()),
        _ => drop(bench.ask(Ask::Resume).await.unwrap()),
    }
    assert_completed(&bench.events(0).await);
    bench.assert_whole(3).await;
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let bench = Bench::idle(Kind::Sqlite, TICKETS).await;
    let (owner, stranger) = (Role::SeniorEngineer, ("somebody", Role::SeniorEngineer));
    let empty = open_session(&bench.server, &bench.integration, Vec::new()).await;
    let nobody = uuid::Uuid::now_v7().to_string();
    bench.start().await.unwrap();
    for ask in [Ask::Pause, Ask::Resume, Ask::Cancel] {
        let refused = bench.ask_as(owner, &empty, ask).await.unwrap_err();
        assert_eq!(reason(&refused), "EXPORT_NOT_STARTED");
        let refused = bench.ask_as(owner, &nobody, ask).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound);
        let refused = bench.ask_as(owner, "nonsense", ask).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        let refused = bench.ask_as(stranger, &bench.session, ask).await;
        assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
    }
    bench
        .ask_as(Role::Manager, &bench.session, Ask::Cancel)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_paused_export_does_not_go_on_through_an_integration_that_is_off() {
    let bench = Bench::new(Kind::Sqlite, TICKETS).await;
    bench
        .during_the_second_create(async || drop(bench.ask(Ask::Pause).await.unwrap()))
        .await;
    bench.events_until("paused", 0).await;
    bench.switch(false).await;
    let refused = bench.ask(Ask::Resume).await.unwrap_err();
    assert_eq!(reason(&refused), "INTEGRATION_DISABLED");
    bench.switch(true).await;
    bench.ask(Ask::Resume).await.unwrap();
    assert_completed(&bench.events(0).await);
}

/// Many people who want different things, for as long as the export runs: it never doubles an issue, and each event comes once.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_asked_at_once_the_export_stays_whole(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let names: Vec<String> = (0..12).map(|n| format!("t{n}")).collect();
    let tickets: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &[][..])).collect();
    let bench = Bench::new(kind, &tickets).await;
    bench.jira.set_latency(Duration::from_millis(4));
    bench.start().await.unwrap();
    let people = (0..4).map(|seed| {
        let bench = &bench;
        async move {
            let mut rng = StdRng::seed_from_u64(seed);
            for _ in 0..25 {
                // A refusal tells that somebody else was first.
                let _ = match rng.random_range(0..20) {
                    0..8 => bench.ask(Ask::Pause).await.err(),
                    8..19 => bench.ask(Ask::Resume).await.err(),
                    _ => bench.ask(Ask::Cancel).await.err(),
                };
            }
        }
    });
    futures::future::join_all(people).await;
    let _ = bench.ask(Ask::Resume).await;
    let mut events = bench.events(0).await;
    if last(&events).status() == ExportStatus::Cancelled {
        bench.retry().await.unwrap();
        events = bench.events(0).await;
    }
    assert_completed(&events);
    let sequences: Vec<i64> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..).take(events.len()).collect::<Vec<_>>());
    assert_eq!(bench.creates(), 12);
    bench.assert_whole(12).await;
}
