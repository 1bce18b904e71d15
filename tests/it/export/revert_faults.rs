//! Reverts that go wrong half-way: nothing is deleted that should not be, and repeating goes on.

use docket::{
    domain::actor::Role,
    proto::v1::{RevertExportResponse, SessionStatus, TicketExportStatus},
    sandbox::{Action, Fault, Operation},
};
use rstest::rstest;
use tonic::Code;

use super::{
    ask::{Ask, reason},
    bench::{Bench, assert_completed, last, open_session},
    revert::TICKETS,
};
use crate::support::database::Kind;

#[rstest]
#[case::answer_lost(Action::DropAfter)]
#[case::gateway_gave_up(Action::StatusAfter { status: 504 })]
#[case::done_when_nobody_waits(Action::WorkAfterClientLeft { delay_ms: 0, after_calls: 0 })]
#[case::never_done(Action::DropBefore)]
#[case::overloaded(Action::Throttle { retry_after: Some(1), reason: None })]
#[tokio::test]
async fn a_deletion_whose_answer_is_lost_is_a_deletion(#[case] action: Action) {
    let bench = Bench::new(Kind::Sqlite, TICKETS).await;
    assert_completed(&bench.run().await);
    let keys = bench.made();
    bench
        .jira
        .order(Fault::on(Operation::DeleteIssue, action).nth(2));
    let reverted = bench.revert(false).await.unwrap();
    assert_eq!((reverted.deleted, reverted.kept), (keys, vec![]));
    assert!(bench.made().is_empty());
}

#[rstest]
#[tokio::test]
async fn an_interrupted_revert_is_repeated_from_where_it_stopped(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, TICKETS).await;
    // A failed export, so that a retry would be possible.
    let refused = Fault::on(Operation::CreateIssue, Action::status(403));
    bench.jira.order(refused.nth(3));
    bench.run().await;
    let keys = bench.made();
    // Jira deletes the second issue, and docket is never told.
    let silent = Action::WorkAfterClientLeft {
        delay_ms: 0,
        after_calls: 0,
    };
    bench
        .jira
        .order(Fault::on(Operation::DeleteIssue, silent).nth(2));
    bench
        .jira
        .order(Fault::on(Operation::DeleteIssue, Action::status(401)).nth(3));
    let failed = bench.revert(false).await.unwrap_err();
    assert_eq!(failed.code(), Code::FailedPrecondition);
    assert_eq!(reason(&failed), "JIRA_UNAUTHORIZED");
    assert!(bench.made().is_empty());
    assert_eq!(bench.session_status().await, SessionStatus::ExportFailed);
    // Half of it is gone: what is left to do is to finish.
    assert_eq!(
        reason(&bench.retry().await.unwrap_err()),
        "EXPORT_NOT_RETRYABLE"
    );
    assert_eq!(reason(&bench.start().await.unwrap_err()), "EXPORT_FAILED");

    let reverted = bench.revert(false).await.unwrap();
    assert_eq!((reverted.deleted, reverted.kept), (keys, vec![]));
    assert_eq!(bench.session_status().await, SessionStatus::Active);
    let statuses: Vec<TicketExportStatus> = bench
        .tickets()
        .await
        .into_iter()
        .map(|ticket| ticket.export.unwrap().status())
        .collect();
    let (skipped, pending) = (TicketExportStatus::Skipped, TicketExportStatus::Pending);
    assert_eq!(statuses, [skipped, skipped, pending]);
    bench.start().await.unwrap();
    assert_completed(&bench.events(0).await);
    bench.assert_whole(3).await;
}

#[tokio::test]
async fn an_export_that_is_half_taken_back_is_not_started_as_if_it_were_whole() {
    let bench = Bench::new(Kind::Sqlite, TICKETS).await;
    assert_completed(&bench.run().await);
    bench
        .jira
        .order(Fault::on(Operation::DeleteIssue, Action::status(401)).nth(2));
    let failed = bench.revert(false).await.unwrap_err();
    assert_eq!(reason(&failed), "JIRA_UNAUTHORIZED");
    let refused = bench.start().await.unwrap_err();
    assert_eq!(reason(&refused), "EXPORT_FAILED");
    assert!(refused.message().contains("RevertExport"), "{refused:?}");
    bench.revert(false).await.unwrap();
    bench.start().await.unwrap();
    assert_completed(&bench.events(0).await);
    bench.assert_whole(3).await;
}

#[tokio::test]
async fn an_issue_that_was_never_recorded_is_found_and_taken_back() {
    let bench = Bench::new(Kind::Sqlite, TICKETS).await;
    bench
        .jira
        .order(Fault::on(Operation::CreateIssue, Action::DropAfter).nth(2));
    bench
        .jira
        .order(Fault::on(Operation::FetchIssues, Action::status(500)).always());
    let failed = last(&bench.run().await).failure.unwrap();
    assert_eq!(failed.reason, "JIRA_CREATE_UNCERTAIN");
    bench.jira.clear_orders();
    let keys = bench.made();
    assert_eq!(keys.len(), 2);
    let reverted = bench.revert(false).await.unwrap();
    assert_eq!((reverted.deleted, reverted.kept), (keys, vec![]));
    assert!(bench.made().is_empty());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_several_reverts_at_once_each_issue_is_deleted_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, TICKETS).await;
    assert_completed(&bench.run().await);
    let keys = bench.made();
    bench.jira.set_latency(std::time::Duration::from_millis(20));
    let reverts = futures::future::join_all((0..4).map(|_| bench.revert(false))).await;
    for reverted in reverts {
        match reverted {
            Ok(reverted) => assert_eq!(reverted.deleted, keys),
            Err(refused) => {
                assert_eq!(refused.code(), Code::Aborted, "{refused:?}");
                assert_eq!(reason(&refused), "EXPORT_RUNNING");
            }
        }
    }
    let reverted = bench.revert(false).await.unwrap();
    assert_eq!((reverted.deleted, reverted.kept), (keys, vec![]));
    assert!(bench.made().is_empty());
}

#[tokio::test]
async fn what_cannot_be_reverted_is_refused() {
    let bench = Bench::idle(Kind::Sqlite, TICKETS).await;
    let empty = open_session(&bench.server, &bench.integration, Vec::new()).await;
    let refused = bench.revert_as(Role::SeniorEngineer, &empty, true).await;
    assert_eq!(reason(&refused.unwrap_err()), "EXPORT_NOT_STARTED");
    bench.start().await.unwrap();
    let refused = bench.revert(false).await.unwrap_err();
    assert_eq!(refused.code(), Code::Aborted);
    assert_eq!(reason(&refused), "EXPORT_RUNNING");
    let stranger = ("somebody", Role::SeniorEngineer);
    let refused = bench.revert_as(stranger, &bench.session, true).await;
    assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
    let nobody = uuid::Uuid::now_v7().to_string();
    let refused = bench.revert_as(Role::Admin, &nobody, true).await;
    assert_eq!(refused.unwrap_err().code(), Code::NotFound);
    bench.ask(Ask::Cancel).await.unwrap();
    // Nothing was made: then nothing is taken back, and the session is free.
    assert_eq!(
        bench.revert(false).await.unwrap(),
        RevertExportResponse::default()
    );
    assert_eq!(bench.session_status().await, SessionStatus::Active);
    assert!(bench.start().await.is_ok());
}

/// A call that asks Jira about each issue has the time that is published for it, whatever is set for the others; and it looks at several
/// issues at once.
#[tokio::test]
async fn a_revert_has_the_time_that_is_published_for_it() {
    let set = [("REQUEST_TIMEOUT_SECONDS", "1")];
    let bench = Bench::set(Kind::Sqlite, &set, TICKETS).await;
    assert_completed(&bench.run().await);
    // More than the second together, and less than one request may take.
    for call in [Operation::Myself, Operation::GetIssue] {
        let slow = Fault::on(call, Action::Delay { ms: 600 });
        bench.jira.order(slow.always());
    }
    let planned = bench.revert(true).await.unwrap();
    assert_eq!(planned.deleted, bench.made());
}

#[rstest]
#[tokio::test]
async fn a_revert_does_not_end_while_nobody_can_tell_whether_there_is_an_issue(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, TICKETS).await;
    let (skipped, others) = (
        Action::Skip { count: 2_000_000 },
        Action::Foreign { count: 1 },
    );
    for action in [skipped, others, Action::DropBefore] {
        let fault = Fault::on(Operation::CreateIssue, action);
        bench.jira.order(fault.nth(2));
    }
    let failed = last(&bench.run().await).failure.unwrap();
    assert_eq!(failed.reason, "JIRA_CREATE_UNCERTAIN");
    for dry_run in [true, false] {
        let unsure = bench.revert(dry_run).await.unwrap_err();
        assert_eq!(unsure.code(), Code::Unavailable);
        assert_eq!(reason(&unsure), "JIRA_CREATE_UNCERTAIN");
    }
    // Nothing is begun anew meanwhile.
    assert!(bench.start().await.is_err());
}
