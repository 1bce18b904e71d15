//! What has to be there before an export starts, and starting it twice.

use std::time::Duration;

use docket::{
    domain::actor::Role,
    proto::v1::{
        AddSessionTicketsRequest, CreateSessionRequest, ExportStatus, GetExportRequest,
        Integration, JiraConfig, Session, SetIntegrationEnabledRequest, StartExportRequest,
        UpdateIntegrationRequest, integration,
    },
    sandbox::{Action, Fault, Operation, Options, Sandbox},
};
use rstest::rstest;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::bench::{Bench, assert_completed, chain, last, open_session};
use crate::{api::an_integration, support::database::Kind};

fn reason(status: &Status) -> String {
    status
        .get_details_error_info()
        .expect("an ErrorInfo")
        .reason
}

async fn start(bench: &Bench, session: &str) -> Status {
    let request = StartExportRequest {
        session_id: session.to_owned(),
        ..Default::default()
    };
    bench.exports().start_export(request).await.unwrap_err()
}

async fn session(bench: &Bench, integration: &str, project: &str) -> String {
    let request = CreateSessionRequest {
        session: Some(Session {
            name: "Bare".to_owned(),
            integration_id: integration.to_owned(),
            jira_project_key: project.to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let id = bench
        .exports()
        .create_session(request)
        .await
        .unwrap()
        .into_inner()
        .session
        .unwrap()
        .id;
    let request = AddSessionTicketsRequest {
        session_id: id.clone(),
        tickets: chain(&[("a", &[])]),
        ..Default::default()
    };
    bench.exports().add_session_tickets(request).await.unwrap();
    id
}

#[tokio::test]
async fn what_is_missing_is_told_before_anything_happens() {
    let bench = Bench::new(Kind::Sqlite, &[("a", &[])]).await;
    let empty = open_session(&bench.server, &bench.integration, Vec::new()).await;
    let without_integration = session(&bench, "", "DEMO").await;
    let without_project = session(&bench, &bench.integration, "").await;
    for (session, expected) in [
        (empty, "SESSION_EMPTY"),
        (without_integration, "SESSION_WITHOUT_INTEGRATION"),
        (without_project, "SESSION_WITHOUT_PROJECT"),
    ] {
        let refused = start(&bench, &session).await;
        assert_eq!(refused.code(), Code::FailedPrecondition, "{refused:?}");
        assert_eq!(reason(&refused), expected);
        assert!(refused.get_details_precondition_failure().is_some());
    }
    let off = SetIntegrationEnabledRequest {
        id: bench.integration.clone(),
        enabled: false,
    };
    bench
        .server
        .integrations(Role::Admin)
        .set_integration_enabled(off)
        .await
        .unwrap();
    let refused = start(&bench, &bench.session).await;
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refused), "INTEGRATION_DISABLED");
    assert!(bench.jira.requests().is_empty(), "Jira was not asked");
}

#[rstest]
#[tokio::test]
async fn starting_twice_or_at_once_is_one_task(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let bench = Bench::new(kind, &[("a", &[]), ("b", &[])]).await;
    let starts = futures::future::join_all((0..8).map(|_| bench.start())).await;
    let tasks: std::collections::BTreeSet<String> = starts
        .iter()
        .map(|start| start.as_ref().unwrap().export.clone().unwrap().task_id)
        .collect();
    assert_eq!(tasks.len(), 1);
    let fresh = starts
        .iter()
        .filter(|start| !start.as_ref().unwrap().already_running)
        .count();
    assert!(fresh >= 1, "the one that started it says so");
    assert_completed(&bench.events(0).await);
    let again = bench.start().await.unwrap();
    assert_eq!(again.export.unwrap().task_id, *tasks.first().unwrap());
    assert_eq!(bench.creates(), 2);
    bench.assert_whole(2).await;
}

#[tokio::test]
async fn only_the_owner_and_leads_may_export() {
    let bench = Bench::new(Kind::Sqlite, &[("a", &[])]).await;
    let request = StartExportRequest {
        session_id: bench.session.clone(),
        ..Default::default()
    };
    let stranger = ("somebody", Role::SeniorEngineer);
    let refused = bench
        .server
        .exports(stranger)
        .start_export(request.clone())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let user = bench
        .server
        .exports(Role::EndUser)
        .start_export(request.clone())
        .await
        .unwrap_err();
    assert_eq!(user.code(), Code::PermissionDenied);
    bench
        .server
        .exports(Role::TeamLead)
        .start_export(request)
        .await
        .unwrap();
    assert_completed(&bench.events(0).await);
}

#[tokio::test]
async fn polling_is_limited_by_session_and_caller() {
    let bench = Bench::new(Kind::Sqlite, &[("a", &[])]).await;
    let ask = || {
        let request = GetExportRequest {
            session_id: bench.session.clone(),
        };
        let mut exports = bench.exports();
        async move { exports.get_export(request).await }
    };
    let early = ask().await.unwrap_err();
    assert_eq!(reason(&early), "EXPORT_NOT_STARTED");
    bench.run().await;
    bench.clock.advance(Duration::from_secs(2));
    assert_eq!(
        ask()
            .await
            .unwrap()
            .into_inner()
            .export
            .unwrap()
            .tickets_completed,
        1
    );
    let refused = ask().await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(reason(&refused), "POLLED_TOO_OFTEN");
    let retry = refused
        .get_details_retry_info()
        .unwrap()
        .retry_delay
        .unwrap();
    assert!(retry <= Duration::from_secs(2) && !retry.is_zero());
    bench.clock.advance(retry);
    ask().await.unwrap();
}

#[rstest]
#[tokio::test]
async fn the_same_addition_at_once_is_one_and_everybody_gets_its_answer(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, &[]).await;
    let names: Vec<String> = (0..100).map(|n| format!("t{n}")).collect();
    let tickets: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &[][..])).collect();
    for _ in 0..4 {
        let session = open_session(&bench.server, &bench.integration, Vec::new()).await;
        let request = AddSessionTicketsRequest {
            session_id: session,
            tickets: chain(&tickets),
            request_id: Some(uuid::Uuid::new_v4().to_string()),
            ..Default::default()
        };
        let calls = (0..20).map(|_| {
            let (mut exports, request) = (bench.exports(), request.clone());
            async move { exports.add_session_tickets(request).await }
        });
        let answers: Vec<_> = futures::future::join_all(calls).await;
        let answers: Vec<_> = answers
            .into_iter()
            .map(|a| a.unwrap().into_inner())
            .collect();
        assert!(
            answers
                .iter()
                .all(|answer| answer.tickets == answers[0].tickets)
        );
    }
}

/// Whatever order they come to in: every ticket that the session took is in its export.
#[rstest]
#[tokio::test]
async fn tickets_added_while_an_export_starts_are_refused_or_exported(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, &[]).await;
    for round in 0..6 {
        let first = chain(&[("first", &[])]);
        let session = open_session(&bench.server, &bench.integration, first).await;
        let add = AddSessionTicketsRequest {
            session_id: session.clone(),
            tickets: chain(&[("late", &[])]),
            ..Default::default()
        };
        let start = StartExportRequest {
            session_id: session.clone(),
            ..Default::default()
        };
        let (mut adding, mut starting) = (bench.exports(), bench.exports());
        let (added, started) = tokio::join!(
            adding.add_session_tickets(add),
            starting.start_export(start)
        );
        let wanted = if added.is_ok() { 2 } else { 1 };
        let export = started.unwrap().into_inner().export.unwrap();
        assert_eq!(export.total_tickets, wanted, "round {round}");
    }
}

/// The keys of one site name somebody else's issues on another one.
#[rstest]
#[tokio::test]
async fn an_integration_keeps_its_site_while_issues_are_there(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, &[("a", &[]), ("b", &["a"])]).await;
    let elsewhere = Sandbox::start(Options::default()).await.unwrap();
    let to = |url: String, validate_only| {
        let config = integration::Config::Jira(JiraConfig {
            site_url: url,
            ..Default::default()
        });
        let request = UpdateIntegrationRequest {
            integration: Some(Integration {
                id: bench.integration.clone(),
                config: Some(config),
                ..Default::default()
            }),
            update_mask: Some(prost_types::FieldMask {
                paths: vec!["jira.site_url".to_owned()],
            }),
            credentials: an_integration("Jira", "").credentials,
            validate_only,
            ..Default::default()
        };
        let mut integrations = bench.server.integrations(Role::Manager);
        async move { integrations.update_integration(request).await }
    };
    bench
        .jira
        .order(Fault::on(Operation::CreateIssue, Action::status(401)).nth(2));
    assert_eq!(last(&bench.run().await).status(), ExportStatus::Failed);
    for validate_only in [true, false] {
        let refused = to(elsewhere.url(), validate_only).await.unwrap_err();
        assert_eq!(reason(&refused), "INTEGRATION_IN_USE");
        assert!(refused.message().contains("new integration"), "{refused:?}");
    }
    bench.retry().await.unwrap();
    assert_completed(&bench.events(0).await);
    bench.assert_whole(2).await;
    assert!(to(elsewhere.url(), false).await.is_err());

    // Once everything is taken back, nothing is left behind.
    bench.revert(false).await.unwrap();
    to(elsewhere.url(), false).await.unwrap();
    bench.start().await.unwrap();
    assert_completed(&bench.events(0).await);
    assert_eq!(elsewhere.issues().len(), 2);
    assert!(bench.jira.issues().is_empty());
}
