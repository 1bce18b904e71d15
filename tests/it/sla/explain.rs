//! Due times through the front door: what changes them, and how they are explained.

use std::time::Duration;

use docket::{domain::actor::Role, proto::v1};
use rstest::rstest;
use tonic::Code;
use v1::{HistoryEventType as Event, TicketPriority, TicketStatus};

use super::{filed, get, history, move_to, set_priority};
use crate::support::{
    database::Kind,
    server::{TestClock, TestServer, Tickets},
};

const HOUR: Duration = Duration::from_secs(3600);

async fn explain(tickets: &mut Tickets, id: &str) -> v1::ExplainSlaResponse {
    let request = v1::ExplainSlaRequest { id: id.to_owned() };
    tickets.explain_sla(request).await.unwrap().into_inner()
}

/// Begin and end in hours after the creation, whether it counts, and why.
fn pieces(
    told: &v1::ExplainSlaResponse,
    ticket: &v1::Ticket,
) -> Vec<(i64, Option<i64>, bool, String)> {
    let created = ticket.create_time.unwrap().seconds;
    let hours = |time: prost_types::Timestamp| (time.seconds - created) / 3600;
    let piece = |piece: &v1::SlaSegment| {
        let (from, to) = (hours(piece.from.unwrap()), piece.to.map(hours));
        (from, to, piece.counted, piece.reason.clone())
    };
    told.segments.iter().map(piece).collect()
}

#[rstest]
#[tokio::test]
async fn a_due_time_is_explained_by_priorities_and_pauses(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let clock = TestClock::new();
    let server = TestServer::start_with(kind, clock.clone()).await;
    let mut senior = server.tickets(Role::SeniorEngineer);
    let ticket = filed(&server, TicketPriority::P4).await;
    let created = ticket.create_time.unwrap().seconds;
    clock.advance(HOUR);
    move_to(&mut senior, &ticket.id, TicketStatus::Open).await;
    clock.advance(HOUR);
    move_to(&mut senior, &ticket.id, TicketStatus::PendingInfo).await;
    clock.advance(3 * HOUR);
    let waiting = explain(&mut senior, &ticket.id).await;
    let runs = "the clock runs".to_owned();
    let waits = "waiting for information".to_owned();
    assert_eq!(
        pieces(&waiting, &ticket),
        [
            (0, Some(2), true, runs.clone()),
            (2, None, false, waits.clone())
        ]
    );
    move_to(&mut senior, &ticket.id, TicketStatus::Open).await;
    clock.advance(HOUR);
    // P2: 4 hours to the response, which came after one, and 12 to the resolution, without the 3 hours of the pause.
    let raised = set_priority(&mut senior, &ticket.id, TicketPriority::P2).await;
    let sla = raised.sla.as_ref().unwrap();
    assert_eq!(sla.response_due_time.unwrap().seconds, created + 4 * 3600);
    assert_eq!(
        sla.resolution_due_time.unwrap().seconds,
        created + 15 * 3600
    );
    assert!(!sla.response_breached && !sla.resolution_breached);

    let told = explain(&mut senior, &ticket.id).await;
    assert_eq!(
        pieces(&told, &ticket),
        [
            (0, Some(2), true, runs.clone()),
            (2, Some(5), false, waits),
            (5, Some(15), true, runs),
        ]
    );
    let targets: Vec<_> = told
        .targets
        .iter()
        .map(|target| {
            let hours = |span: Option<prost_types::Duration>| span.unwrap().seconds / 3600;
            let since = (target.effective_time.unwrap().seconds - created) / 3600;
            (
                target.priority(),
                hours(target.response),
                hours(target.resolution),
                since,
            )
        })
        .collect();
    assert_eq!(
        targets,
        [
            (TicketPriority::P4, 24, 120, 0),
            (TicketPriority::P2, 4, 12, 6)
        ]
    );
    assert_eq!(told.response_due_time, sla.response_due_time);
    assert_eq!(told.resolution_due_time, sla.resolution_due_time);

    let entries = history(&mut senior, &ticket.id).await;
    let moved: Vec<_> = entries
        .iter()
        .filter(|entry| entry.event_type() == Event::DueDateChanged)
        .map(|entry| entry.field.as_deref().unwrap())
        .collect();
    // By the pause the resolution alone, since the response had come; by the priority both.
    let expected = [
        "sla.resolution_due_time",
        "sla.response_due_time",
        "sla.resolution_due_time",
    ];
    assert_eq!(moved, expected);
    server.stop().await;
}

#[tokio::test]
async fn a_raised_priority_can_break_a_promise_at_once_and_nobody_else_may_ask_why() {
    let clock = TestClock::new();
    let server = TestServer::start_with(Kind::Sqlite, clock.clone()).await;
    let mut senior = server.tickets(Role::SeniorEngineer);
    let ticket = filed(&server, TicketPriority::P3).await;
    clock.advance(2 * HOUR);
    let raised = set_priority(&mut senior, &ticket.id, TicketPriority::P1).await;
    let sla = raised.sla.unwrap();
    assert!(sla.response_breached && !sla.resolution_breached);
    let lowered = set_priority(&mut senior, &ticket.id, TicketPriority::P4).await;
    assert!(lowered.sla.unwrap().response_breached, "never taken back");
    let entries = history(&mut senior, &ticket.id).await;
    let breaches = entries
        .iter()
        .filter(|entry| entry.event_type() == Event::SlaBreached);
    let breaches: Vec<_> = breaches.collect();
    assert_eq!(breaches.len(), 1);
    assert_eq!(breaches[0].actor_id, "system");

    let mut stranger = server.tickets(("mallory", Role::EndUser));
    let request = v1::ExplainSlaRequest { id: ticket.id };
    let refused = stranger.explain_sla(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    server.stop().await;
}

/// A ticket that was resolved or closed needs no answer, so that one that comes late is not late, whatever the priority becomes.
#[rstest]
#[tokio::test]
async fn an_answer_after_the_end_breaks_no_promise(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let clock = TestClock::new();
    let server = TestServer::start_with(kind, clock.clone()).await;
    let ticket = filed(&server, TicketPriority::P3).await;
    let mut creator = server.tickets(("eve", Role::SeniorEngineer));
    move_to(&mut creator, &ticket.id, TicketStatus::Closed).await;
    clock.advance(20 * HOUR);
    let mut lead = server.tickets(Role::TeamLead);
    let request = v1::CreateCommentRequest {
        ticket_id: ticket.id.clone(),
        body: "Thank you".to_owned(),
        ..Default::default()
    };
    lead.create_comment(request).await.unwrap();
    for priority in [TicketPriority::P2, TicketPriority::P1, TicketPriority::P4] {
        let sla = set_priority(&mut lead, &ticket.id, priority)
            .await
            .sla
            .unwrap();
        assert!(sla.first_response_time.is_some());
        assert!(!sla.response_breached && !sla.resolution_breached);
    }
    server.stop().await;
}

#[tokio::test]
async fn business_hours_are_explained_too() {
    let given = [
        ("SLA_BUSINESS_HOURS", "09:00-17:00"),
        ("SLA_TIME_ZONE", "Asia/Tokyo"),
    ];
    let server = TestServer::start_set(Kind::Sqlite, &given).await;
    let ticket = filed(&server, TicketPriority::P4).await;
    let mut creator = server.tickets(("eve", Role::EndUser));
    let told = explain(&mut creator, &ticket.id).await;
    let counted = told.segments.iter().filter(|piece| piece.counted);
    let nanos = |time: prost_types::Timestamp| {
        i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos)
    };
    let sum: i128 = counted
        .map(|piece| nanos(piece.to.unwrap()) - nanos(piece.from.unwrap()))
        .sum();
    assert_eq!(sum, 120 * 3600 * 1_000_000_000);
    assert!(
        told.segments
            .iter()
            .any(|piece| piece.reason == "outside business hours")
    );
    let end = told.segments.last().unwrap().to;
    assert_eq!(
        end,
        get(&mut creator, &ticket.id)
            .await
            .sla
            .unwrap()
            .resolution_due_time
    );
    server.stop().await;
}
