//! Starting, watching and retrying exports, against a Jira that runs here.

use std::time::Duration;

use docket::{
    domain::actor::Role,
    proto::v1::{self, export_event::Detail},
    sandbox::{Options, Sandbox, Site},
};
use rstest::rstest;
use tonic::Code;

use super::{fields, filled_session, new_session, of_session, reason};
use crate::support::{
    database::Kind,
    server::{Exports, TestClock, TestServer},
};

/// Every event up to the stream's own end.
async fn watch(exports: &mut Exports, session: &str, after: Option<i64>) -> Vec<v1::ExportEvent> {
    let request = v1::WatchExportRequest {
        session_id: session.to_owned(),
        after_sequence: after,
    };
    let follow = async {
        let mut stream = exports.watch_export(request).await.unwrap().into_inner();
        let mut events = Vec::new();
        while let Some(message) = stream.message().await.unwrap() {
            events.push(message.event.unwrap());
        }
        events
    };
    let limit = Duration::from_secs(60);
    let events = tokio::time::timeout(limit, follow).await;
    events.expect("the export ends within a minute")
}

fn start(session: &v1::Session) -> v1::StartExportRequest {
    v1::StartExportRequest {
        session_id: session.id.clone(),
        ..Default::default()
    }
}

#[rstest]
#[tokio::test]
async fn an_export_is_started_watched_polled_and_shows_its_results(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let tickets = vec![of_session("a", &["b"]), of_session("b", &[])];
    let session = filled_session(&server, &sandbox, tickets).await;
    let mut exports = server.exports(Role::SeniorEngineer);
    let begun = exports
        .start_export(start(&session))
        .await
        .unwrap()
        .into_inner();
    let export = begun.export.unwrap();
    assert!(!begun.already_running);
    assert_eq!(
        (
            export.total_tickets,
            export.attempt,
            export.remaining_retries
        ),
        (2, 0, 3)
    );

    let events = watch(&mut exports, &session.id, None).await;
    let stored = events.iter().filter(|event| event.sequence > 0);
    let sequences: Vec<i64> = stored.map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..=sequences.len() as i64).collect::<Vec<_>>());
    assert!(matches!(events[0].detail, Some(Detail::Started(_))));
    let last = events.last().unwrap();
    assert!(
        matches!(last.detail, Some(Detail::Completed(_))),
        "{last:?}"
    );
    let ended = last.export.clone().unwrap();
    assert_eq!(
        (ended.status(), ended.progress_percentage),
        (v1::ExportStatus::Completed, 100)
    );
    assert_eq!((ended.task_id, ended.failure), (export.task_id, None));
    let middle = sequences[0];
    assert_eq!(
        watch(&mut exports, &session.id, Some(middle)).await,
        events[1..]
    );

    let get = v1::GetExportRequest {
        session_id: session.id.clone(),
    };
    let polled = exports
        .get_export(get)
        .await
        .unwrap()
        .into_inner()
        .export
        .unwrap();
    assert_eq!(polled.status(), v1::ExportStatus::Completed);
    assert!(polled.finish_time.is_some());
    let results = v1::GetExportResultsRequest {
        session_id: session.id.clone(),
    };
    let results = exports
        .get_export_results(results)
        .await
        .unwrap()
        .into_inner();
    let titles: Vec<_> = results
        .jira_tickets
        .iter()
        .map(|made| made.title.as_str())
        .collect();
    assert_eq!(titles, ["Ticket b", "Ticket a"]);
    let keys: Vec<_> = results
        .jira_tickets
        .iter()
        .map(|made| made.jira_key.clone())
        .collect();
    assert_eq!(sandbox.issues().len(), 2);
    assert!(
        keys.iter().all(|key| sandbox.issue(key).is_some()),
        "{keys:?}"
    );
    assert_eq!(
        (results.manual_fixes.len(), results.orphaned_keys.len()),
        (0, 0)
    );

    let get = v1::GetSessionRequest {
        id: session.id.clone(),
    };
    let after = exports
        .get_session(get)
        .await
        .unwrap()
        .into_inner()
        .session
        .unwrap();
    assert_eq!(after.status(), v1::SessionStatus::Completed);
    assert_eq!(after.stage(), v1::SessionStage::Completed);
    assert!(after.complete_time.is_some() && after.export.is_some());
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_failed_export_says_why_and_goes_on_when_retried(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let sandbox = Sandbox::start(Options {
        site: Site::demo().without_permission("CREATE_ISSUES"),
        ..Options::default()
    });
    let sandbox = sandbox.await.unwrap();
    let session = filled_session(&server, &sandbox, vec![of_session("a", &[])]).await;
    let mut exports = server.exports(Role::SeniorEngineer);
    exports.start_export(start(&session)).await.unwrap();
    let events = watch(&mut exports, &session.id, None).await;
    let failed = events.last().unwrap();
    assert!(
        matches!(failed.detail, Some(Detail::Failed(_))),
        "{failed:?}"
    );
    let export = failed.export.clone().unwrap();
    assert_eq!(export.status(), v1::ExportStatus::Failed);
    let failure = export.failure.unwrap();
    assert_eq!(failure.category(), v1::ErrorCategory::AdminRequired);
    assert!(failure.reason.starts_with("JIRA_"), "{failure:?}");
    assert_eq!(
        (failure.retry_available, failure.retry_attempts_used),
        (true, 0)
    );
    assert!(!failure.recovery_actions.is_empty());
    let again = exports.start_export(start(&session)).await.unwrap_err();
    assert_eq!(reason(&again), "EXPORT_FAILED");

    sandbox.change_site(|site| *site = Site::demo());
    let retry = v1::RetryExportRequest {
        session_id: session.id.clone(),
        ..Default::default()
    };
    let retried = exports.retry_export(retry).await.unwrap().into_inner();
    assert_eq!(
        (retried.resuming_from_order, retried.tickets_preserved),
        (1, 0)
    );
    let going = retried.export.unwrap();
    assert_eq!(
        (going.attempt, going.remaining_retries, &going.failure),
        (1, 2, &None)
    );
    let rest = watch(&mut exports, &session.id, Some(failed.sequence)).await;
    let last = rest.last().unwrap();
    assert!(
        matches!(last.detail, Some(Detail::Completed(_))),
        "{last:?}"
    );
    assert_eq!(sandbox.issues().len(), 1);
}

#[rstest]
#[tokio::test]
async fn what_was_not_started_or_cannot_start_is_refused_with_its_reason(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let session = new_session(&server).await;
    let mut exports = server.exports(Role::SeniorEngineer);
    let refused = exports.start_export(start(&session)).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refused), "SESSION_EMPTY");
    let get = v1::GetExportRequest {
        session_id: session.id.clone(),
    };
    let refused = exports.get_export(get).await.unwrap_err();
    assert_eq!(reason(&refused), "EXPORT_NOT_STARTED");
    let watch = v1::WatchExportRequest {
        session_id: session.id.clone(),
        after_sequence: Some(-1),
    };
    let refused = exports.watch_export(watch).await.unwrap_err();
    assert_eq!(fields(&refused), ["after_sequence"]);
    let planned = v1::StartExportRequest {
        plan_hash: Some("x".to_owned()),
        ..start(&session)
    };
    let refused = exports.start_export(planned).await.unwrap_err();
    assert_eq!(reason(&refused), "SESSION_EMPTY");
}

#[tokio::test]
async fn polling_is_answered_once_in_two_seconds_and_says_when_to_come_again() {
    let clock = TestClock::new();
    let server = TestServer::start_with(Kind::Sqlite, clock.clone()).await;
    let session = new_session(&server).await;
    let mut exports = server.exports(Role::SeniorEngineer);
    let get = || v1::GetExportRequest {
        session_id: session.id.clone(),
    };
    let first = exports.get_export(get()).await.unwrap_err();
    assert_eq!(reason(&first), "EXPORT_NOT_STARTED");
    let second = exports.get_export(get()).await.unwrap_err();
    assert_eq!(second.code(), Code::ResourceExhausted);
    assert_eq!(reason(&second), "POLLED_TOO_OFTEN");
    clock.advance(Duration::from_secs(2));
    let third = exports.get_export(get()).await.unwrap_err();
    assert_eq!(reason(&third), "EXPORT_NOT_STARTED");
}
