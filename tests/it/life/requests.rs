//! Requests that come again: for a day, whatever became of the server meanwhile.

use std::time::Duration;

use docket::{db::request_key, domain::actor::Role, proto::v1};
use rstest::rstest;
use sea_orm::EntityTrait as _;
use tonic::Status;

use super::{filed, reason};
use crate::support::{
    database::Kind,
    server::{TestClock, TestServer},
};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[rstest]
#[tokio::test]
async fn an_answer_is_remembered_across_a_restart_and_for_a_day(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let clock = TestClock::new();
    let server = TestServer::start_with(kind, clock.clone()).await;
    let ticket = filed(&server, Role::Admin).await;
    let request_id = Some(uuid::Uuid::new_v4().to_string());
    let create = v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            title: "Once".to_owned(),
            ..Default::default()
        }),
        request_id: request_id.clone(),
        ..Default::default()
    };
    let comment = v1::CreateCommentRequest {
        ticket_id: ticket.id,
        body: "Once".to_owned(),
        request_id,
        ..Default::default()
    };
    let first = both(&server, &create, &comment).await.unwrap();
    let server = server.restart(clock.clone()).await;
    clock.advance(DAY - Duration::from_micros(1));
    assert_eq!(both(&server, &create, &comment).await.unwrap(), first);
    let mut other = create.clone();
    other.ticket.as_mut().unwrap().description = "More".to_owned();
    let refused = both(&server, &other, &comment).await.unwrap_err();
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED");
    clock.advance(Duration::from_micros(1));
    let second = both(&server, &create, &comment).await.unwrap();
    assert_ne!(second.0.id, first.0.id);
    assert_ne!(second.1.id, first.1.id);
    assert_eq!(both(&server, &create, &comment).await.unwrap(), second);
}

#[rstest]
#[tokio::test]
async fn an_answer_that_nobody_may_ask_for_again_is_not_kept(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let clock = TestClock::new();
    let server = TestServer::start_with(kind, clock.clone()).await;
    let create = v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            title: "Once".to_owned(),
            ..Default::default()
        }),
        request_id: Some(uuid::Uuid::new_v4().to_string()),
        ..Default::default()
    };
    let mut tickets = server.tickets(Role::Admin);
    tickets.create_ticket(create).await.unwrap();
    let kept = async |server: &TestServer| {
        let rows = request_key::Entity::find();
        rows.all(server.database().read()).await.unwrap().len()
    };
    assert_eq!(kept(&server).await, 1);
    clock.advance(DAY + Duration::from_secs(1));
    // Workers look at their start, and every hour.
    let server = server.restart(clock).await;
    let gone = async {
        while kept(&server).await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let gone = tokio::time::timeout(Duration::from_secs(30), gone).await;
    gone.expect("it is forgotten");
}

async fn both(
    server: &TestServer,
    create: &v1::CreateTicketRequest,
    comment: &v1::CreateCommentRequest,
) -> Result<(v1::Ticket, v1::Comment), Status> {
    let mut tickets = server.tickets(Role::Admin);
    let ticket = tickets.create_ticket(create.clone()).await?.into_inner();
    let comment = tickets.create_comment(comment.clone()).await?.into_inner();
    Ok((ticket.ticket.unwrap(), comment.comment.unwrap()))
}
