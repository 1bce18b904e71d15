//! Moving tickets on, and assigning them.

use crate::{
    api::convert::{self, enums::Wire as _, ids, ticket::ticket},
    app::App,
    domain::actor::Actor,
    error::Result,
    proto::v1::*,
};

pub(super) async fn transition(
    app: &App,
    actor: &Actor,
    request: TransitionTicketRequest,
) -> Result<TransitionTicketResponse> {
    let id = ids::id("id", &request.id);
    let parse = || convert::workflow::transition(&request);
    let ticket = Some(ticket(app.transition_ticket(actor, id, parse).await?));
    Ok(TransitionTicketResponse { ticket })
}

pub(super) async fn resolve(
    app: &App,
    actor: &Actor,
    request: ResolveTicketRequest,
) -> Result<ResolveTicketResponse> {
    let id = ids::id("id", &request.id);
    let parse = || convert::workflow::resolution_notes(&request.resolution_notes);
    let ticket = Some(ticket(app.resolve_ticket(actor, id, parse).await?));
    Ok(ResolveTicketResponse { ticket })
}

pub(super) async fn close(
    app: &App,
    actor: &Actor,
    request: CloseTicketRequest,
) -> Result<CloseTicketResponse> {
    let id = ids::id("id", &request.id);
    let ticket = Some(ticket(app.close_ticket(actor, id).await?));
    Ok(CloseTicketResponse { ticket })
}

pub(super) async fn reopen(
    app: &App,
    actor: &Actor,
    request: ReopenTicketRequest,
) -> Result<ReopenTicketResponse> {
    let id = ids::id("id", &request.id);
    let parse = || convert::workflow::reason(&request.reason);
    let ticket = Some(ticket(app.reopen_ticket(actor, id, parse).await?));
    Ok(ReopenTicketResponse { ticket })
}

pub(super) async fn escalate(
    app: &App,
    actor: &Actor,
    request: EscalateTicketRequest,
) -> Result<EscalateTicketResponse> {
    let id = ids::id("id", &request.id);
    let parse = || convert::workflow::reason(&request.reason);
    let ticket = Some(ticket(app.escalate_ticket(actor, id, parse).await?));
    Ok(EscalateTicketResponse { ticket })
}

pub(super) async fn allowed_transitions(
    app: &App,
    actor: &Actor,
    request: ListAllowedTransitionsRequest,
) -> Result<ListAllowedTransitionsResponse> {
    let id = ids::id("id", &request.id);
    let statuses = app.allowed_transitions(actor, id).await?;
    Ok(ListAllowedTransitionsResponse {
        statuses: statuses.iter().map(|status| status.number()).collect(),
    })
}

pub(super) async fn assign(
    app: &App,
    actor: &Actor,
    request: AssignTicketRequest,
) -> Result<AssignTicketResponse> {
    let id = ids::id("id", &request.id);
    let parse = || convert::workflow::assign(&request);
    let ticket = Some(ticket(app.assign_ticket(actor, id, parse).await?));
    Ok(AssignTicketResponse { ticket })
}
