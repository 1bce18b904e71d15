//! What search knows of a ticket follows each of its changes.

use docket::{domain::actor::Role, proto::v1};
use rstest::rstest;

use super::{filed, move_to, transition};
use crate::support::{
    database::{Kind, TestDatabase},
    server::TestServer,
};

/// How many tickets have the words, for those who read internal comments and for those who do not.
async fn found(server: &TestServer, query: &str) -> [usize; 2] {
    let mut counts = [0; 2];
    for (count, role) in counts.iter_mut().zip([Role::SeniorEngineer, Role::EndUser]) {
        for order_by in [None, Some("create_time desc".to_owned())] {
            let request = v1::ListTicketsRequest {
                query: Some(query.to_owned()),
                include_total: true,
                order_by,
                ..Default::default()
            };
            let page = server.tickets(role).list_tickets(request).await;
            let page = page.unwrap().into_inner();
            *count = page.tickets.len();
            // Counted after the page was read.
            assert!(page.total_size >= i64::try_from(*count).ok());
        }
    }
    counts
}

#[rstest]
#[tokio::test]
async fn a_start_tells_search_of_what_it_does_not_know(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let ticket = filed(&server, Role::EndUser).await;
    let id: docket::domain::ids::TicketId = ticket.id.parse().unwrap();
    let row = docket::db::ticket::find_many(server.database().read(), [id]);
    let row = row.await.unwrap().pop().unwrap();
    let clock = std::sync::Arc::new(docket::app::clock::SystemClock);
    let meanwhile = async |database: &TestDatabase| {
        for number in 1000..1120 {
            let id = docket::domain::ids::TicketId::at(row.create_time);
            let unknown = docket::db::ticket::Model {
                id,
                number,
                ..row.clone()
            };
            database.insert(unknown).await;
        }
    };
    let server = server.restart_after(clock, meanwhile).await;
    while found(&server, "printer -gate5").await != [50, 50] {
        tokio::task::yield_now().await;
    }
}

#[rstest]
#[tokio::test]
async fn words_are_found_as_long_as_they_are_said(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let ticket = filed(&server, Role::EndUser).await;
    let mut tickets = server.tickets(Role::SeniorEngineer);
    let comment = |body: &str, visibility: v1::CommentVisibility| v1::CreateCommentRequest {
        ticket_id: ticket.id.clone(),
        body: body.to_owned(),
        visibility: visibility.into(),
        ..Default::default()
    };
    let public = comment(
        "<p>The <b>roll</b>er is worn</p>",
        v1::CommentVisibility::Public,
    );
    let public = tickets.create_comment(public).await.unwrap().into_inner();
    let internal = comment("Vendor knows", v1::CommentVisibility::Internal);
    tickets.create_comment(internal).await.unwrap();
    assert_eq!(found(&server, "printer").await, [1, 1]);
    assert_eq!(found(&server, "worn").await, [1, 1]);
    assert_eq!(
        found(&server, "roller").await,
        [1, 1],
        "a word shows as one"
    );
    assert_eq!(found(&server, "vendor").await, [1, 0]);
    assert_eq!(found(&server, "-vendor").await, [0, 1]);
    assert_eq!(
        found(&server, "\"worn vendor\"").await,
        [0, 0],
        "comments are not one text"
    );

    let mut told = transition(&ticket.id, v1::TicketStatus::Open);
    told.comment = Some("Ordered spares".to_owned());
    tickets.transition_ticket(told).await.unwrap();
    assert_eq!(found(&server, "spares").await, [1, 1]);
    let id = public.comment.unwrap().id;
    let edit = v1::UpdateCommentRequest {
        id: id.clone(),
        body: "The belt is worn".to_owned(),
        validate_only: false,
    };
    tickets.update_comment(edit).await.unwrap();
    assert_eq!(found(&server, "roll*").await, [0, 0]);
    assert_eq!(found(&server, "belt").await, [1, 1]);
    tickets
        .delete_comment(v1::DeleteCommentRequest { id })
        .await
        .unwrap();
    assert_eq!(found(&server, "belt").await, [0, 0]);
    move_to(&mut tickets, &ticket.id, v1::TicketStatus::InProgress)
        .await
        .unwrap();
    assert_eq!(found(&server, "vendor printer spares").await, [1, 0]);
}
