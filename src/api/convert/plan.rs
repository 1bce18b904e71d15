//! What an export would do.

use super::{adf::loss, enums::Wire as _, integration::problem, time::span};
use crate::{
    app::export_plan::{ExportPlan, PlanItem, Unsent},
    proto::v1,
};

/// What PlanExport answers.
pub(in crate::api) fn plan(plan: ExportPlan) -> v1::PlanExportResponse {
    v1::PlanExportResponse {
        plan_hash: plan.hash,
        items: plan.items.into_iter().map(item).collect(),
        blocking_issues: plan.blocking.into_iter().map(problem).collect(),
        estimated_duration: Some(span(plan.duration)),
        estimated_requests: i32::try_from(plan.requests).unwrap_or(i32::MAX),
    }
}

fn item(item: PlanItem) -> v1::PlanItem {
    let action = match item.jira_key {
        Some(_) => v1::PlanAction::Adopt,
        None => v1::PlanAction::Create,
    };
    let title = item.title;
    let fallbacks = item.fallbacks.into_iter();
    v1::PlanItem {
        ticket_id: item.ticket_id.to_string(),
        order: item.order,
        action: action.into(),
        jira_key: item.jira_key,
        fallbacks: fallbacks.map(|it| fallback(it, title.clone())).collect(),
        problems: item.problems.into_iter().map(problem).collect(),
        losses: item.losses.into_iter().map(loss).collect(),
    }
}

/// A manual fix that is not stored yet: it has neither id nor issue.
fn fallback(unsent: Unsent, title: String) -> v1::ManualFix {
    v1::ManualFix {
        title,
        r#type: unsent.fix_type.number(),
        field: unsent.field,
        wanted: unsent.wanted,
        sent: unsent.sent,
        reason: unsent.reason,
        recommended_action: unsent.recommended_action,
        ..Default::default()
    }
}
