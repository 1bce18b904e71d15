//! Assigning tickets: whom, by whom, and since when.

use docket::{domain::actor::Role, proto::v1};
use rstest::rstest;
use tonic::Code;

use super::{assign, fact, fields, filed, history, known, reason};
use crate::support::{
    database::Kind,
    server::{TestServer, Tickets},
};

async fn assignments(tickets: &mut Tickets, id: &str) -> Vec<v1::Assignment> {
    let request = v1::ListTicketAssignmentsRequest {
        ticket_id: id.to_owned(),
        ..Default::default()
    };
    let answer = tickets.list_ticket_assignments(request).await.unwrap();
    answer.into_inner().assignments
}

#[rstest]
#[tokio::test]
async fn an_assignment_begins_and_ends_and_is_told(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    known(&server, ("ada", Role::DevopsEngineer)).await;
    known(&server, ("bob", Role::DevopsEngineer)).await;
    let ticket = filed(&server, Role::EndUser).await;
    let mut lead = server.tickets(Role::TeamLead);
    let first = assign(&mut lead, &ticket.id, Some("ada")).await.unwrap();
    assert_eq!(first.assignee_id.as_deref(), Some("ada"));
    // The same again changes nothing.
    assert_eq!(
        assign(&mut lead, &ticket.id, Some("ada")).await.unwrap(),
        first
    );
    assign(&mut lead, &ticket.id, Some("bob")).await.unwrap();
    let nobody = assign(&mut lead, &ticket.id, None).await.unwrap();
    assert_eq!(nobody.assignee_id, None);
    assert_eq!(
        assign(&mut lead, &ticket.id, Some("")).await.unwrap(),
        nobody
    );

    let told = assignments(&mut lead, &ticket.id).await;
    let people: Vec<_> = told.iter().map(|row| row.assignee_id.as_str()).collect();
    assert_eq!(people, ["ada", "bob"]);
    assert_eq!(told[0].unassign_time, told[1].assign_time);
    assert!(told[1].unassign_time.is_some());
    assert!(told.iter().all(|row| row.assigned_by_id == "team_lead"));
    let entries = history(&mut lead, &ticket.id).await;
    let changes: Vec<_> = entries[1..]
        .iter()
        .map(|entry| {
            (
                entry.event_type(),
                entry.old_value.as_deref(),
                entry.new_value.as_deref(),
            )
        })
        .collect();
    let changed = v1::HistoryEventType::AssignmentChanged;
    let expected = [
        (changed, None, Some("ada")),
        (changed, Some("ada"), Some("bob")),
        (changed, Some("bob"), None),
    ];
    assert_eq!(changes, expected);
}

#[rstest]
#[tokio::test]
async fn who_may_assign_whom_depends_on_role_and_team(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    for (name, team) in [("me", "core"), ("mate", "core"), ("other", "web")] {
        known(&server, (name, Role::DevopsEngineer, team)).await;
    }
    // Role; may assign themselves, a colleague of their team, anybody.
    let table = [
        (Role::EndUser, [false, false, false]),
        (Role::DevopsEngineer, [true, false, false]),
        (Role::SeniorEngineer, [true, true, false]),
        (Role::TeamLead, [true, true, true]),
        (Role::Manager, [true, true, true]),
        (Role::Admin, [true, true, true]),
    ];
    for (role, allowed) in table {
        let mut tickets = server.tickets(("me", role, "core"));
        let ticket = filed(&server, ("me", role, "core")).await;
        for (person, allowed) in ["me", "mate", "other"].into_iter().zip(allowed) {
            let done = assign(&mut tickets, &ticket.id, Some(person)).await;
            match done {
                Ok(_) => assert!(allowed, "{role} {person}"),
                Err(status) => {
                    assert!(!allowed, "{role} {person}");
                    assert_eq!(status.code(), Code::PermissionDenied);
                }
            }
        }
        // Taking it back asks about whoever has it.
        let mut lead = server.tickets(("lead", Role::TeamLead));
        for (person, allowed) in ["me", "mate", "other"].into_iter().zip(allowed) {
            assign(&mut lead, &ticket.id, Some(person)).await.unwrap();
            let done = assign(&mut tickets, &ticket.id, None).await;
            assert_eq!(done.is_ok(), allowed, "{role} takes it from {person}");
        }
    }
    let ticket = filed(&server, Role::Admin).await;
    let mut lead = server.tickets(Role::TeamLead);
    let unknown = assign(&mut lead, &ticket.id, Some("nobody")).await;
    assert_eq!(fields(&unknown.unwrap_err()), ["assignee_id"]);
}

/// Tokens need not tell of teams: the auth service may have.
#[rstest]
#[tokio::test]
async fn a_team_is_a_team_whoever_told_of_it(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let server = TestServer::start(kind).await;
    let person = |id: &str, team: &str, active| v1::User {
        id: id.to_owned(),
        display_name: id.to_owned(),
        role: v1::Role::DevopsEngineer.into(),
        team: Some(team.to_owned()),
        active,
        ..Default::default()
    };
    let request = v1::UpsertUsersRequest {
        users: vec![
            person("sue", "core", true),
            person("mate", "core", true),
            person("gone", "core", true),
            person("other", "web", true),
        ],
    };
    let mut users = server.users(Role::Admin);
    users.upsert_users(request).await.unwrap();
    let ticket = filed(&server, Role::EndUser).await;
    let mut sue = server.tickets(("sue", Role::SeniorEngineer));
    assign(&mut sue, &ticket.id, Some("mate")).await.unwrap();
    let denied = assign(&mut sue, &ticket.id, Some("other")).await;
    assert_eq!(denied.unwrap_err().code(), Code::PermissionDenied);
    let create = |person: &str| v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            title: "Label printer".to_owned(),
            assignee_id: Some(person.to_owned()),
            ..Default::default()
        }),
        ..Default::default()
    };
    sue.create_ticket(create("mate")).await.unwrap();
    let denied = sue.create_ticket(create("other")).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    // To be in no team is not to be in the same one.
    known(&server, ("alone", Role::DevopsEngineer)).await;
    let mut loner = server.tickets(("loner", Role::SeniorEngineer));
    let denied = assign(&mut loner, &ticket.id, Some("alone")).await;
    assert_eq!(denied.unwrap_err().code(), Code::PermissionDenied);
    // Whoever has left is assigned nothing more, and what they had is taken from them.
    assign(&mut sue, &ticket.id, Some("gone")).await.unwrap();
    let request = v1::UpsertUsersRequest {
        users: vec![person("gone", "core", false)],
    };
    users.upsert_users(request).await.unwrap();
    let freed = assign(&mut sue, &ticket.id, None).await.unwrap();
    assert_eq!(freed.assignee_id, None);
    let inactive = assign(&mut sue, &ticket.id, Some("gone")).await;
    assert_eq!(fields(&inactive.unwrap_err()), ["assignee_id"]);
}

#[rstest]
#[tokio::test]
async fn an_assignment_on_a_stale_etag_is_refused(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let ticket = filed(&server, Role::Admin).await;
    let mut admin = server.tickets(Role::Admin);
    let request = |etag: &str| v1::AssignTicketRequest {
        id: ticket.id.clone(),
        assignee_id: Some("admin".to_owned()),
        etag: Some(etag.to_owned()),
    };
    for etag in ["\"2\"", "\"+1\"", "1", ""] {
        let stale = admin.assign_ticket(request(etag)).await.unwrap_err();
        assert_eq!(reason(&stale), "ETAG_MISMATCH", "{etag}");
    }
    admin.assign_ticket(request(&ticket.etag)).await.unwrap();
    let stale = admin.assign_ticket(request(&ticket.etag)).await;
    assert_eq!(fact(&stale.unwrap_err(), "changed_fields"), "assignee_id");
}
