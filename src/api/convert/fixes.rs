//! What is put right after an export, and what has changed since.

use tonic::Status;

use super::adf::distinct;
use crate::{
    app::{drift::Drift, fix_apply::FixOutcome},
    domain::{ids::FixId, session_ticket::MAX_BATCH},
    error::{Error, Result, Violations},
    proto::v1::{self, fix_result::Outcome},
};

/// The fixes that ApplyFixes names.
pub(in crate::api) fn chosen(request: &v1::ApplyFixesRequest) -> Result<Vec<FixId>> {
    let mut violations = Violations::new();
    let ids = distinct(&request.manual_fix_ids, MAX_BATCH);
    let ids = violations.check("manual_fix_ids", ids);
    violations.settle(ids)
}

/// What ApplyFixes answers.
pub(in crate::api) fn outcomes(outcomes: Vec<FixOutcome>) -> v1::ApplyFixesResponse {
    let fixes = outcomes.into_iter().map(|outcome| v1::FixResult {
        id: outcome.id.to_string(),
        outcome: Some(match outcome.error {
            None => Outcome::Applied(true),
            Some(error) => Outcome::Error(ticket_error(error)),
        }),
    });
    v1::ApplyFixesResponse {
        fixes: fixes.collect(),
    }
}

fn ticket_error(error: Error) -> v1::TicketError {
    let reason = error.reason().to_string();
    let status = Status::from(error);
    v1::TicketError {
        code: status.code().into(),
        reason,
        message: status.message().to_owned(),
    }
}

/// What CheckDrift answers.
pub(in crate::api) fn drifts(drifts: Vec<Drift>) -> v1::CheckDriftResponse {
    let items = drifts.into_iter().map(|drift| v1::DriftItem {
        jira_key: drift.jira_key,
        field: drift.field,
        exported: drift.exported,
        in_jira: drift.in_jira,
        in_docket: drift.in_docket,
    });
    v1::CheckDriftResponse {
        items: items.collect(),
    }
}
