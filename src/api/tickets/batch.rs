//! Several tickets at once.

use crate::{api::convert, app::App, domain::actor::Actor, error::Result, proto::v1::*};

pub(super) async fn update(
    app: &App,
    actor: &Actor,
    request: BatchUpdateTicketsRequest,
) -> Result<BatchUpdateTicketsResponse> {
    let parse = || convert::batch::update(request);
    let results = app.batch_update_tickets(actor, parse).await?;
    Ok(BatchUpdateTicketsResponse {
        results: results.into_iter().map(convert::batch::result).collect(),
    })
}
