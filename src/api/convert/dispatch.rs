//! Dispatches: what is asked for, and the entries of the ledger.

use super::{
    enums::Wire as _,
    ids,
    time::{span, timestamp},
};
use crate::{
    app::dispatch::DispatchRequest,
    db::dispatch::Model,
    error::{Result, Violations},
    proto::v1,
};

/// What DispatchTicket asks for.
pub(in crate::api) fn request(request: &v1::DispatchTicketRequest) -> Result<DispatchRequest> {
    let mut violations = Violations::new();
    let check = &mut violations;
    let integration = request.integration_id.as_deref();
    let integration = ids::optional(check, "integration_id", integration);
    let request_id = ids::request(check, request.request_id.as_deref());
    let read = integration.zip(request_id);
    let read = read.map(|(integration, request_id)| DispatchRequest {
        integration,
        request_id,
    });
    violations.settle(read)
}

/// An entry of the ledger.
pub(in crate::api) fn attempt(row: Model) -> v1::DispatchAttempt {
    let took = row.finish_time.map(|end| end - row.start_time);
    v1::DispatchAttempt {
        number: row.number,
        integration_id: row.integration_id.to_string(),
        trigger: row.trigger.number(),
        start_time: Some(timestamp(row.start_time)),
        latency: took.map(|took| span(took.to_std().unwrap_or_default())),
        outcome: row.outcome.map_or(0, |outcome| outcome.number()),
        http_status: row.http_status,
        error_message: row.error_message,
        next_attempt_time: row.next_attempt_time.map(timestamp),
    }
}
