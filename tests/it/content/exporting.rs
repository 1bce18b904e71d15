//! Tickets whose session is being exported.

use docket::{
    domain::actor::Role,
    proto::v1,
    sandbox::{Options, Sandbox},
};
use rstest::rstest;
use tonic::Code;

use super::{change, fact, get, reason, update, update::integration};
use crate::support::{database::Kind, server::TestServer};

#[rstest]
#[tokio::test]
async fn tickets_of_a_session_that_is_being_exported_stay_as_they_are(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let server = TestServer::start(kind).await;
    let mut admin = server.tickets(Role::Admin);
    let mut exports = server.exports(Role::Admin);
    let request = integration("Jira", &sandbox.url(), true);
    let made = server
        .integrations(Role::Admin)
        .create_integration(request)
        .await;
    let integration_id = made.unwrap().into_inner().integration.unwrap().id;
    let session = v1::Session {
        name: "Release 7".to_owned(),
        integration_id,
        ..Default::default()
    };
    let session = v1::CreateSessionRequest {
        session: Some(session),
        ..Default::default()
    };
    let session = exports.create_session(session).await.unwrap().into_inner();
    let session_id = session.session.unwrap().id;
    let new = |reference: &str| v1::NewSessionTicket {
        r#ref: reference.to_owned(),
        title: format!("Ticket {reference}"),
        ..Default::default()
    };
    let request = v1::AddSessionTicketsRequest {
        session_id: session_id.clone(),
        tickets: vec![new("a"), new("b")],
        ..Default::default()
    };
    let added = exports
        .add_session_tickets(request)
        .await
        .unwrap()
        .into_inner();
    let last = added.tickets[1].clone();
    let titled = |title: &str| {
        let wanted = v1::Ticket {
            id: last.id.clone(),
            title: title.to_owned(),
            ..Default::default()
        };
        change(wanted, &["title"])
    };
    update(&mut admin, titled("Before")).await.unwrap();
    let start = v1::StartExportRequest {
        session_id,
        ..Default::default()
    };
    exports.start_export(start).await.unwrap();
    let refused = update(&mut admin, titled("During")).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refused), "SESSION_NOT_EDITABLE");
    assert_eq!(fact(&refused, "status"), "EXPORTING");
    use v1::batch_update_tickets_request::Change;
    let tags = v1::TagsChange {
        add: vec!["late".to_owned()],
        remove: Vec::new(),
    };
    for change in [Change::Priority(1), Change::Tags(tags)] {
        let batch = v1::BatchUpdateTicketsRequest {
            ids: vec![last.id.clone()],
            change: Some(change),
            validate_only: false,
        };
        let results = admin.batch_update_tickets(batch).await.unwrap();
        let outcome = results.into_inner().results[0].outcome.clone();
        let Some(v1::batch_update_result::Outcome::Error(error)) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(error.reason, "SESSION_NOT_EDITABLE");
    }
    let delete = v1::DeleteTicketRequest {
        id: last.id.clone(),
        etag: None,
    };
    let refused = admin.delete_ticket(delete).await.unwrap_err();
    assert_eq!(reason(&refused), "SESSION_NOT_EDITABLE");
    assert_eq!(get(&mut admin, &last.id).await.unwrap().title, "Before");
    server.stop().await;
}
