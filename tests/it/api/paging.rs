//! Lists of tickets: orders, filters, pages and their tokens.

use std::collections::HashSet;

use docket::{domain::actor::Role, proto::v1};
use rstest::rstest;
use tonic::Code;

use super::{a_ticket, fields, reason};
use crate::support::{
    database::Kind,
    server::{TestServer, Tickets},
};

async fn file(tickets: &mut Tickets, count: usize) {
    for index in 0..count {
        let mut request = a_ticket(&format!("Ticket {index}"));
        let ticket = request.ticket.as_mut().unwrap();
        ticket.priority = i32::try_from(index % 4 + 1).unwrap();
        ticket.tags = vec![format!("t{}", index % 3)];
        tickets.create_ticket(request).await.unwrap();
    }
}

async fn list(tickets: &mut Tickets, request: v1::ListTicketsRequest) -> v1::ListTicketsResponse {
    tickets.list_tickets(request).await.unwrap().into_inner()
}

/// The numbers of all pages, one after the other.
async fn walk(tickets: &mut Tickets, mut request: v1::ListTicketsRequest) -> Vec<String> {
    let mut numbers = Vec::new();
    loop {
        let page = list(tickets, request.clone()).await;
        assert!(!page.tickets.is_empty() || request.page_token.is_empty());
        numbers.extend(page.tickets.into_iter().map(|ticket| ticket.number));
        if page.next_page_token.is_empty() {
            return numbers;
        }
        request.page_token = page.next_page_token;
    }
}

#[rstest]
#[tokio::test]
async fn pages_cover_a_list_exactly_once_in_every_order(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut tickets = server.tickets(Role::Admin);
    file(&mut tickets, 120).await;
    let all: Vec<String> = (1..=120).map(|n| format!("TKT-{n:06}")).collect();
    for order in ["create_time", "update_time", "priority", "number"] {
        for direction in ["", " desc"] {
            let request = v1::ListTicketsRequest {
                order_by: Some(format!("{order}{direction}")),
                page_size: 7,
                ..Default::default()
            };
            let seen = walk(&mut tickets, request).await;
            assert_eq!(seen.len(), 120, "{order}{direction}");
            assert_eq!(seen.iter().collect::<HashSet<_>>().len(), 120);
            if order == "number" {
                let mut expected = all.clone();
                if direction == " desc" {
                    expected.reverse();
                }
                assert_eq!(seen, expected);
            }
        }
    }
    let first = list(&mut tickets, v1::ListTicketsRequest::default()).await;
    assert_eq!(first.tickets.len(), 50);
    assert_eq!(first.tickets[0].number, "TKT-000120");
    assert_eq!(first.total_size, None);
    let cut = v1::ListTicketsRequest {
        page_size: 1000,
        include_total: true,
        ..Default::default()
    };
    let cut = list(&mut tickets, cut).await;
    assert_eq!((cut.tickets.len(), cut.total_size), (100, Some(120)));
}

#[rstest]
#[tokio::test]
async fn a_filter_limits_the_list_and_its_total(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut tickets = server.tickets(Role::Admin);
    file(&mut tickets, 12).await;
    let request = v1::ListTicketsRequest {
        filter: Some(v1::TicketFilter {
            priorities: vec![1, 2],
            tags: vec!["t1".to_owned()],
            statuses: vec![v1::TicketStatus::New.into()],
            unassigned: Some(true),
            creator_id: Some("admin".to_owned()),
            ..Default::default()
        }),
        include_total: true,
        ..Default::default()
    };
    let page = list(&mut tickets, request).await;
    let titles: Vec<_> = page.tickets.iter().map(|t| t.title.as_str()).collect();
    // Indices with i % 3 == 1 and i % 4 < 2, the newest first.
    assert_eq!(titles, ["Ticket 4", "Ticket 1"]);
    assert_eq!(page.total_size, Some(2));
}

#[rstest]
#[tokio::test]
async fn a_token_is_good_for_its_own_list_alone(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut tickets = server.tickets(Role::Admin);
    file(&mut tickets, 3).await;
    let request = v1::ListTicketsRequest {
        page_size: 1,
        ..Default::default()
    };
    let token = list(&mut tickets, request.clone()).await.next_page_token;
    assert!(!token.is_empty());
    let with = |token: &str| v1::ListTicketsRequest {
        page_token: token.to_owned(),
        ..request.clone()
    };
    let other_order = v1::ListTicketsRequest {
        order_by: Some("number".to_owned()),
        ..with(&token)
    };
    let other_filter = v1::ListTicketsRequest {
        filter: Some(v1::TicketFilter {
            priorities: vec![1],
            ..Default::default()
        }),
        ..with(&token)
    };
    let mut forged = token.clone();
    forged.replace_range(..1, if token.starts_with('A') { "B" } else { "A" });
    for wrong in [other_order, other_filter, with(&forged), with("x")] {
        let status = tickets.list_tickets(wrong).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(reason(&status), "PAGE_TOKEN_INVALID");
        assert_eq!(fields(&status), ["page_token"]);
    }
    // Only the size may change from page to page.
    let rest = v1::ListTicketsRequest {
        page_size: 50,
        ..with(&token)
    };
    assert_eq!(list(&mut tickets, rest).await.tickets.len(), 2);
    let mut another = server.tickets(Role::EndUser);
    let another = another.list_tickets(with(&token)).await;
    assert_eq!(reason(&another.unwrap_err()), "PAGE_TOKEN_INVALID");
}

#[rstest]
#[tokio::test]
async fn a_list_by_status_follows_a_tickets_life(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut tickets = server.tickets(Role::Admin);
    file(&mut tickets, 6).await;
    let ids: Vec<String> = list(&mut tickets, v1::ListTicketsRequest::default())
        .await
        .tickets
        .into_iter()
        .map(|ticket| ticket.id)
        .collect();
    let closed = v1::TransitionTicketRequest {
        id: ids[1].clone(),
        status: v1::TicketStatus::Closed.into(),
        ..Default::default()
    };
    tickets.transition_ticket(closed).await.unwrap();
    for id in &ids[3..5] {
        let open = v1::TransitionTicketRequest {
            id: id.clone(),
            status: v1::TicketStatus::Open.into(),
            ..Default::default()
        };
        tickets.transition_ticket(open).await.unwrap();
    }
    // Filed in the order 6, 5, 4 … of `ids`.
    let request = |order_by: &str| v1::ListTicketsRequest {
        order_by: Some(order_by.to_owned()),
        page_size: 2,
        ..Default::default()
    };
    let numbers = |numbers: [u32; 6]| numbers.map(|n| format!("TKT-{n:06}"));
    let seen = walk(&mut tickets, request("status")).await;
    assert_eq!(seen, numbers([1, 4, 6, 2, 3, 5]));
    let seen = walk(&mut tickets, request("status desc")).await;
    assert_eq!(seen, numbers([5, 3, 2, 6, 4, 1]));
}

#[tokio::test]
async fn a_query_is_told_what_is_wrong_with_it() {
    let server = TestServer::start(Kind::Sqlite).await;
    let mut tickets = server.tickets(Role::Admin);
    for query in [String::new(), "ü".repeat(501)] {
        let request = v1::ListTicketsRequest {
            query: Some(query),
            ..Default::default()
        };
        let status = tickets.list_tickets(request).await.unwrap_err();
        assert_eq!(reason(&status), "INVALID_FIELDS");
        assert_eq!(fields(&status), ["query"]);
    }
    let longest = v1::ListTicketsRequest {
        query: Some("ü ".repeat(250)),
        ..Default::default()
    };
    assert_eq!(list(&mut tickets, longest).await.tickets, []);
    let unasked = v1::ListTicketsRequest {
        order_by: Some("relevance".to_owned()),
        ..Default::default()
    };
    let status = tickets.list_tickets(unasked).await.unwrap_err();
    assert_eq!(fields(&status), ["order_by"]);
}
