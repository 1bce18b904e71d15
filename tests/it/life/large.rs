//! Answers stay within the 4 MiB that clients take, however much tickets hold.

use std::collections::BTreeMap;

use docket::{domain::actor::Role, proto::v1};
use futures::{StreamExt as _, stream};
use prost_types::{ListValue, Struct, Value, value::Kind as Json};
use rstest::rstest;
use v1::batch_update_tickets_request::Change;

use super::{fields, get, move_to};
use crate::support::{
    database::Kind,
    server::{TestServer, Tickets},
};

/// JSON that is much longer on the wire than as a text: `{"a":[1,1,1 …]}`, just below its limit.
fn numbers() -> Option<Struct> {
    let kind = Some(Json::NumberValue(1.0));
    let values = vec![Value { kind }; 8 * 1024 - 8];
    let list = Some(Json::ListValue(ListValue { values }));
    Some(Struct {
        fields: BTreeMap::from([("a".to_owned(), Value { kind: list })]),
    })
}

async fn create(mut tickets: Tickets, ticket: v1::Ticket) -> String {
    let request = v1::CreateTicketRequest {
        ticket: Some(ticket),
        ..Default::default()
    };
    let answer = tickets.create_ticket(request).await.unwrap().into_inner();
    answer.ticket.unwrap().id
}

/// A hundred tickets like this one.
async fn hundred(tickets: &Tickets, ticket: v1::Ticket) -> Vec<String> {
    let all = stream::iter(0..100).map(|_| create(tickets.clone(), ticket.clone()));
    all.buffered(8).collect().await
}

fn described() -> v1::Ticket {
    v1::Ticket {
        title: "Much is told of it".to_owned(),
        description: "x".repeat(64 * 1024),
        ..Default::default()
    }
}

/// All tickets, page by page, a hundred a page.
async fn listed(tickets: &mut Tickets) -> usize {
    let mut request = v1::ListTicketsRequest {
        page_size: 100,
        ..Default::default()
    };
    let mut found = 0;
    loop {
        let page = tickets.list_tickets(request.clone()).await;
        let page = page.expect("a page that can be read").into_inner();
        found += page.tickets.len();
        if page.next_page_token.is_empty() {
            return found;
        }
        request.page_token = page.next_page_token;
    }
}

#[rstest]
#[tokio::test]
async fn a_page_is_shorter_where_its_tickets_are_large(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut tickets = server.tickets(Role::Admin);
    let listing = v1::Ticket {
        title: "Many numbers".to_owned(),
        custom_fields: numbers(),
        ..Default::default()
    };
    hundred(&tickets, listing).await;
    assert_eq!(listed(&mut tickets).await, 100);
    // Notes of 10,000 characters are longer in bytes.
    for id in hundred(&tickets, described()).await {
        move_to(&mut tickets, &id, v1::TicketStatus::Open)
            .await
            .unwrap();
        let request = v1::ResolveTicketRequest {
            id,
            resolution_notes: "\u{1f600}".repeat(10_000),
        };
        tickets.resolve_ticket(request).await.unwrap();
    }
    assert_eq!(listed(&mut tickets).await, 200);
}

#[rstest]
#[tokio::test]
async fn a_batch_of_more_than_an_answer_holds_is_refused_before_anything_is_done(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut tickets = server.tickets(Role::Admin);
    let ids = hundred(&tickets, described()).await;
    let several = |ids: &[String]| v1::BatchGetTicketsRequest { ids: ids.to_vec() };
    let urgent = |ids: &[String]| v1::BatchUpdateTicketsRequest {
        ids: ids.to_vec(),
        change: Some(Change::Priority(v1::TicketPriority::P1.into())),
        validate_only: false,
    };
    let refused = tickets.batch_get_tickets(several(&ids)).await.unwrap_err();
    assert_eq!(fields(&refused), ["ids"]);
    let refused = tickets
        .batch_update_tickets(urgent(&ids))
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["ids"]);
    let first = get(&mut tickets, &ids[0]).await.unwrap();
    assert_eq!(first.priority(), v1::TicketPriority::P3);
    // As many as it says are answered.
    let words = refused.message().split_whitespace();
    let most = words.filter_map(|word| word.parse::<usize>().ok()).next();
    let most = most.expect("how many may be asked for");
    assert!(most > 30, "{most}");
    let found = tickets
        .batch_get_tickets(several(&ids[..most]))
        .await
        .unwrap();
    assert_eq!(found.into_inner().tickets.len(), most);
    let changed = tickets
        .batch_update_tickets(urgent(&ids[..most]))
        .await
        .unwrap();
    assert_eq!(changed.into_inner().results.len(), most);
}
