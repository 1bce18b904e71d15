//! Many at once: one ticket a request.

use docket::{domain::actor::Role, proto::v1};
use futures::future::join_all;
use rstest::rstest;

use super::history;
use crate::support::{database::Kind, server::TestServer};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_creates_with_one_request_id_make_one_ticket(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let request = v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            title: "Once".to_owned(),
            ..Default::default()
        }),
        request_id: Some(uuid::Uuid::new_v4().to_string()),
        ..Default::default()
    };
    let calls = (0..100).map(|_| {
        let (mut tickets, request) = (server.tickets(Role::EndUser), request.clone());
        async move {
            let answer = tickets.create_ticket(request).await.unwrap();
            answer.into_inner().ticket.unwrap()
        }
    });
    let answers = join_all(calls).await;
    assert!(answers.iter().all(|ticket| *ticket == answers[0]));
    let mut tickets = server.tickets(Role::EndUser);
    let listed = tickets
        .list_tickets(v1::ListTicketsRequest::default())
        .await;
    assert_eq!(listed.unwrap().into_inner().tickets, [answers[0].clone()]);
    assert_eq!(history(&mut tickets, &answers[0].id).await.len(), 1);
}
