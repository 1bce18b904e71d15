//! Opening, reading and listing sessions.

use docket::{domain::actor::Role, proto::v1};
use rstest::rstest;
use tonic::Code;

use super::{a_session, fields, new_integration, new_session};
use crate::support::{database::Kind, server::TestServer};

#[rstest]
#[tokio::test]
async fn a_session_is_opened_read_and_listed(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let server = TestServer::start(kind).await;
    let integration = new_integration(&server, "https://acme.atlassian.net").await;
    let mut exports = server.exports(Role::DevopsEngineer);
    let mut request = a_session("Release 7");
    let given = request.session.as_mut().unwrap();
    given.integration_id = integration.id.clone();
    given.stage = v1::SessionStage::Review.into();
    given.owner_id = "mallory".to_owned();
    let made = exports.create_session(request).await.unwrap().into_inner();
    let made = made.session.unwrap();
    assert_eq!(made.owner_id, "devops_engineer");
    assert_eq!(made.jira_project_key, "DEMO", "the integration's own");
    assert_eq!(made.stage(), v1::SessionStage::Review);
    assert_eq!(made.status(), v1::SessionStatus::Active);
    assert_eq!((made.ticket_count, &made.export), (0, &None));
    let other = new_session(&server).await;
    assert_eq!(other.stage(), v1::SessionStage::Upload);

    let get = v1::GetSessionRequest {
        id: made.id.clone(),
    };
    let read = exports.get_session(get).await.unwrap().into_inner();
    assert_eq!(read.session.as_ref(), Some(&made));
    let all = exports.list_sessions(v1::ListSessionsRequest::default());
    let all = all.await.unwrap().into_inner().sessions;
    assert_eq!(all, [other, made.clone()]);
    let own = v1::ListSessionsRequest {
        filter: Some(v1::SessionFilter {
            owner_id: Some("devops_engineer".to_owned()),
            integration_id: Some(integration.id),
            stages: vec![v1::SessionStage::Review.into()],
            query: Some("release".to_owned()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let own = exports.list_sessions(own).await.unwrap().into_inner();
    assert_eq!(own.sessions, [made]);
}

#[rstest]
#[tokio::test]
async fn every_violation_is_told_at_once(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let server = TestServer::start(kind).await;
    let mut exports = server.exports(Role::Admin);
    let request = v1::CreateSessionRequest {
        session: Some(v1::Session {
            name: String::new(),
            integration_id: "x".to_owned(),
            jira_project_key: "demo".to_owned(),
            stage: v1::SessionStage::Completed.into(),
            ..Default::default()
        }),
        request_id: Some("x".to_owned()),
        validate_only: false,
    };
    let status = exports.create_session(request).await.unwrap_err();
    let mut told = fields(&status);
    told.sort();
    let expected = [
        "request_id",
        "session.integration_id",
        "session.jira_project_key",
        "session.name",
        "session.stage",
    ];
    assert_eq!(told, expected);
    let mut unknown = a_session("Release 7");
    unknown.session.as_mut().unwrap().integration_id = uuid::Uuid::now_v7().to_string();
    let status = exports.create_session(unknown).await.unwrap_err();
    assert_eq!(fields(&status), ["session.integration_id"]);
}

#[rstest]
#[tokio::test]
async fn a_repeated_request_opens_one_session_and_validating_opens_none(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut exports = server.exports(Role::Admin);
    let planned = v1::CreateSessionRequest {
        validate_only: true,
        ..a_session("Perhaps")
    };
    let planned = exports.create_session(planned).await.unwrap().into_inner();
    assert_eq!(planned.session.unwrap().id, "");
    let request = v1::CreateSessionRequest {
        request_id: Some(uuid::Uuid::new_v4().to_string()),
        ..a_session("Once")
    };
    let first = exports
        .create_session(request.clone())
        .await
        .unwrap()
        .into_inner();
    let renamed = v1::UpdateSessionRequest {
        session: Some(v1::Session {
            id: first.session.as_ref().unwrap().id.clone(),
            name: "Renamed".to_owned(),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["name".to_owned()],
        }),
        ..Default::default()
    };
    exports.update_session(renamed).await.unwrap();
    let second = exports.create_session(request).await.unwrap().into_inner();
    assert_eq!(first, second);
    let all = exports.list_sessions(v1::ListSessionsRequest::default());
    assert_eq!(all.await.unwrap().into_inner().sessions.len(), 1);
}

#[tokio::test]
async fn an_end_user_has_nothing_to_do_with_sessions_whatever_the_request() {
    let server = TestServer::start(Kind::Sqlite).await;
    let mut exports = server.exports(Role::EndUser);
    let denied = [
        exports
            .create_session(v1::CreateSessionRequest::default())
            .await
            .err(),
        exports
            .get_session(v1::GetSessionRequest::default())
            .await
            .err(),
        exports
            .list_sessions(v1::ListSessionsRequest {
                page_size: -1,
                ..Default::default()
            })
            .await
            .err(),
        exports
            .add_session_tickets(v1::AddSessionTicketsRequest::default())
            .await
            .err(),
        exports
            .list_session_tickets(v1::ListSessionTicketsRequest::default())
            .await
            .err(),
        exports
            .start_export(v1::StartExportRequest::default())
            .await
            .err(),
        exports
            .watch_export(v1::WatchExportRequest::default())
            .await
            .err(),
        exports
            .get_export(v1::GetExportRequest::default())
            .await
            .err(),
        exports
            .retry_export(v1::RetryExportRequest::default())
            .await
            .err(),
        exports
            .get_export_results(v1::GetExportResultsRequest::default())
            .await
            .err(),
    ];
    for (index, status) in denied.into_iter().enumerate() {
        assert_eq!(status.unwrap().code(), Code::PermissionDenied, "{index}");
    }
}
