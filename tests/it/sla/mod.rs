//! Service levels: against a slow and obvious model, and through the front door.

mod calendar;
mod explain;
mod model;
mod settings;
mod sweep;

use docket::{domain::actor::Role, proto::v1};

use crate::support::server::{TestServer, Tickets};

/// A new ticket of eve's, who is an END_USER.
async fn filed(server: &TestServer, priority: v1::TicketPriority) -> v1::Ticket {
    let request = v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            title: "Label printer at gate 4 jams".to_owned(),
            priority: priority.into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut creator = server.tickets(("eve", Role::EndUser));
    let answer = creator.create_ticket(request).await;
    answer.unwrap().into_inner().ticket.unwrap()
}

async fn get(tickets: &mut Tickets, id: &str) -> v1::Ticket {
    let request = v1::GetTicketRequest {
        id: Some(id.to_owned()),
        number: None,
    };
    let answer = tickets.get_ticket(request).await;
    answer.unwrap().into_inner().ticket.unwrap()
}

async fn history(tickets: &mut Tickets, id: &str) -> Vec<v1::HistoryEntry> {
    let request = v1::ListTicketHistoryRequest {
        ticket_id: id.to_owned(),
        page_size: 100,
        ..Default::default()
    };
    let page = tickets.list_ticket_history(request).await;
    page.unwrap().into_inner().entries
}

async fn move_to(tickets: &mut Tickets, id: &str, status: v1::TicketStatus) -> v1::Ticket {
    let request = v1::TransitionTicketRequest {
        id: id.to_owned(),
        status: status.into(),
        ..Default::default()
    };
    let answer = tickets.transition_ticket(request).await;
    answer.unwrap().into_inner().ticket.unwrap()
}

async fn set_priority(tickets: &mut Tickets, id: &str, priority: v1::TicketPriority) -> v1::Ticket {
    let request = v1::UpdateTicketRequest {
        ticket: Some(v1::Ticket {
            id: id.to_owned(),
            priority: priority.into(),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["priority".to_owned()],
        }),
        ..Default::default()
    };
    let answer = tickets.update_ticket(request).await;
    answer.unwrap().into_inner().ticket.unwrap()
}
