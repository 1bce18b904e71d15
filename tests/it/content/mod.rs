//! What a ticket says: changing it, deleting it, and asking for several.

mod delete;
mod exporting;
mod repeat;
mod update;

use docket::{domain::actor::Role, proto::v1};
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::support::server::{Caller, TestServer, Tickets};

/// The reason that a program acts on.
fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    let info = details.error_info().expect("every error has an ErrorInfo");
    info.reason.clone()
}

/// A fact of the error.
fn fact(status: &Status, key: &str) -> String {
    let details = status.get_error_details();
    let info = details.error_info().expect("every error has an ErrorInfo");
    info.metadata.get(key).cloned().unwrap_or_default()
}

/// The paths of the violated fields and what is wrong with them, in the order told.
fn violations(status: &Status) -> Vec<(String, String)> {
    let details = status.get_error_details();
    let bad = details.bad_request().expect("a BadRequest");
    let told = bad.field_violations.iter();
    told.map(|violation| (violation.field.clone(), violation.description.clone()))
        .collect()
}

fn fields(status: &Status) -> Vec<String> {
    violations(status)
        .into_iter()
        .map(|(field, _)| field)
        .collect()
}

/// A ticket that says something in each field.
fn full() -> v1::Ticket {
    v1::Ticket {
        title: "Label printer at gate 4 jams".to_owned(),
        description: "<p>Since <b>noon</b></p>".to_owned(),
        priority: v1::TicketPriority::P2.into(),
        category: v1::TicketCategory::Incident.into(),
        environment: v1::Environment::Staging.into(),
        affected_service: "gates".to_owned(),
        team: Some("core".to_owned()),
        tags: vec!["printer".to_owned(), "gate".to_owned()],
        ..Default::default()
    }
}

async fn filed(server: &TestServer, caller: impl Into<Caller>, ticket: v1::Ticket) -> v1::Ticket {
    let request = v1::CreateTicketRequest {
        ticket: Some(ticket),
        ..Default::default()
    };
    let answer = server.tickets(caller).create_ticket(request).await;
    answer.unwrap().into_inner().ticket.unwrap()
}

async fn get(tickets: &mut Tickets, id: &str) -> Result<v1::Ticket, Status> {
    let request = v1::GetTicketRequest {
        id: Some(id.to_owned()),
        number: None,
    };
    let answer = tickets.get_ticket(request).await?;
    Ok(answer.into_inner().ticket.unwrap())
}

fn change(ticket: v1::Ticket, paths: &[&str]) -> v1::UpdateTicketRequest {
    v1::UpdateTicketRequest {
        ticket: Some(ticket),
        update_mask: Some(prost_types::FieldMask {
            paths: paths.iter().map(|&path| path.to_owned()).collect(),
        }),
        ..Default::default()
    }
}

async fn update(
    tickets: &mut Tickets,
    request: v1::UpdateTicketRequest,
) -> Result<v1::Ticket, Status> {
    let answer = tickets.update_ticket(request).await?;
    Ok(answer.into_inner().ticket.unwrap())
}

async fn history(server: &TestServer, id: &str) -> Vec<v1::HistoryEntry> {
    let request = v1::ListTicketHistoryRequest {
        ticket_id: id.to_owned(),
        page_size: 100,
        ..Default::default()
    };
    let mut admin = server.tickets(Role::Admin);
    let page = admin.list_ticket_history(request).await;
    page.unwrap().into_inner().entries
}
