//! Deleting tickets softly, restoring them, and asking for several.

use docket::{domain::actor::Role, proto::v1};
use rstest::rstest;
use tonic::{Code, Status};
use v1::HistoryEventType as Event;

use super::{change, fact, fields, filed, full, get, history, reason, update};
use crate::support::{
    database::Kind,
    server::{TestServer, Tickets},
};

async fn delete(tickets: &mut Tickets, id: &str, etag: Option<&str>) -> Result<v1::Ticket, Status> {
    let request = v1::DeleteTicketRequest {
        id: id.to_owned(),
        etag: etag.map(str::to_owned),
    };
    let answer = tickets.delete_ticket(request).await?;
    Ok(answer.into_inner().ticket.unwrap())
}

async fn undelete(tickets: &mut Tickets, id: &str) -> Result<v1::Ticket, Status> {
    let request = v1::UndeleteTicketRequest { id: id.to_owned() };
    let answer = tickets.undelete_ticket(request).await?;
    Ok(answer.into_inner().ticket.unwrap())
}

async fn listed(tickets: &mut Tickets, show_deleted: bool) -> Result<usize, Status> {
    let request = v1::ListTicketsRequest {
        show_deleted,
        ..Default::default()
    };
    Ok(tickets
        .list_tickets(request)
        .await?
        .into_inner()
        .tickets
        .len())
}

async fn several(tickets: &mut Tickets, ids: &[&str]) -> Result<Vec<v1::Ticket>, Status> {
    let request = v1::BatchGetTicketsRequest {
        ids: ids.iter().map(|&id| id.to_owned()).collect(),
    };
    Ok(tickets
        .batch_get_tickets(request)
        .await?
        .into_inner()
        .tickets)
}

#[rstest]
#[tokio::test]
async fn a_deleted_ticket_is_gone_for_all_but_admins_until_it_is_restored(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut admin = server.tickets(Role::Admin);
    let mut manager = server.tickets(Role::Manager);
    let ticket = filed(&server, ("eve", Role::EndUser), full()).await;
    let stale = delete(&mut admin, &ticket.id, Some("\"99\""))
        .await
        .unwrap_err();
    assert_eq!(reason(&stale), "ETAG_MISMATCH");
    let denied = delete(&mut manager, &ticket.id, None).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    let deleted = delete(&mut admin, &ticket.id, Some(&ticket.etag))
        .await
        .unwrap();
    assert!(deleted.delete_time.is_some());

    assert_eq!(get(&mut admin, &ticket.id).await.unwrap(), deleted);
    assert_eq!(
        get(&mut manager, &ticket.id).await.unwrap_err().code(),
        Code::NotFound
    );
    let again = delete(&mut admin, &ticket.id, None).await.unwrap_err();
    assert_eq!(again.code(), Code::NotFound);
    let wanted = v1::Ticket {
        id: ticket.id.clone(),
        title: "Too late".to_owned(),
        ..Default::default()
    };
    let late = update(&mut admin, change(wanted, &["title"]))
        .await
        .unwrap_err();
    assert_eq!(late.code(), Code::NotFound);
    let none = several(&mut admin, &[&ticket.id]).await.unwrap_err();
    assert_eq!(none.code(), Code::NotFound);
    assert_eq!(listed(&mut admin, false).await.unwrap(), 0);
    assert_eq!(listed(&mut admin, true).await.unwrap(), 1);
    let denied = listed(&mut manager, true).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);

    let denied = undelete(&mut manager, &ticket.id).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    let restored = undelete(&mut admin, &ticket.id).await.unwrap();
    let expected = v1::Ticket {
        etag: restored.etag.clone(),
        update_time: restored.update_time,
        ..ticket.clone()
    };
    assert_eq!(restored, expected);
    let again = undelete(&mut admin, &ticket.id).await.unwrap_err();
    assert_eq!(again.code(), Code::AlreadyExists);
    assert_eq!(reason(&again), "ALREADY_EXISTS");
    assert_eq!(
        again.message(),
        format!("ticket {:?} is not deleted", ticket.id)
    );
    assert_eq!(listed(&mut manager, false).await.unwrap(), 1);
    let told = history(&server, &ticket.id).await;
    let told: Vec<_> = told.iter().map(v1::HistoryEntry::event_type).collect();
    assert_eq!(told, [Event::Created, Event::Deleted, Event::Undeleted]);
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn several_tickets_come_in_the_order_asked_for_all_or_none(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut eve = server.tickets(("eve", Role::EndUser));
    let mut ids = Vec::new();
    for owner in ["eve", "eve", "mallory"] {
        ids.push(filed(&server, (owner, Role::EndUser), full()).await.id);
    }
    let own = several(&mut eve, &[&ids[1], &ids[0]]).await.unwrap();
    assert_eq!([&own[0].id, &own[1].id], [&ids[1], &ids[0]]);
    let refused = several(&mut eve, &[&ids[0], &ids[2]]).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert_eq!(fact(&refused, "resource_name"), ids[2]);
    for (asked, field) in [
        (vec![], "ids"),
        (vec![ids[0].as_str(), "none"], "ids[1]"),
        (vec![ids[0].as_str(), &ids[0]], "ids[1]"),
        (vec![ids[0].as_str(); 101], "ids"),
    ] {
        let refused = several(&mut eve, &asked).await.unwrap_err();
        assert_eq!(fields(&refused), [field]);
    }
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_deleted_ticket_leaves_its_session_and_nothing_waits_for_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut admin = server.tickets(Role::Admin);
    let mut exports = server.exports(Role::Admin);
    let request = v1::CreateSessionRequest {
        session: Some(v1::Session {
            name: "Release 7".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let session = exports.create_session(request).await.unwrap().into_inner();
    let session_id = session.session.unwrap().id;
    let new = |reference: &str, on: &[&str]| v1::NewSessionTicket {
        r#ref: reference.to_owned(),
        title: format!("Ticket {reference}"),
        depends_on_refs: on.iter().map(|&on| on.to_owned()).collect(),
        ..Default::default()
    };
    let first = v1::AddSessionTicketsRequest {
        session_id: session_id.clone(),
        tickets: vec![new("a", &[]), new("b", &["a"])],
        ..Default::default()
    };
    let added = exports
        .add_session_tickets(first)
        .await
        .unwrap()
        .into_inner();
    let [before, after] = [&added.tickets[0].id, &added.tickets[1].id];
    delete(&mut admin, before, None).await.unwrap();
    let on = |ticket: v1::Ticket| ticket.export.unwrap().depends_on_ids;
    assert!(on(get(&mut admin, after).await.unwrap()).is_empty());
    let asked = v1::GetSessionRequest {
        id: session_id.clone(),
    };
    let session = exports.get_session(asked).await.unwrap().into_inner();
    assert_eq!(session.session.unwrap().ticket_count, 1);
    undelete(&mut admin, before).await.unwrap();
    let restored = get(&mut admin, after).await.unwrap();
    assert_eq!(on(restored), std::slice::from_ref(before));
    server.stop().await;
}
