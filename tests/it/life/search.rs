//! What search knows of a ticket follows each of its changes.

use docket::{
    db::{ticket::Entity as Tickets, ticket_search::matching},
    domain::actor::Role,
    proto::v1,
};
use rstest::rstest;
use sea_orm::{EntityTrait as _, QueryFilter as _};

use super::{filed, move_to, transition};
use crate::support::{database::Kind, server::TestServer};

/// How many tickets have the word, for those who read internal comments and for those who do not.
async fn found(server: &TestServer, word: &str) -> [usize; 2] {
    let db = server.database();
    let mut counts = [0; 2];
    for (count, internal) in counts.iter_mut().zip([true, false]) {
        let condition = matching(db.backend(), word, internal).unwrap();
        *count = Tickets::find()
            .filter(condition)
            .all(db.read())
            .await
            .unwrap()
            .len();
    }
    counts
}

#[rstest]
#[tokio::test]
async fn words_are_found_as_long_as_they_are_said(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let ticket = filed(&server, Role::SeniorEngineer).await;
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
    assert_eq!(found(&server, "vendor").await, [1, 0]);

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
    assert_eq!(found(&server, "roll").await, [0, 0]);
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
