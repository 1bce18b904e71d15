//! What happened to a ticket, and who worked on it.

use crate::{
    api::convert::{self, ids, page},
    app::App,
    domain::actor::Actor,
    error::Result,
    proto::v1::*,
};

pub(super) async fn list(
    app: &App,
    actor: &Actor,
    request: ListTicketHistoryRequest,
) -> Result<ListTicketHistoryResponse> {
    let id = ids::id("ticket_id", &request.ticket_id);
    let parse = || page::only(request.page_size, request.page_token);
    let page = app.list_ticket_history(actor, id, parse).await?;
    Ok(ListTicketHistoryResponse {
        entries: page
            .items
            .into_iter()
            .map(convert::history::entry)
            .collect(),
        next_page_token: page.next_page_token,
    })
}

pub(super) async fn assignments(
    app: &App,
    actor: &Actor,
    request: ListTicketAssignmentsRequest,
) -> Result<ListTicketAssignmentsResponse> {
    let id = ids::id("ticket_id", &request.ticket_id);
    let parse = || page::only(request.page_size, request.page_token);
    let page = app.list_ticket_assignments(actor, id, parse).await?;
    Ok(ListTicketAssignmentsResponse {
        assignments: page
            .items
            .into_iter()
            .map(convert::history::assignment)
            .collect(),
        next_page_token: page.next_page_token,
    })
}
