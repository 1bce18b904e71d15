//! Every cell of the contract's tables, held against a copy of them that shares nothing with the code.

use docket::{
    domain::{
        actor::Role,
        permission::{Relation, TicketAction},
        ticket::TicketStatus,
        workflow,
    },
    proto::v1,
};
use rstest::rstest;
use strum::IntoEnumIterator as _;
use tonic::Code;

use super::{assign, filed, known, lead_to, move_to, reason};
use crate::support::{database::Kind, server::TestServer};

/// The contract's status machine: from, and where to.
const MACHINE: [(&str, &str); 9] = [
    ("NEW", "OPEN, IN_PROGRESS, CLOSED"),
    ("OPEN", "IN_PROGRESS, PENDING_INFO, ESCALATED, RESOLVED"),
    ("IN_PROGRESS", "PENDING_INFO, ESCALATED, REVIEW, RESOLVED"),
    ("PENDING_INFO", "OPEN, IN_PROGRESS, RESOLVED"),
    ("ESCALATED", "IN_PROGRESS, PENDING_INFO, RESOLVED"),
    ("REVIEW", "IN_PROGRESS, RESOLVED"),
    ("RESOLVED", "CLOSED, REOPENED"),
    ("CLOSED", "REOPENED"),
    ("REOPENED", "OPEN, IN_PROGRESS, PENDING_INFO"),
];

/// The contract's columns view, update, assign, "resolve, close, reopen" and delete, by role.
const ROLES: [(&str, [&str; 5]); 6] = [
    ("END_USER", ["own", "own", "no", "reopen own", "no"]),
    (
        "DEVOPS_ENGINEER",
        ["all", "assigned", "themselves", "assigned", "no"],
    ),
    ("SENIOR_ENGINEER", ["all", "all", "team", "all", "no"]),
    ("TEAM_LEAD", ["all", "all", "yes", "yes", "no"]),
    ("MANAGER", ["all", "all", "yes", "yes", "no"]),
    ("ADMIN", ["all", "all", "yes", "yes", "yes"]),
];

fn legal(from: TicketStatus, to: TicketStatus) -> bool {
    let row = MACHINE.iter().find(|(name, _)| *name == from.to_string());
    row.unwrap()
        .1
        .split(", ")
        .any(|name| name == to.to_string())
}

/// Whether a word of the table allows it to somebody with this relation.
fn allows(word: &str, action: TicketAction, relation: Relation) -> bool {
    match word {
        "no" => false,
        "yes" | "all" => true,
        "own" => relation.own,
        "assigned" => relation.assigned,
        "themselves" => relation.themselves,
        "team" => relation.themselves || relation.own_team,
        "reopen own" => action == TicketAction::ReopenTicket && relation.own,
        other => panic!("unknown word {other}"),
    }
}

fn allowed(role: Role, action: TicketAction, relation: Relation) -> bool {
    let row = ROLES.iter().find(|(name, _)| *name == role.to_string());
    let [view, update, assign, finish, delete] = row.unwrap().1;
    let word = match action {
        TicketAction::ViewTicket => view,
        TicketAction::UpdateTicket => update,
        TicketAction::AssignTicket => assign,
        TicketAction::ResolveTicket | TicketAction::CloseTicket | TicketAction::ReopenTicket => {
            finish
        }
        TicketAction::DeleteTicket | TicketAction::UndeleteTicket => delete,
        TicketAction::ChangeContribution => return role == Role::Admin || relation.contributed,
    };
    allows(word, action, relation)
}

fn relations() -> impl Iterator<Item = Relation> {
    (0..32).map(|bits| Relation {
        own: bits & 1 != 0,
        assigned: bits & 2 != 0,
        themselves: bits & 4 != 0,
        own_team: bits & 8 != 0,
        contributed: bits & 16 != 0,
    })
}

#[test]
fn every_cell_of_the_machine_is_as_the_contract_says() {
    for from in TicketStatus::iter() {
        for to in TicketStatus::iter() {
            let built = workflow::targets(from).contains(&to);
            assert_eq!(built, legal(from, to), "{from} -> {to}");
        }
        assert!(workflow::targets(from).is_sorted(), "{from}");
    }
}

#[test]
fn every_cell_of_the_roles_is_as_the_contract_says() {
    for role in Role::iter() {
        for action in TicketAction::iter() {
            for relation in relations() {
                let built = action.scope(role).covers(relation);
                let told = allowed(role, action, relation);
                assert_eq!(built, told, "{role} {action} {relation:?}");
            }
        }
    }
}

/// What a caller who moves a ticket to this status does, in the words of the contract's columns.
fn action(to: TicketStatus) -> TicketAction {
    match to.to_string().as_str() {
        "RESOLVED" => TicketAction::ResolveTicket,
        "CLOSED" => TicketAction::CloseTicket,
        "REOPENED" => TicketAction::ReopenTicket,
        _ => TicketAction::UpdateTicket,
    }
}

fn wire(status: TicketStatus) -> v1::TicketStatus {
    v1::TicketStatus::from_str_name(&format!("TICKET_STATUS_{status}")).unwrap()
}

/// All of one role's cells through the front door: from every status to every other, on their own ticket, on one assigned to them, and
/// on one that is neither.
#[rstest]
#[tokio::test]
async fn every_move_of_every_role_through_the_front_door(
    #[values(
        Role::EndUser,
        Role::DevopsEngineer,
        Role::SeniorEngineer,
        Role::TeamLead,
        Role::Manager,
        Role::Admin
    )]
    role: Role,
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    known(&server, ("me", role)).await;
    let mut me = server.tickets(("me", role));
    let mut admin = server.tickets(Role::Admin);
    for (own, assigned) in [(true, false), (false, true), (false, false)] {
        let relation = Relation {
            own,
            assigned,
            ..Relation::default()
        };
        for from in TicketStatus::iter() {
            let allowed_now: Vec<TicketStatus> = TicketStatus::iter()
                .filter(|&to| legal(from, to) && allowed(role, action(to), relation))
                .collect();
            let mut prepared = None;
            for to in TicketStatus::iter() {
                // A ticket that was not moved serves for the next target too.
                let ticket = match prepared.take() {
                    Some(ticket) => ticket,
                    None => {
                        let creator = if own {
                            ("me", role)
                        } else {
                            ("eve", Role::EndUser)
                        };
                        let ticket = filed(&server, creator).await;
                        if assigned {
                            assign(&mut admin, &ticket.id, Some("me")).await.unwrap();
                        }
                        lead_to(&server, &ticket.id, wire(from)).await
                    }
                };
                let case = format!("{role} {from} -> {to}, own {own}, assigned {assigned}");
                let listed = me.list_allowed_transitions(v1::ListAllowedTransitionsRequest {
                    id: ticket.id.clone(),
                });
                let listed = listed.await.map(|answer| answer.into_inner().statuses);
                let moved = move_to(&mut me, &ticket.id, wire(to)).await;
                if !allowed(role, TicketAction::ViewTicket, relation) {
                    assert_eq!(moved.unwrap_err().code(), Code::NotFound, "{case}");
                    assert_eq!(listed.unwrap_err().code(), Code::NotFound, "{case}");
                    prepared = Some(ticket);
                    continue;
                }
                let expected: Vec<i32> = allowed_now.iter().map(|&to| wire(to).into()).collect();
                assert_eq!(listed.unwrap(), expected, "{case}");
                match moved {
                    Ok(moved) => {
                        assert!(allowed_now.contains(&to), "{case}");
                        assert_eq!(moved.status(), wire(to), "{case}");
                    }
                    Err(status) => {
                        assert!(!allowed_now.contains(&to), "{case}: {status:?}");
                        let expected = match allowed(role, action(to), relation) {
                            false => "PERMISSION_DENIED",
                            true => "ILLEGAL_TRANSITION",
                        };
                        assert_eq!(reason(&status), expected, "{case}");
                        prepared = Some(ticket);
                    }
                }
            }
        }
    }
}
