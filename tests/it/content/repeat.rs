//! Requests that come again: one effect and one answer, for a day, whatever happens in between.

use std::time::Duration;

use docket::{
    db::conversation,
    domain::{actor::Role, ids::ConversationId},
    proto::v1,
};
use rstest::rstest;
use sea_orm::EntityTrait as _;
use uuid::Uuid;

use super::{fields, full, reason};
use crate::support::{
    database::Kind,
    server::{TestClock, TestServer},
};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn create(title: &str, id: Uuid) -> v1::CreateTicketRequest {
    v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            title: title.to_owned(),
            ..full()
        }),
        request_id: Some(id.to_string()),
        ..Default::default()
    }
}

async fn number(
    server: &TestServer,
    request: v1::CreateTicketRequest,
) -> Result<String, tonic::Status> {
    let mut tickets = server.tickets(Role::Admin);
    let answer = tickets.create_ticket(request).await?.into_inner();
    Ok(answer.ticket.unwrap().number)
}

#[rstest]
#[tokio::test]
async fn a_hundred_at_once_make_one_ticket(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let server = TestServer::start(kind).await;
    let id = Uuid::new_v4();
    let all = (0..100).map(|_| {
        let mut tickets = server.tickets(Role::Admin);
        async move { tickets.create_ticket(create("One", id)).await }
    });
    let answers = futures::future::join_all(all).await;
    let answers: Vec<_> = answers
        .into_iter()
        .map(|answer| answer.unwrap().into_inner())
        .collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let mut tickets = server.tickets(Role::Admin);
    let request = v1::ListTicketsRequest {
        include_total: true,
        ..Default::default()
    };
    let page = tickets.list_tickets(request).await.unwrap().into_inner();
    assert_eq!(page.total_size, Some(1));
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn an_answer_outlives_a_restart_and_not_a_day(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let clock = TestClock::new();
    let server = TestServer::start_with(kind, clock.clone()).await;
    let id = Uuid::new_v4();
    let first = number(&server, create("One", id)).await.unwrap();
    clock.advance(DAY - Duration::from_secs(1));
    let server = server.restart(clock.clone()).await;
    assert_eq!(number(&server, create("One", id)).await.unwrap(), first);
    let other = number(&server, create("Another", id)).await.unwrap_err();
    assert_eq!(reason(&other), "REQUEST_ID_REUSED");
    // Another caller's request of the same id is another one.
    let mut lead = server.tickets(Role::TeamLead);
    let theirs = lead.create_ticket(create("Another", id)).await.unwrap();
    assert_ne!(theirs.into_inner().ticket.unwrap().number, first);
    clock.advance(Duration::from_secs(1));
    let second = number(&server, create("Another", id)).await.unwrap();
    assert_ne!(second, first);
    assert_eq!(
        number(&server, create("Another", id)).await.unwrap(),
        second
    );
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn the_first_answer_is_given_whatever_has_become_of_what_was_made(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut tickets = server.tickets(Role::Admin);
    let filing = create("One", Uuid::new_v4());
    let filed = tickets.create_ticket(filing.clone()).await.unwrap();
    let filed = filed.into_inner().ticket.unwrap();
    let noting = v1::CreateCommentRequest {
        ticket_id: filed.id.clone(),
        body: "<p>First</p>".to_owned(),
        visibility: v1::CommentVisibility::Public.into(),
        request_id: Some(Uuid::new_v4().to_string()),
        ..Default::default()
    };
    let noted = tickets.create_comment(noting.clone()).await.unwrap();
    let noted = noted.into_inner().comment.unwrap();
    let changes = v1::UpdateCommentRequest {
        id: noted.id.clone(),
        body: "<p>Second</p>".to_owned(),
        ..Default::default()
    };
    tickets.update_comment(changes).await.unwrap();
    let gone = v1::DeleteCommentRequest {
        id: noted.id.clone(),
    };
    tickets.delete_comment(gone).await.unwrap();
    let moved = v1::TransitionTicketRequest {
        id: filed.id.clone(),
        status: v1::TicketStatus::Open.into(),
        ..Default::default()
    };
    tickets.transition_ticket(moved).await.unwrap();
    let again = tickets.create_comment(noting).await.unwrap();
    assert_eq!(again.into_inner().comment.unwrap(), noted);
    let gone = v1::DeleteTicketRequest {
        id: filed.id.clone(),
        ..Default::default()
    };
    tickets.delete_ticket(gone).await.unwrap();
    let again = tickets.create_ticket(filing).await.unwrap();
    assert_eq!(again.into_inner().ticket.unwrap(), filed);
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_conversation_is_recorded_when_it_is_mentioned_first(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut tickets = server.tickets(Role::Admin);
    let from = |conversation: &str, channel: &str| v1::CreateTicketRequest {
        conversation: Some(v1::Conversation {
            id: conversation.to_owned(),
            channel: channel.to_owned(),
            subject: "Gate 4".to_owned(),
        }),
        ..create("One", Uuid::new_v4())
    };
    for (conversation, channel) in [("chat-1", "chat"), ("chat-1", "email"), ("chat-2", "")] {
        let made = tickets
            .create_ticket(from(conversation, channel))
            .await
            .unwrap();
        let made = made.into_inner().ticket.unwrap();
        assert_eq!(made.conversation_id.as_deref(), Some(conversation));
    }
    let first = ConversationId("chat-1".to_owned());
    let first = conversation::Entity::find_by_id(first);
    let first = first.one(server.database().read()).await.unwrap().unwrap();
    assert_eq!(first.channel, "chat", "as it was mentioned first");
    for (conversation, found) in [("chat-1", 2), ("chat-2", 1), ("chat", 0)] {
        let request = v1::ListTicketsRequest {
            filter: Some(v1::TicketFilter {
                conversation_id: Some(conversation.to_owned()),
                ..Default::default()
            }),
            ..Default::default()
        };
        let page = tickets.list_tickets(request).await.unwrap().into_inner();
        assert_eq!(page.tickets.len(), found, "{conversation}");
    }
    let mut broken = from("", "chat");
    broken.conversation.as_mut().unwrap().id = "x".repeat(129);
    let refused = tickets.create_ticket(broken).await.unwrap_err();
    assert_eq!(fields(&refused), ["conversation.id"]);
    server.stop().await;
}
