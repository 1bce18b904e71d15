//! Moving tickets on: what follows from a move, and what is refused.

use std::time::Duration;

use docket::{domain::actor::Role, proto::v1, worker::Settings};
use rstest::rstest;
use tonic::Code;
use v1::{HistoryEventType as Event, TicketStatus as S};

use super::{fact, fields, filed, get, history, lead_to, move_to, reason, transition};
use crate::support::{
    database::Kind,
    server::{TestClock, TestServer},
};

#[rstest]
#[tokio::test]
async fn a_life_from_new_to_closed_and_back_is_told_entry_by_entry(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let ticket = filed(&server, ("eve", Role::EndUser)).await;
    let mut senior = server.tickets(Role::SeniorEngineer);
    let open = move_to(&mut senior, &ticket.id, S::Open).await.unwrap();
    assert_eq!(open.status(), S::Open);
    assert_ne!(open.etag, ticket.etag);
    assert_eq!(open.comment_count, 1);
    // Somebody else than the creator did something.
    assert!(open.sla.unwrap().first_response_time.is_some());
    let resolve = v1::ResolveTicketRequest {
        id: ticket.id.clone(),
        resolution_notes: "Cleaned the\nrollers".to_owned(),
    };
    let resolved = senior.resolve_ticket(resolve).await.unwrap().into_inner();
    let resolved = resolved.ticket.unwrap();
    assert_eq!(resolved.status(), S::Resolved);
    assert_eq!(
        resolved.resolution_notes.as_deref(),
        Some("Cleaned the\nrollers")
    );
    assert!(resolved.resolve_time.is_some());
    let close = v1::CloseTicketRequest {
        id: ticket.id.clone(),
    };
    let closed = senior
        .close_ticket(close)
        .await
        .unwrap()
        .into_inner()
        .ticket
        .unwrap();
    assert_eq!(closed.status(), S::Closed);
    assert_eq!(closed.resolve_time, resolved.resolve_time);
    assert!(closed.close_time.is_some());
    let reopen = v1::ReopenTicketRequest {
        id: ticket.id.clone(),
        reason: "Jams <again>".to_owned(),
    };
    let mut creator = server.tickets(("eve", Role::EndUser));
    let reopened = creator
        .reopen_ticket(reopen)
        .await
        .unwrap()
        .into_inner()
        .ticket
        .unwrap();
    assert_eq!(reopened.status(), S::Reopened);
    assert_eq!(reopened.resolution_notes, None);
    assert_eq!((reopened.resolve_time, reopened.close_time), (None, None));
    assert_eq!(get(&mut creator, &ticket.id).await.unwrap(), reopened);

    let entries = history(&mut senior, &ticket.id).await;
    let told: Vec<_> = entries
        .iter()
        .map(|entry| (entry.event_type(), entry.field.as_deref().unwrap_or("")))
        .collect();
    let expected = [
        (Event::Created, ""),
        (Event::StatusChanged, "status"),
        (Event::CommentAdded, ""),
        (Event::Resolved, "status"),
        (Event::Updated, "resolution_notes"),
        (Event::CommentAdded, ""),
        (Event::Closed, "status"),
        (Event::CommentAdded, ""),
        (Event::Reopened, "status"),
        (Event::Updated, "resolution_notes"),
        (Event::CommentAdded, ""),
    ];
    assert_eq!(told, expected);
    let status = |entry: &v1::HistoryEntry| (entry.old_value.clone(), entry.new_value.clone());
    assert_eq!(
        status(&entries[6]),
        (Some("RESOLVED".to_owned()), Some("CLOSED".to_owned()))
    );
    assert_eq!(
        entries[9].old_value.as_deref(),
        Some("Cleaned the\nrollers")
    );
    assert_eq!(entries[9].new_value, None);
    assert_eq!(entries[8].actor_id, "eve");
    let facts = &entries[8].metadata.as_ref().unwrap().fields;
    let reason = facts["reason"].kind.clone().unwrap();
    assert_eq!(
        reason,
        prost_types::value::Kind::StringValue("Jams <again>".to_owned())
    );
    assert!(entries.is_sorted_by_key(|entry| entry.sequence));
    assert!(
        entries
            .iter()
            .all(|entry| entry.ip_address.as_deref() == Some("127.0.0.1"))
    );
    // The creator sees the same, but not from where others called.
    let seen = history(&mut creator, &ticket.id).await;
    assert_eq!(seen.len(), entries.len());
    assert!(seen.iter().all(|entry| entry.ip_address.is_none()));
}

#[rstest]
#[tokio::test]
async fn a_refused_move_names_from_to_and_the_allowed_targets(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let ticket = filed(&server, Role::Admin).await;
    let mut admin = server.tickets(Role::Admin);
    let refused = move_to(&mut admin, &ticket.id, S::Resolved)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refused), "ILLEGAL_TRANSITION");
    assert_eq!(fact(&refused, "from"), "NEW");
    assert_eq!(fact(&refused, "to"), "RESOLVED");
    assert_eq!(fact(&refused, "allowed"), "OPEN,IN_PROGRESS,CLOSED");
    assert_eq!(get(&mut admin, &ticket.id).await.unwrap(), ticket);
    let unknown = admin.transition_ticket(v1::TransitionTicketRequest {
        id: ticket.id.clone(),
        status: 99,
        comment: Some(" ".to_owned()),
        etag: None,
    });
    assert_eq!(fields(&unknown.await.unwrap_err()), ["status", "comment"]);
    let nothing = admin.transition_ticket(v1::TransitionTicketRequest::default());
    assert_eq!(fields(&nothing.await.unwrap_err()), ["id", "status"]);
}

#[rstest]
#[tokio::test]
async fn a_closed_ticket_is_reopened_within_the_window_and_not_after_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    const WINDOW: Duration = Duration::from_secs(7 * 24 * 3600);
    let clock = TestClock::new();
    let server = TestServer::start_with(kind, clock.clone()).await;
    let early = filed(&server, Role::Admin).await;
    let late = filed(&server, Role::Admin).await;
    for id in [&early.id, &late.id] {
        lead_to(&server, id, S::Closed).await;
    }
    let mut admin = server.tickets(Role::Admin);
    let request = |id: &str| v1::ReopenTicketRequest {
        id: id.to_owned(),
        reason: "Again".to_owned(),
    };
    clock.advance(WINDOW);
    admin.reopen_ticket(request(&early.id)).await.unwrap();
    clock.advance(Duration::from_micros(1));
    let refused = admin.reopen_ticket(request(&late.id)).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refused), "REOPEN_WINDOW_PASSED");
    assert!(fact(&refused, "window_end") > fact(&refused, "close_time"));
    let allowed = v1::ListAllowedTransitionsRequest { id: late.id };
    let allowed = admin.list_allowed_transitions(allowed).await.unwrap();
    assert!(allowed.into_inner().statuses.is_empty());
}

#[rstest]
#[tokio::test]
async fn a_stale_etag_is_told_with_what_has_changed_since(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let ticket = filed(&server, ("eve", Role::EndUser)).await;
    let mut lead = server.tickets(Role::TeamLead);
    let mut with_etag = transition(&ticket.id, S::Open);
    with_etag.etag = Some(ticket.etag.clone());
    let open = lead.transition_ticket(with_etag.clone()).await.unwrap();
    let open = open.into_inner().ticket.unwrap();
    let mut again = transition(&ticket.id, S::InProgress);
    again.etag = Some(ticket.etag.clone());
    let stale = lead.transition_ticket(again.clone()).await.unwrap_err();
    assert_eq!(stale.code(), Code::Aborted);
    assert_eq!(reason(&stale), "ETAG_MISMATCH");
    assert_eq!(fact(&stale, "etag"), open.etag);
    assert_eq!(fact(&stale, "changed_fields"), "comment_count,status");
    for odd in ["", "x", "\"99\"", "\"0\""] {
        again.etag = Some(odd.to_owned());
        let stale = lead.transition_ticket(again.clone()).await.unwrap_err();
        assert_eq!(reason(&stale), "ETAG_MISMATCH", "{odd}");
    }
    assert_eq!(get(&mut lead, &ticket.id).await.unwrap(), open);
}

#[rstest]
#[tokio::test]
async fn waiting_for_information_stops_the_clock(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let clock = TestClock::new();
    let server = TestServer::start_with(kind, clock.clone()).await;
    let ticket = filed(&server, ("eve", Role::EndUser)).await;
    // The creator's own moves are no response.
    let mut creator = server.tickets(("eve", Role::EndUser));
    move_to(&mut creator, &ticket.id, S::Open).await.unwrap();
    let paused = move_to(&mut creator, &ticket.id, S::PendingInfo)
        .await
        .unwrap();
    let sla = paused.sla.unwrap();
    assert!(sla.paused && sla.first_response_time.is_none());
    clock.advance(Duration::from_secs(100));
    let on = move_to(&mut creator, &ticket.id, S::InProgress)
        .await
        .unwrap();
    let (before, after) = (ticket.sla.unwrap(), on.sla.unwrap());
    assert!(!after.paused);
    assert_eq!(after.paused_duration.unwrap().seconds, 100);
    let moved =
        |time: fn(&v1::Sla) -> prost_types::Timestamp| time(&after).seconds - time(&before).seconds;
    assert_eq!(moved(|sla| sla.response_due_time.unwrap()), 100);
    assert_eq!(moved(|sla| sla.resolution_due_time.unwrap()), 100);
    let entries = history(&mut creator, &ticket.id).await;
    let due: Vec<_> = entries
        .iter()
        .filter(|entry| entry.event_type() == Event::DueDateChanged)
        .map(|entry| entry.field.clone().unwrap())
        .collect();
    assert_eq!(due, ["sla.response_due_time", "sla.resolution_due_time"]);
}

/// Replicas' clocks differ: what happens to one ticket is told in its order all the same.
#[tokio::test]
async fn a_clock_that_lags_turns_no_time_back() {
    let (ahead, behind) = (TestClock::new(), TestClock::new());
    ahead.advance(Duration::from_secs(60));
    let server = TestServer::start_with(Kind::Postgres, ahead).await;
    let replica = server.replica_working(behind, Settings::default()).await;
    let ticket = filed(&server, Role::Admin).await;
    let mut there = replica.tickets(Role::Admin);
    move_to(&mut there, &ticket.id, S::Open).await.unwrap();
    let mut here = server.tickets(Role::Admin);
    move_to(&mut here, &ticket.id, S::PendingInfo)
        .await
        .unwrap();
    let back = move_to(&mut there, &ticket.id, S::Open).await.unwrap();
    assert!(nanos(back.update_time) >= nanos(ticket.create_time));
    let paused = back.sla.unwrap().paused_duration.unwrap();
    assert_eq!((paused.seconds, paused.nanos), (0, 0));
    let told = history(&mut here, &ticket.id).await;
    assert!(told.is_sorted_by_key(|entry| nanos(entry.create_time)));
}

fn nanos(time: Option<prost_types::Timestamp>) -> (i64, i32) {
    let time = time.expect("a time");
    (time.seconds, time.nanos)
}
