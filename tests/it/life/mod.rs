//! The life of a ticket: its status machine, who may move it, what is told of it.

mod assignments;
mod batch;
mod bench_data;
mod comments;
mod large;
mod limits;
mod matrix;
mod races;
mod replay;
mod requests;
mod rpcs;
mod search;
mod unseen;
mod workflow;

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

/// The paths of the violated fields, in the order told.
fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let bad = details.bad_request().expect("a BadRequest");
    let fields = bad.field_violations.iter();
    fields.map(|violation| violation.field.clone()).collect()
}

/// A new ticket of this caller's.
async fn filed(server: &TestServer, caller: impl Into<Caller>) -> v1::Ticket {
    let request = v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            title: "Label printer at gate 4 jams".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let answer = server.tickets(caller).create_ticket(request).await;
    answer.unwrap().into_inner().ticket.unwrap()
}

/// Makes sure that docket knows this caller.
async fn known(server: &TestServer, caller: impl Into<Caller>) {
    filed(server, caller).await;
}

async fn get(tickets: &mut Tickets, id: &str) -> Result<v1::Ticket, Status> {
    let request = v1::GetTicketRequest {
        id: Some(id.to_owned()),
        number: None,
    };
    let answer = tickets.get_ticket(request).await?;
    Ok(answer.into_inner().ticket.unwrap())
}

fn transition(id: &str, status: v1::TicketStatus) -> v1::TransitionTicketRequest {
    v1::TransitionTicketRequest {
        id: id.to_owned(),
        status: status.into(),
        ..Default::default()
    }
}

async fn move_to(
    tickets: &mut Tickets,
    id: &str,
    status: v1::TicketStatus,
) -> Result<v1::Ticket, Status> {
    let answer = tickets.transition_ticket(transition(id, status)).await?;
    Ok(answer.into_inner().ticket.unwrap())
}

/// Leads a ticket to a status along the machine's own paths.
async fn lead_to(server: &TestServer, id: &str, status: v1::TicketStatus) -> v1::Ticket {
    use v1::TicketStatus as S;
    let path: &[S] = match status {
        S::Unspecified | S::New => &[],
        S::Open => &[S::Open],
        S::InProgress => &[S::InProgress],
        S::PendingInfo => &[S::Open, S::PendingInfo],
        S::Escalated => &[S::Open, S::Escalated],
        S::Review => &[S::InProgress, S::Review],
        S::Resolved => &[S::Open, S::Resolved],
        S::Closed => &[S::Open, S::Resolved, S::Closed],
        S::Reopened => &[S::Open, S::Resolved, S::Reopened],
    };
    let mut admin = server.tickets(Role::Admin);
    for step in path {
        move_to(&mut admin, id, *step).await.unwrap();
    }
    get(&mut admin, id).await.unwrap()
}

async fn assign(
    tickets: &mut Tickets,
    id: &str,
    assignee: Option<&str>,
) -> Result<v1::Ticket, Status> {
    let request = v1::AssignTicketRequest {
        id: id.to_owned(),
        assignee_id: assignee.map(str::to_owned),
        etag: None,
    };
    let answer = tickets.assign_ticket(request).await?;
    Ok(answer.into_inner().ticket.unwrap())
}

/// The whole history of a ticket, a few entries a page.
async fn history(tickets: &mut Tickets, id: &str) -> Vec<v1::HistoryEntry> {
    let mut entries = Vec::new();
    let mut request = v1::ListTicketHistoryRequest {
        ticket_id: id.to_owned(),
        page_size: 3,
        ..Default::default()
    };
    loop {
        let page = tickets.list_ticket_history(request.clone()).await;
        let page = page.unwrap().into_inner();
        entries.extend(page.entries);
        if page.next_page_token.is_empty() {
            return entries;
        }
        request.page_token = page.next_page_token;
    }
}
