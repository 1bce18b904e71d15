//! Retrying an export: from where it stopped, at most three times.

use docket::{
    domain::actor::Role,
    proto::v1::{DeleteTicketRequest, UndeleteTicketRequest},
    sandbox::{Action, Fault, Operation},
};
use rstest::rstest;
use tonic::Code;
use tonic_types::StatusExt as _;

use super::{
    ask::reason,
    bench::{Bench, assert_completed, kinds, last},
};
use crate::support::database::Kind;

#[rstest]
#[tokio::test]
async fn three_retries_and_no_more(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let bench = Bench::new(kind, &[("a", &[]), ("b", &[])]).await;
    bench.jira.order(
        Fault::on(Operation::CreateIssue, Action::status(403))
            .nth(2)
            .always(),
    );
    let first = last(&bench.run().await).failure.unwrap();
    assert_eq!(
        (first.retry_available, first.retry_attempts_used),
        (true, 0)
    );
    for attempt in 1..=3 {
        let retried = bench.retry().await.unwrap();
        assert_eq!(
            (retried.resuming_from_order, retried.tickets_preserved),
            (2, 1)
        );
        let export = last(&bench.events(0).await);
        assert_eq!(export.attempt, attempt);
        assert_eq!(export.remaining_retries, 3 - attempt);
        let failure = export.failure.unwrap();
        assert_eq!(
            failure.first_error_time, first.first_error_time,
            "the same failure, met first then"
        );
        assert_eq!(failure.retry_available, attempt < 3);
    }
    let refused = bench.retry().await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let info = refused.get_details_error_info().unwrap();
    assert_eq!(info.reason, "EXPORT_RETRIES_EXHAUSTED");
    assert_eq!(info.metadata["category"], "ADMIN_REQUIRED");
    bench.assert_whole(1).await;
}

#[tokio::test]
async fn a_retry_goes_on_with_the_same_task_and_numbering() {
    let bench = Bench::new(Kind::Sqlite, &[("a", &[]), ("b", &["a"]), ("c", &["b"])]).await;
    bench
        .jira
        .order(Fault::on(Operation::CreateIssue, Action::status(401)).nth(3));
    let before = bench.run().await;
    assert_eq!(
        kinds(&before),
        ["started", "ticket_exported", "ticket_exported", "failed"]
    );
    bench.retry().await.unwrap();
    let after = bench.events(4).await;
    assert_eq!(
        kinds(&after),
        [
            "resumed",
            "ticket_exported",
            "dependency_created",
            "dependency_created",
            "completed"
        ]
    );
    assert_eq!(after[0].sequence, 5);
    assert_eq!(last(&before).task_id, last(&after).task_id);
    assert_completed(&after);
    assert_eq!(bench.creates(), 4);
    bench.assert_whole(3).await;
    let done = bench.retry().await.unwrap_err();
    assert_eq!(
        done.get_details_error_info().unwrap().reason,
        "EXPORT_NOT_RETRYABLE"
    );
}

#[tokio::test]
async fn a_running_export_is_not_retried() {
    let bench = Bench::new(Kind::Sqlite, &[("a", &[])]).await;
    bench
        .jira
        .order(Fault::on(Operation::GetProject, Action::Delay { ms: 700 }));
    bench.start().await.unwrap();
    let refused = bench.retry().await.unwrap_err();
    assert_eq!(refused.code(), Code::Aborted);
    assert_eq!(
        refused.get_details_error_info().unwrap().reason,
        "EXPORT_RUNNING"
    );
    assert_completed(&bench.events(0).await);
}

#[tokio::test]
async fn of_several_retries_at_once_one_begins() {
    let bench = Bench::new(Kind::Sqlite, &[("a", &[]), ("b", &[])]).await;
    bench
        .jira
        .order(Fault::on(Operation::CreateIssue, Action::status(403)).nth(2));
    bench.run().await;
    bench
        .jira
        .order(Fault::on(Operation::GetProject, Action::Delay { ms: 500 }));
    let retries = futures::future::join_all((0..12).map(|_| bench.retry())).await;
    let began = retries.iter().filter(|retry| retry.is_ok()).count();
    assert_eq!(began, 1);
    for refused in retries.iter().filter_map(|retry| retry.as_ref().err()) {
        assert_eq!(refused.code(), Code::Aborted);
    }
    assert_completed(&bench.events(0).await);
    bench.assert_whole(2).await;
}

#[tokio::test]
async fn a_repeated_retry_gets_the_first_answer() {
    let bench = Bench::new(Kind::Sqlite, &[("a", &[]), ("b", &[])]).await;
    bench
        .jira
        .order(Fault::on(Operation::CreateIssue, Action::status(403)).nth(2));
    bench.run().await;
    let request = docket::proto::v1::RetryExportRequest {
        session_id: bench.session.clone(),
        request_id: Some(uuid::Uuid::new_v4().to_string()),
    };
    let retries = (0..12).map(|_| {
        let (mut exports, request) = (bench.exports(), request.clone());
        async move { exports.retry_export(request).await }
    });
    let retries = futures::future::join_all(retries).await;
    let retries: Vec<_> = retries.into_iter().map(Result::unwrap).collect();
    let first = retries[0].get_ref().clone();
    assert_eq!(first.export.as_ref().unwrap().attempt, 1);
    assert_eq!((first.resuming_from_order, first.tickets_preserved), (2, 1));
    assert!(retries.iter().all(|retried| *retried.get_ref() == first));
    assert_completed(&bench.events(0).await);
    bench.assert_whole(2).await;
    let late = bench.exports().retry_export(request).await.unwrap();
    assert_eq!(late.into_inner(), first);
}

#[tokio::test]
async fn a_repeated_start_gets_the_first_answer() {
    let bench = Bench::new(Kind::Sqlite, &[("a", &[])]).await;
    let request = docket::proto::v1::StartExportRequest {
        session_id: bench.session.clone(),
        request_id: Some(uuid::Uuid::new_v4().to_string()),
        ..Default::default()
    };
    let first = bench.exports().start_export(request.clone()).await.unwrap();
    let first = first.into_inner();
    assert!(!first.already_running);
    assert_eq!(
        first.export.as_ref().unwrap().status(),
        docket::proto::v1::ExportStatus::Pending
    );
    assert_completed(&bench.events(0).await);
    let late = bench.exports().start_export(request).await.unwrap();
    assert_eq!(late.into_inner(), first);
}

#[rstest]
#[tokio::test]
async fn a_ticket_that_an_export_was_laid_out_without_does_not_come_back_into_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, &[("a", &[]), ("b", &[]), ("c", &[])]).await;
    let id = bench.tickets().await[1].id.clone();
    let mut tickets = bench.server.tickets(Role::Admin);
    let request = DeleteTicketRequest {
        id: id.clone(),
        ..Default::default()
    };
    tickets.delete_ticket(request).await.unwrap();
    bench
        .jira
        .order(Fault::on(Operation::CreateIssue, Action::status(401)).nth(2));
    last(&bench.run().await).failure.unwrap();
    let mut restore = async || {
        let request = UndeleteTicketRequest { id: id.clone() };
        tickets.undelete_ticket(request).await.unwrap_err()
    };
    assert_eq!(reason(&restore().await), "SESSION_NOT_EDITABLE");
    bench.retry().await.unwrap();
    assert_completed(&bench.events(0).await);
    assert_eq!(reason(&restore().await), "SESSION_NOT_EDITABLE");
    bench.assert_whole(2).await;
}
