//! What a ticket says, whether it is there, and how its due times came about.

use crate::{
    api::convert::{self, ids, ticket::ticket},
    app::App,
    domain::{actor::Actor, etag},
    error::{Error, Result},
    proto::v1::*,
};

pub(super) async fn batch_get(
    app: &App,
    actor: &Actor,
    request: BatchGetTicketsRequest,
) -> Result<BatchGetTicketsResponse> {
    let parse = || convert::ticket::several(&request.ids);
    let tickets = app.batch_get_tickets(actor, parse).await?;
    let tickets = tickets.into_iter().map(ticket).collect();
    Ok(BatchGetTicketsResponse { tickets })
}

pub(super) async fn update(
    app: &App,
    actor: &Actor,
    request: UpdateTicketRequest,
) -> Result<UpdateTicketResponse> {
    let id = match &request.ticket {
        Some(ticket) => ids::id("ticket.id", &ticket.id),
        None => Err(Error::invalid("ticket", "is required")),
    };
    let parse = || convert::ticket_update::update(request);
    let ticket = Some(ticket(app.update_ticket(actor, id, parse).await?));
    Ok(UpdateTicketResponse { ticket })
}

pub(super) async fn delete(
    app: &App,
    actor: &Actor,
    request: DeleteTicketRequest,
) -> Result<DeleteTicketResponse> {
    let id = ids::id("id", &request.id);
    let seen = request.etag.as_deref().map(etag::version);
    let ticket = Some(ticket(app.delete_ticket(actor, id, seen).await?));
    Ok(DeleteTicketResponse { ticket })
}

pub(super) async fn undelete(
    app: &App,
    actor: &Actor,
    request: UndeleteTicketRequest,
) -> Result<UndeleteTicketResponse> {
    let id = ids::id("id", &request.id);
    let ticket = Some(ticket(app.undelete_ticket(actor, id).await?));
    Ok(UndeleteTicketResponse { ticket })
}

pub(super) async fn explain_sla(
    app: &App,
    actor: &Actor,
    request: ExplainSlaRequest,
) -> Result<ExplainSlaResponse> {
    let id = ids::id("id", &request.id);
    let told = app.explain_sla(actor, id).await?;
    Ok(convert::sla::explanation(told))
}
