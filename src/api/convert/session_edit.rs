//! Changes of sessions: which fields, in which order, and what the caller has seen.

use super::{adf::distinct, enums, filled, ids, required};
use crate::{
    app::{session_edit::SessionChange, ticket_change::Update},
    domain::{
        etag,
        ids::TicketId,
        integration::project_key,
        session::SessionStage,
        session_ticket::{MAX_DEPENDENCIES, MAX_PLACE, session_name},
    },
    error::{Result, Violations},
    proto::v1,
};

/// The fields that can be changed.
const FIELDS: [&str; 4] = ["name", "integration_id", "jira_project_key", "stage"];

/// What UpdateSession asks for, all but the session.
pub(in crate::api) fn update(request: v1::UpdateSessionRequest) -> Result<Update<SessionChange>> {
    let mut violations = Violations::new();
    let check = &mut violations;
    let paths = request.update_mask.unwrap_or_default().paths;
    for (index, path) in paths.iter().enumerate() {
        if path != "*" && !FIELDS.contains(&path.as_str()) {
            let rule = format!("{path:?} is none of {}", FIELDS.join(", "));
            check.add(format!("update_mask.paths[{index}]"), rule);
        }
    }
    let all = paths.is_empty() || paths.iter().any(|path| path == "*");
    let named = |field: &str| all || paths.iter().any(|path| path == field);
    let session = required(check, "session", request.session).unwrap_or_default();
    let mut change = SessionChange::default();
    if named("name") {
        change.name = check.check("session.name", session_name(&session.name));
    }
    if named("integration_id") {
        let id = filled(&session.integration_id);
        change.integration_id = ids::optional(check, "session.integration_id", id);
    }
    if named("jira_project_key") {
        let key = filled(&session.jira_project_key)
            .map(project_key)
            .transpose();
        let key = check.check("session.jira_project_key", key);
        change.jira_project_key = key.map(Option::unwrap_or_default);
    }
    if named("stage") {
        let stage = enums::or(session.stage, SessionStage::Upload);
        change.stage = check.check("session.stage", stage);
    }
    violations.finish()?;
    Ok(Update {
        change,
        seen: request.etag.as_deref().map(etag::version),
        validate_only: request.validate_only,
    })
}

/// What ReorderSessionTickets asks for, all but the session.
pub(in crate::api) fn reorder(
    request: &v1::ReorderSessionTicketsRequest,
) -> Result<Update<Vec<TicketId>>> {
    let most = usize::try_from(MAX_PLACE).unwrap_or(usize::MAX);
    tickets(
        "ticket_ids",
        &request.ticket_ids,
        most,
        request.etag.as_deref(),
    )
}

/// What SetTicketDependencies asks for, all but the ticket.
pub(in crate::api) fn dependencies(
    request: &v1::SetTicketDependenciesRequest,
) -> Result<Update<Vec<TicketId>>> {
    let etag = request.etag.as_deref();
    tickets(
        "depends_on_ids",
        &request.depends_on_ids,
        MAX_DEPENDENCIES,
        etag,
    )
}

fn tickets(
    field: &str,
    texts: &[String],
    most: usize,
    etag: Option<&str>,
) -> Result<Update<Vec<TicketId>>> {
    let mut violations = Violations::new();
    let ids = violations.check(field, distinct(texts, most));
    Ok(Update {
        change: violations.settle(ids)?,
        seen: etag.map(etag::version),
        validate_only: false,
    })
}
