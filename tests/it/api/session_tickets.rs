//! Filling sessions: all or none, by ref, in dependency order.

use docket::{domain::actor::Role, proto::v1};
use rstest::rstest;
use tonic::Code;

use super::{fields, new_session, of_session, reason};
use crate::support::{
    database::Kind,
    server::{Exports, TestServer},
};

async fn add(
    exports: &mut Exports,
    session: &v1::Session,
    tickets: Vec<v1::NewSessionTicket>,
) -> Result<v1::AddSessionTicketsResponse, tonic::Status> {
    let request = v1::AddSessionTicketsRequest {
        session_id: session.id.clone(),
        tickets,
        ..Default::default()
    };
    Ok(exports.add_session_tickets(request).await?.into_inner())
}

async fn listed(exports: &mut Exports, session: &v1::Session) -> Vec<v1::Ticket> {
    let request = v1::ListSessionTicketsRequest {
        session_id: session.id.clone(),
        ..Default::default()
    };
    let page = exports.list_session_tickets(request).await.unwrap();
    page.into_inner().tickets
}

fn order(ticket: &v1::Ticket) -> i32 {
    ticket.export.as_ref().unwrap().order
}

#[rstest]
#[tokio::test]
async fn the_ref_of_a_deleted_ticket_is_free(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let server = TestServer::start(kind).await;
    let session = new_session(&server).await;
    let mut exports = server.exports(Role::SeniorEngineer);
    let first = add(&mut exports, &session, vec![of_session("a", &[])]).await;
    let first = first.unwrap().tickets.remove(0);
    let mut tickets = server.tickets(Role::Admin);
    let delete = v1::DeleteTicketRequest {
        id: first.id.clone(),
        etag: None,
    };
    tickets.delete_ticket(delete).await.unwrap();
    let refused = add(&mut exports, &session, vec![of_session("b", &["a"])]).await;
    let expected = ["tickets[0].depends_on_refs[0]"];
    assert_eq!(fields(&refused.unwrap_err()), expected, "nobody has it");
    let mut other = of_session("a", &[]);
    other.issue_type = "Story".to_owned();
    let waits = of_session("b", &["a"]);
    let added = add(&mut exports, &session, vec![other, waits]).await;
    let added = added.unwrap().tickets;
    let export = added[1].export.clone().unwrap();
    assert_eq!(export.depends_on_ids, std::slice::from_ref(&added[0].id));
    // The deleted one comes back without taking it away.
    let undelete = v1::UndeleteTicketRequest { id: first.id };
    tickets.undelete_ticket(undelete).await.unwrap();
    assert_eq!(listed(&mut exports, &session).await.len(), 3);
    let taken = add(&mut exports, &session, vec![of_session("a", &[])]).await;
    assert_eq!(fields(&taken.unwrap_err()), ["tickets[0].ref"]);
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn tickets_are_added_in_the_order_given_with_their_dependencies(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let session = new_session(&server).await;
    let mut exports = server.exports(Role::SeniorEngineer);
    let mut whole = of_session("b", &["a"]);
    whole.order = Some(7);
    whole.labels = vec!["x".repeat(255)];
    whole.sprint = Some("Sprint 1".to_owned());
    whole.story_points = Some(3.5);
    whole.jira_assignee = Some("ada@example.com".to_owned());
    whole.issue_type = "Story".to_owned();
    let added = add(&mut exports, &session, vec![of_session("a", &[]), whole])
        .await
        .unwrap();
    assert_eq!(added.session.unwrap().ticket_count, 2);
    let [a, b] = &added.tickets[..] else {
        panic!("not two: {:?}", added.tickets);
    };
    let export = b.export.clone().unwrap();
    assert_eq!(export.depends_on_ids, std::slice::from_ref(&a.id));
    assert_eq!((export.order, export.issue_type.as_str()), (7, "Story"));
    assert_eq!(export.story_points, Some(3.5));
    assert_eq!(export.status(), v1::TicketExportStatus::Pending);
    // Behind all others, and of the default type.
    assert_eq!(order(a), 8);
    assert_eq!(a.export.as_ref().unwrap().issue_type, "Task");

    let more = add(&mut exports, &session, vec![of_session("c", &["b"])])
        .await
        .unwrap();
    assert_eq!(order(&more.tickets[0]), 9);
    let all = listed(&mut exports, &session).await;
    assert_eq!(all, [b.clone(), a.clone(), more.tickets[0].clone()]);
}

#[rstest]
#[tokio::test]
async fn a_cycle_is_named_and_nothing_is_added(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let server = TestServer::start(kind).await;
    let session = new_session(&server).await;
    let mut exports = server.exports(Role::SeniorEngineer);
    let tickets = vec![
        of_session("free", &[]),
        of_session("a", &["b"]),
        of_session("b", &["c", "free"]),
        of_session("c", &["a"]),
    ];
    let status = add(&mut exports, &session, tickets).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(reason(&status), "DEPENDENCY_CYCLE");
    assert!(
        status.message().contains("a -> b -> c -> a"),
        "{}",
        status.message()
    );
    assert!(listed(&mut exports, &session).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn refs_and_orders_are_the_sessions_own_and_unique(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let session = new_session(&server).await;
    let mut exports = server.exports(Role::SeniorEngineer);
    let mut first = of_session("a", &[]);
    first.order = Some(1);
    add(&mut exports, &session, vec![first]).await.unwrap();
    let mut tickets = vec![
        of_session("a", &[]),
        of_session("b", &["nobody"]),
        of_session("b", &[]),
    ];
    tickets[1].order = Some(1);
    let status = add(&mut exports, &session, tickets).await.unwrap_err();
    let mut told = fields(&status);
    told.sort();
    let expected = [
        "tickets[0].ref",
        "tickets[1].depends_on_refs[0]",
        "tickets[1].order",
        "tickets[2].ref",
    ];
    assert_eq!(told, expected);
    assert_eq!(listed(&mut exports, &session).await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn every_violation_of_every_ticket_is_told_at_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let session = new_session(&server).await;
    let broken = v1::NewSessionTicket {
        r#ref: String::new(),
        order: Some(0),
        depends_on_refs: ["x", "x", ""].map(str::to_owned).to_vec(),
        title: String::new(),
        issue_type: "x".repeat(256),
        priority: 99,
        labels: ["two words", "good", "x\ny"].map(str::to_owned).to_vec(),
        sprint: Some(String::new()),
        story_points: Some(f64::NAN),
        jira_assignee: Some(String::new()),
        tags: vec!["x".repeat(65)],
        ..Default::default()
    };
    let request = v1::AddSessionTicketsRequest {
        session_id: session.id.clone(),
        tickets: vec![of_session("good", &[]), broken.clone()],
        request_id: Some("x".to_owned()),
        validate_only: false,
    };
    let mut exports = server.exports(Role::SeniorEngineer);
    let status = exports.add_session_tickets(request).await.unwrap_err();
    let mut told = fields(&status);
    told.sort();
    let expected = [
        "request_id",
        "tickets[1].depends_on_refs[1]",
        "tickets[1].depends_on_refs[2]",
        "tickets[1].issue_type",
        "tickets[1].jira_assignee",
        "tickets[1].labels[0]",
        "tickets[1].labels[2]",
        "tickets[1].order",
        "tickets[1].priority",
        "tickets[1].ref",
        "tickets[1].sprint",
        "tickets[1].story_points",
        "tickets[1].tags[0]",
        "tickets[1].title",
    ];
    assert_eq!(told, expected);
    // A session's id that is none is told with everything else.
    let request = v1::AddSessionTicketsRequest {
        session_id: "x".to_owned(),
        ..Default::default()
    };
    let status = exports.add_session_tickets(request).await.unwrap_err();
    assert_eq!(fields(&status), ["session_id", "tickets"]);
}

#[rstest]
#[tokio::test]
async fn a_call_takes_500_tickets_and_not_one_more(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let session = new_session(&server).await;
    let mut exports = server.exports(Role::SeniorEngineer);
    let tickets = |count: usize| {
        (0..count)
            .map(|n| of_session(&n.to_string(), &[]))
            .collect()
    };
    let status = add(&mut exports, &session, tickets(501)).await.unwrap_err();
    assert_eq!(fields(&status), ["tickets"]);
    let added = add(&mut exports, &session, tickets(500)).await.unwrap();
    assert_eq!(added.session.unwrap().ticket_count, 500);
    let orders: Vec<i32> = added.tickets.iter().map(order).collect();
    assert_eq!(orders, (1..=500).collect::<Vec<_>>());
}

#[rstest]
#[tokio::test]
async fn only_the_owner_and_leads_add_and_a_repetition_adds_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let session = new_session(&server).await;
    let request = v1::AddSessionTicketsRequest {
        session_id: session.id.clone(),
        tickets: vec![of_session("a", &[])],
        request_id: Some(uuid::Uuid::new_v4().to_string()),
        validate_only: false,
    };
    // Denied before the request is read: it has no tickets.
    let empty = v1::AddSessionTicketsRequest {
        tickets: Vec::new(),
        ..request.clone()
    };
    let mut another = server.exports(("another", Role::SeniorEngineer));
    let status = another.add_session_tickets(empty).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    let mut lead = server.exports(Role::TeamLead);
    let planned = v1::AddSessionTicketsRequest {
        validate_only: true,
        request_id: None,
        ..request.clone()
    };
    let planned = lead
        .add_session_tickets(planned)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (
            planned.tickets[0].id.as_str(),
            planned.tickets[0].number.as_str()
        ),
        ("", "")
    );
    assert!(listed(&mut lead, &session).await.is_empty());
    let first = lead
        .add_session_tickets(request.clone())
        .await
        .unwrap()
        .into_inner();
    let second = lead
        .add_session_tickets(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first, second);
    assert_eq!(listed(&mut lead, &session).await, first.tickets);
}
