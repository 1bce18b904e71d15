//! Many at once: one winner a round, and one ticket a request.

use docket::{domain::actor::Role, proto::v1};
use futures::future::join_all;
use rstest::rstest;
use tonic::Code;

use super::{filed, get, history, reason};
use crate::support::{database::Kind, server::TestServer};

const CLIENTS: usize = 64;
const ROUNDS: usize = 200;

fn rename(ticket: &v1::Ticket, title: &str, etag: Option<String>) -> v1::UpdateTicketRequest {
    v1::UpdateTicketRequest {
        ticket: Some(v1::Ticket {
            id: ticket.id.clone(),
            title: title.to_owned(),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["title".to_owned()],
        }),
        etag,
        validate_only: false,
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_all_who_change_a_ticket_as_they_saw_it_one_wins(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut ticket = filed(&server, Role::Admin).await;
    // Where several processes may share a database, they share the clients.
    let replica = match kind {
        Kind::Postgres => Some(server.replica().await),
        Kind::Sqlite => None,
    };
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| match &replica {
            Some(replica) if client % 2 == 0 => replica.tickets(Role::Admin),
            _ => server.tickets(Role::Admin),
        })
        .collect();
    let mut titles = vec![ticket.title.clone()];
    for round in 0..ROUNDS {
        let calls = clients.iter().enumerate().map(|(client, tickets)| {
            let title = format!("round {round}, client {client}");
            let request = rename(&ticket, &title, Some(ticket.etag.clone()));
            let mut tickets = tickets.clone();
            async move { tickets.update_ticket(request).await }
        });
        let mut winners = Vec::new();
        for outcome in join_all(calls).await {
            match outcome {
                Ok(answer) => winners.push(answer.into_inner().ticket.unwrap()),
                Err(status) => {
                    assert_eq!(status.code(), Code::Aborted, "{status:?}");
                    assert_eq!(reason(&status), "ETAG_MISMATCH");
                }
            }
        }
        let [winner] = <[v1::Ticket; 1]>::try_from(winners).expect("one winner");
        titles.push(winner.title.clone());
        ticket = winner;
    }
    let mut admin = server.tickets(Role::Admin);
    assert_eq!(get(&mut admin, &ticket.id).await.unwrap(), ticket);
    let told = history(&mut admin, &ticket.id).await;
    let changes = told[1..].iter().map(|entry| {
        let text = |value: &Option<String>| value.clone().unwrap();
        (text(&entry.old_value), text(&entry.new_value))
    });
    let expected = titles
        .windows(2)
        .map(|pair| (pair[0].clone(), pair[1].clone()));
    assert!(changes.eq(expected));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn without_an_etag_every_change_is_made_and_none_is_lost(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let ticket = filed(&server, Role::Admin).await;
    let calls = (0..CLIENTS).map(|client| {
        let mut tickets = server.tickets(Role::Admin);
        let request = rename(&ticket, &format!("client {client}"), None);
        async move { tickets.update_ticket(request).await.unwrap() }
    });
    join_all(calls).await;
    let mut admin = server.tickets(Role::Admin);
    let told = history(&mut admin, &ticket.id).await;
    assert_eq!(told.len(), 1 + CLIENTS);
    // Each change is made on the one before.
    for pair in told[1..].windows(2) {
        assert_eq!(pair[0].new_value, pair[1].old_value);
    }
    let last = get(&mut admin, &ticket.id).await.unwrap();
    assert_eq!(Some(last.title), told[CLIENTS].new_value);
}

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
