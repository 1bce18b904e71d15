//! Handing tickets to outside systems, and the ledger of that.

use std::sync::Arc;

use crate::{
    api::convert::{self, ids, page},
    app::App,
    domain::actor::Actor,
    error::Result,
    proto::v1::*,
};

pub(super) async fn dispatch(
    app: &Arc<App>,
    actor: &Actor,
    request: DispatchTicketRequest,
) -> Result<DispatchTicketResponse> {
    let id = ids::id("id", &request.id);
    let parse = || convert::dispatch::request(&request);
    let ticket = app.dispatch_ticket(actor, id, parse).await?;
    Ok(DispatchTicketResponse {
        ticket: Some(convert::ticket::ticket(ticket)),
    })
}

pub(super) async fn attempts(
    app: &App,
    actor: &Actor,
    request: ListDispatchAttemptsRequest,
) -> Result<ListDispatchAttemptsResponse> {
    let id = ids::id("ticket_id", &request.ticket_id);
    let parse = || page::only(request.page_size, request.page_token);
    let page = app.list_dispatch_attempts(actor, id, parse).await?;
    Ok(ListDispatchAttemptsResponse {
        attempts: page
            .items
            .into_iter()
            .map(convert::dispatch::attempt)
            .collect(),
        next_page_token: page.next_page_token,
    })
}
