//! The look for broken promises: each is noted once, whoever looks, and warned of before.

use std::time::Duration;

use docket::{domain::actor::Role, proto::v1, worker::Settings};
use rstest::rstest;
use v1::{HistoryEventType as Event, TicketPriority, TicketStatus};

use super::{filed, get, history, move_to};
use crate::support::{
    database::Kind,
    server::{TestClock, TestServer, Tickets},
};

const MINUTE: Duration = Duration::from_secs(60);

/// Looks all the time.
fn restless() -> Settings {
    Settings {
        sla_sweep: Duration::from_millis(10),
        ..Settings::default()
    }
}

/// Waits until the ticket's history has so many entries, and tells their kinds and fields.
async fn told(tickets: &mut Tickets, id: &str, entries: usize) -> Vec<(Event, String, String)> {
    let wait = async {
        loop {
            let told = history(tickets, id).await;
            if told.len() >= entries {
                return told;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(30), wait).await;
    let told = told
        .expect("so many entries within half a minute")
        .into_iter();
    let text = |text: Option<String>| text.unwrap_or_default();
    told.map(|entry| (entry.event_type(), text(entry.field), text(entry.new_value)))
        .collect()
}

fn entry(event: Event, field: &str, value: &str) -> (Event, String, String) {
    (event, field.to_owned(), value.to_owned())
}

#[rstest]
#[tokio::test]
async fn a_promise_is_warned_of_and_then_found_broken_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let clock = TestClock::new();
    let server = TestServer::start_working(kind, clock.clone(), restless()).await;
    let mut senior = server.tickets(Role::SeniorEngineer);
    let ticket = filed(&server, TicketPriority::P1).await;
    // P1 has an hour to the response and four to the resolution: 80% are 48 and 192 minutes.
    clock.advance(48 * MINUTE);
    assert_eq!(told(&mut senior, &ticket.id, 2).await.len(), 2);
    clock.advance(12 * MINUTE + Duration::from_micros(1));
    assert_eq!(told(&mut senior, &ticket.id, 3).await.len(), 3);
    clock.advance(132 * MINUTE);
    assert_eq!(told(&mut senior, &ticket.id, 4).await.len(), 4);
    clock.advance(48 * MINUTE);
    // Another one that is late at once: when it is noted, the looks have gone on over the first.
    let other = filed(&server, TicketPriority::P1).await;
    clock.advance(5 * 60 * MINUTE);
    told(&mut senior, &other.id, 3).await;
    let expected = [
        entry(Event::Created, "", ""),
        entry(Event::Updated, "sla.warning", "response"),
        entry(Event::SlaBreached, "response", "true"),
        entry(Event::Updated, "sla.warning", "resolution"),
        entry(Event::SlaBreached, "resolution", "true"),
    ];
    assert_eq!(told(&mut senior, &ticket.id, 5).await, expected);

    let entries = history(&mut senior, &ticket.id).await;
    for entry in &entries[1..] {
        assert_eq!(entry.actor_id, "system");
        assert_eq!(entry.ip_address, None);
        assert!(
            entry
                .metadata
                .as_ref()
                .unwrap()
                .fields
                .contains_key("due_time")
        );
    }
    let late = get(&mut senior, &ticket.id).await;
    let sla = late.sla.as_ref().unwrap();
    assert!(sla.response_breached && sla.resolution_breached);
    assert_ne!(late.etag, ticket.etag);
    let request = v1::ListTicketsRequest {
        filter: Some(v1::TicketFilter {
            sla_breached: Some(true),
            ..Default::default()
        }),
        ..Default::default()
    };
    let listed = senior.list_tickets(request).await.unwrap().into_inner();
    assert_eq!(listed.tickets.len(), 2);
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_clock_that_stands_still_or_has_ended_breaks_no_promise(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let clock = TestClock::new();
    let server = TestServer::start_working(kind, clock.clone(), restless()).await;
    let mut senior = server.tickets(Role::SeniorEngineer);
    let mut ids = Vec::new();
    for path in [
        &[TicketStatus::Open, TicketStatus::PendingInfo][..],
        &[TicketStatus::Open, TicketStatus::Resolved],
        &[TicketStatus::Closed],
    ] {
        let ticket = filed(&server, TicketPriority::P1).await;
        for status in path {
            move_to(&mut senior, &ticket.id, *status).await;
        }
        ids.push(ticket.id);
    }
    let late = filed(&server, TicketPriority::P1).await;
    clock.advance(5 * 60 * MINUTE);
    told(&mut senior, &late.id, 3).await;
    for id in &ids {
        let sla = get(&mut senior, id).await.sla.unwrap();
        assert!(!sla.response_breached && !sla.resolution_breached);
    }
    // The pause ends, and the clock goes on with what was left: four hours.
    let waiting = move_to(&mut senior, &ids[0], TicketStatus::Open).await;
    let sla = waiting.sla.unwrap();
    assert!(!sla.resolution_breached && !sla.paused);
    assert_eq!(sla.paused_duration.unwrap().seconds, 5 * 3600);
    let created = waiting.create_time.unwrap().seconds;
    assert_eq!(sla.resolution_due_time.unwrap().seconds, created + 9 * 3600);
    clock.advance(4 * 60 * MINUTE + Duration::from_micros(1));
    let late = async {
        while !get(&mut senior, &ids[0])
            .await
            .sla
            .unwrap()
            .resolution_breached
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let noted = tokio::time::timeout(Duration::from_secs(30), late).await;
    noted.expect("it is noted once it is late");
    server.stop().await;
}

#[tokio::test]
async fn of_two_processes_that_look_at_once_one_notes_it() {
    let clock = TestClock::new();
    let server = TestServer::start_working(Kind::Postgres, clock.clone(), restless()).await;
    let replica = server.replica_working(clock.clone(), restless()).await;
    let mut senior = server.tickets(Role::SeniorEngineer);
    let mut ids = Vec::new();
    for _ in 0..60 {
        ids.push(filed(&server, TicketPriority::P1).await.id);
    }
    clock.advance(61 * MINUTE);
    for id in &ids {
        told(&mut senior, id, 2).await;
    }
    clock.advance(4 * 60 * MINUTE);
    let expected = [
        entry(Event::Created, "", ""),
        entry(Event::SlaBreached, "response", "true"),
        entry(Event::SlaBreached, "resolution", "true"),
    ];
    for id in &ids {
        told(&mut senior, id, 3).await;
    }
    replica.stop().await;
    for id in &ids {
        assert_eq!(told(&mut senior, id, 3).await, expected);
    }
    server.stop().await;
}
