//! Exports, and what they have made.

use super::{
    enums::Wire as _,
    time::{span, timestamp},
};
use crate::{
    app::{
        export_results::{MadeIssue, Results},
        export_retry::Retried,
        export_revert::Reverted,
        exports::{Start, Started},
    },
    domain::{
        export::{CurrentTicket, ExportFailure, ExportSnapshot, ExportStatus, ManualFix},
        ids::SessionId,
    },
    error::{Broken, Result, Violations},
    proto::v1,
};

/// The longest digest of a plan.
const PLAN_HASH_MAX: usize = 64;

/// What StartExport asks for, all but the session.
pub(in crate::api) fn start(request: &v1::StartExportRequest) -> Result<Start> {
    let mut violations = Violations::new();
    let request_id = super::ids::request(&mut violations, request.request_id.as_deref());
    let plan_hash = match &request.plan_hash {
        Some(hash) if hash.len() > PLAN_HASH_MAX || !hash.is_ascii() => Err(Broken::new(
            "must be a plan_hash of PlanExport: at most 64 ASCII characters",
        )),
        hash => Ok(hash.clone()),
    };
    let plan_hash = violations.check("plan_hash", plan_hash);
    let (request_id, plan_hash) = violations.settle(request_id.zip(plan_hash))?;
    Ok(Start {
        request_id,
        plan_hash,
    })
}

/// What WatchExport asks for: the session, and the last event received.
pub(in crate::api) fn watch(request: &v1::WatchExportRequest) -> Result<(SessionId, i64)> {
    let mut violations = Violations::new();
    let id = violations.check("session_id", request.session_id.parse());
    let after = request.after_sequence.unwrap_or_default();
    let after = match after {
        0.. => Ok(after),
        _ => Err(Broken::new("must not be negative")),
    };
    let after = violations.check("after_sequence", after);
    violations.settle(id.zip(after))
}

/// What StartExport answers.
pub(in crate::api) fn started(started: Started) -> v1::StartExportResponse {
    v1::StartExportResponse {
        export: Some(export(started.export)),
        already_running: started.already_running,
        estimated_duration: Some(span(started.estimated_duration)),
    }
}

/// What RetryExport answers.
pub(in crate::api) fn retried(retried: Retried) -> v1::RetryExportResponse {
    v1::RetryExportResponse {
        resuming_from_order: retried.resuming_from_order,
        tickets_preserved: retried.export.tickets_preserved,
        export: Some(export(retried.export)),
    }
}

/// What GetExportResults answers.
pub(in crate::api) fn results(results: Results) -> v1::GetExportResultsResponse {
    v1::GetExportResultsResponse {
        orphaned_keys: results.export.orphaned_keys.clone(),
        export: Some(export(results.export)),
        jira_tickets: results.issues.into_iter().map(issue).collect(),
        manual_fixes: results.fixes.into_iter().map(manual_fix).collect(),
    }
}

/// What RevertExport answers.
pub(in crate::api) fn reverted(reverted: Reverted) -> v1::RevertExportResponse {
    let kept = reverted.kept.into_iter().map(|kept| v1::KeptIssue {
        jira_key: kept.key,
        reason: kept.reason,
    });
    v1::RevertExportResponse {
        deleted: reverted.deleted,
        kept: kept.collect(),
    }
}

/// The export as everybody sees it.
pub(in crate::api) fn export(export: ExportSnapshot) -> v1::Export {
    v1::Export {
        failure: failure(&export),
        task_id: export.task_id.to_string(),
        session_id: export.session_id.to_string(),
        status: export.status.number(),
        attempt: export.attempt,
        remaining_retries: export.remaining_retries,
        jira_project_key: export.jira_project_key,
        total_tickets: export.total_tickets,
        tickets_completed: export.tickets_completed,
        tickets_failed: export.tickets_failed,
        tickets_preserved: export.tickets_preserved,
        current_ticket: export.current_ticket.map(current_ticket),
        progress_percentage: export.progress_percentage,
        dependencies_created: export.dependencies_created,
        manual_fixes_needed: export.manual_fixes_needed,
        estimated_remaining: export.estimated_remaining.map(span),
        start_time: Some(timestamp(export.start_time)),
        finish_time: export.finish_time.map(timestamp),
        processing_time: Some(span(export.processing_time)),
    }
}

fn current_ticket(ticket: CurrentTicket) -> v1::CurrentTicket {
    v1::CurrentTicket {
        id: ticket.id.to_string(),
        title: ticket.title,
        order: ticket.order,
    }
}

/// Why it stopped: only while it is FAILED, whatever an earlier attempt has left behind.
fn failure(export: &ExportSnapshot) -> Option<v1::ExportFailure> {
    let failed = export.status == ExportStatus::Failed;
    let ExportFailure {
        failed_at_ticket_order,
        category,
        reason,
        user_message,
        recovery_actions,
        first_error_time,
    } = export.failure.clone().filter(|_| failed)?;
    Some(v1::ExportFailure {
        failed_at_ticket_order: failed_at_ticket_order.unwrap_or_default(),
        category: category.number(),
        reason: reason.to_string(),
        user_message,
        recovery_actions,
        retry_available: export.remaining_retries > 0,
        retry_attempts_used: export.attempt,
        first_error_time: Some(timestamp(first_error_time)),
        orphaned_keys: export.orphaned_keys.clone(),
    })
}

fn issue(issue: MadeIssue) -> v1::JiraTicket {
    v1::JiraTicket {
        ticket_id: issue.ticket_id.to_string(),
        jira_key: issue.key,
        jira_url: issue.url,
        title: issue.title,
    }
}

/// The fix as everybody sees it.
pub(super) fn manual_fix(fix: ManualFix) -> v1::ManualFix {
    v1::ManualFix {
        id: fix.id.to_string(),
        jira_key: fix.jira_key,
        title: fix.title,
        r#type: fix.fix_type.number(),
        field: fix.field,
        wanted: fix.wanted,
        sent: fix.sent,
        reason: fix.reason,
        recommended_action: fix.recommended_action,
        jira_url: fix.jira_url,
        applied: fix.applied,
    }
}
