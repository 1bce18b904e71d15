//! What a watcher is told: only what the caller may see and asked for.

use docket::{
    db::history::{self, Entry},
    domain::{actor::Role, history::HistoryEventType, ids::UserId},
    proto::v1::{self, HistoryEventType as Kinds, WatchTicketsRequest},
};
use rstest::rstest;
use serde_json::json;
use tonic::Code;
use tonic_types::StatusExt as _;

use super::{Watcher, comment, filed};
use crate::support::{database::Kind, server::TestServer};

#[rstest]
#[tokio::test]
async fn an_end_user_sees_what_is_public_of_their_own_tickets(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let (mut eve, mut admin) = (
        server.tickets(("eve", Role::EndUser)),
        server.tickets(Role::Admin),
    );
    let mut hers = Watcher::behind(&mut eve, None).await;
    let mut all = Watcher::behind(&mut admin, None).await;
    assert_eq!(hers.position().await, 0);
    assert_eq!(all.position().await, 0);
    let other = filed(&server, ("bob", Role::EndUser), "Not hers").await;
    let ticket = filed(&server, ("eve", Role::EndUser), "Hers").await;
    comment(&mut admin, &ticket, v1::CommentVisibility::Internal).await;
    comment(&mut admin, &ticket, v1::CommentVisibility::Public).await;
    let delete = v1::DeleteTicketRequest {
        id: ticket.id.clone(),
        ..Default::default()
    };
    admin.delete_ticket(delete).await.unwrap();
    let last = filed(&server, ("eve", Role::EndUser), "Hers again").await;

    let mut told = Vec::new();
    let last_seen = loop {
        let message = hers.message().await.unwrap().unwrap();
        let Some(entry) = message.history_entry else {
            continue;
        };
        assert_eq!(entry.ip_address, None);
        let shown = message.ticket.unwrap();
        assert!(
            shown.comment_count <= 1,
            "internal comments are not counted"
        );
        if entry.ticket_id == last.id {
            break entry;
        }
        assert_eq!(entry.ticket_id, ticket.id);
        told.push(entry.event_type());
    };
    // What came before it was deleted may have been sent or not; nothing of it is afterwards.
    assert!(!told.contains(&Kinds::Deleted));
    assert!(
        told.iter()
            .filter(|kind| **kind == Kinds::CommentAdded)
            .count()
            <= 1
    );
    let mut entries = Vec::new();
    loop {
        let entry = all.event().await;
        let (id, sequence) = (entry.ticket_id.clone(), entry.sequence);
        entries.push((id, entry.event_type()));
        if sequence == last_seen.sequence {
            break;
        }
    }
    assert_eq!(entries[0], (other.id, Kinds::Created));
    for kind in [Kinds::Created, Kinds::Deleted] {
        assert!(entries.contains(&(ticket.id.clone(), kind)), "{entries:?}");
    }
    // From the beginning, everything of the deleted ticket is passed over.
    let mut again = Watcher::behind(&mut eve, Some(0)).await;
    assert_eq!(again.event().await.ticket_id, last.id);
}

#[rstest]
#[tokio::test]
async fn a_filter_goes_by_the_ticket_as_it_stands(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut tickets = server.tickets(Role::SeniorEngineer);
    let request = WatchTicketsRequest {
        filter: Some(v1::TicketFilter {
            statuses: vec![v1::TicketStatus::Open.into()],
            ..Default::default()
        }),
        after_sequence: None,
    };
    let mut watcher = Watcher::open(&mut tickets, request).await.unwrap();
    watcher.position().await;
    let (first, second) = (
        filed(&server, Role::SeniorEngineer, "Stays new").await,
        filed(&server, Role::SeniorEngineer, "Is opened").await,
    );
    comment(&mut tickets, &first, v1::CommentVisibility::Public).await;
    let open = v1::TransitionTicketRequest {
        id: second.id.clone(),
        status: v1::TicketStatus::Open.into(),
        ..Default::default()
    };
    tickets.transition_ticket(open).await.unwrap();
    loop {
        let entry = watcher.event().await;
        assert_eq!(entry.ticket_id, second.id);
        if entry.event_type() == Kinds::StatusChanged {
            break;
        }
    }
}

#[tokio::test]
async fn what_cannot_be_watched_is_told_before_the_stream() {
    let server = TestServer::start(Kind::Sqlite).await;
    let mut tickets = server.tickets(Role::EndUser);
    filed(&server, Role::EndUser, "One").await;
    let watch = |after_sequence: Option<i64>, statuses: Vec<i32>| WatchTicketsRequest {
        filter: Some(v1::TicketFilter {
            statuses,
            ..Default::default()
        }),
        after_sequence,
    };
    for (request, field) in [
        (watch(Some(-1), vec![]), "after_sequence"),
        (watch(Some(2), vec![]), "after_sequence"),
        (watch(None, vec![99]), "filter.statuses[0]"),
    ] {
        let status = Watcher::open(&mut tickets, request).await.err().unwrap();
        assert_eq!(status.code(), Code::InvalidArgument);
        let details = status.get_error_details();
        let fields = &details.bad_request().unwrap().field_violations;
        assert_eq!(fields[0].field, field);
    }
}

#[tokio::test]
async fn an_open_stream_ends_when_the_server_stops() {
    let server = TestServer::start(Kind::Sqlite).await;
    let mut watcher = Watcher::behind(&mut server.tickets(Role::Admin), None).await;
    watcher.position().await;
    let (status, ()) = tokio::join!(
        async { watcher.message().await.unwrap_err() },
        server.stop()
    );
    assert_eq!(status.code(), Code::Unavailable);
    let details = status.get_error_details();
    assert_eq!(details.error_info().unwrap().reason, "SHUTTING_DOWN");
}

#[rstest]
#[tokio::test]
async fn it_is_told_how_far_it_is_while_it_catches_up_with_what_is_not_shown(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let ticket = filed(&server, Role::Admin, "Busy").await;
    let id = ticket.id.parse().unwrap();
    let busy = server.database().write(move |tx| {
        let happened = |_| {
            let (kind, by) = (HistoryEventType::Updated, UserId("admin".to_owned()));
            Entry::event(id, kind, by, None, json!({}), chrono::Utc::now())
        };
        let entries = (0..10_000).map(happened).collect();
        Box::pin(async move { history::append(tx, entries).await })
    });
    busy.await.unwrap();
    let request = WatchTicketsRequest {
        after_sequence: Some(0),
        ..Default::default()
    };
    let mut tickets = server.tickets(Role::EndUser);
    let mut watcher = Watcher::open(&mut tickets, request).await.unwrap();
    assert_eq!(watcher.position().await, 0);
    let (first, second) = (watcher.position().await, watcher.position().await);
    assert!(0 < first && first < second && second < 10_000);
}
