//! Sessions: read from requests, and shown the same way in every answer.

use super::{
    count,
    enums::{self, Wire as _},
    etag, export, filled, ids, page, required,
    time::timestamp,
};
use crate::{
    app::{
        pages::PageRequest,
        requests::Create,
        sessions::{NewSession, SessionView},
    },
    db::session::Filter,
    domain::{
        ids::SessionId,
        integration::project_key,
        session::SessionStage,
        session_ticket::{name_query, session_name},
    },
    error::{Broken, Result, Violations},
    proto::v1,
};

/// The most statuses and stages of a filter.
const MAX_STATES: usize = 10;

/// What CreateSession asks for. Fields that are output only are not looked at (AIP-203).
pub(in crate::api) fn create(request: v1::CreateSessionRequest) -> Result<Create<NewSession>> {
    let mut violations = Violations::new();
    let request_id = ids::request(&mut violations, request.request_id.as_deref());
    let new = required(&mut violations, "session", request.session)
        .and_then(|session| new_session(&mut violations, &session));
    let made = new.zip(request_id).map(|(new, request_id)| Create {
        new,
        request_id,
        validate_only: request.validate_only,
    });
    violations.settle(made)
}

fn new_session(violations: &mut Violations, session: &v1::Session) -> Option<NewSession> {
    let name = violations.check("session.name", session_name(&session.name));
    let integration_id = filled(&session.integration_id);
    let integration_id = ids::optional(violations, "session.integration_id", integration_id);
    let key = filled(&session.jira_project_key)
        .map(project_key)
        .transpose();
    let key = violations.check("session.jira_project_key", key);
    let stage = violations.check("session.stage", stage(session.stage));
    Some(NewSession {
        name: name?,
        integration_id: integration_id?,
        jira_project_key: key?.unwrap_or_default(),
        stage: stage?,
    })
}

fn stage(number: i32) -> Result<SessionStage, Broken> {
    let stage = enums::or(number, SessionStage::Upload)?;
    if stage.is_settable() {
        return Ok(stage);
    }
    Err(Broken::new("must be UPLOAD, PROCESSING or REVIEW"))
}

/// What ListSessions asks for.
pub(in crate::api) fn list(request: v1::ListSessionsRequest) -> Result<(Filter, PageRequest)> {
    let mut violations = Violations::new();
    let check = &mut violations;
    let filter = request.filter.unwrap_or_default();
    let statuses = enums::each_or_any(&filter.statuses, MAX_STATES);
    let statuses = check.check("filter.statuses", statuses);
    let stages = enums::each_or_any(&filter.stages, MAX_STATES);
    let stages = check.check("filter.stages", stages);
    let owner_id = ids::optional(check, "filter.owner_id", filter.owner_id.as_deref());
    let integration_id = filter.integration_id.as_deref();
    let integration_id = ids::optional(check, "filter.integration_id", integration_id);
    let query = filter.query.as_deref().map(name_query).transpose();
    let query = check.check("filter.query", query);
    let page = page::request(check, request.page_size, request.page_token);
    let states = statuses.zip(stages);
    let people = owner_id.zip(integration_id);
    let parts = states.zip(people).zip(query).zip(page);
    let (((states, people), query), page) = violations.settle(parts)?;
    let filter = Filter {
        statuses: states.0,
        stages: states.1,
        owner_id: people.0,
        integration_id: people.1,
        query,
    };
    Ok((filter, page))
}

/// What ListSessionTickets asks for.
pub(in crate::api) fn list_tickets(
    request: v1::ListSessionTicketsRequest,
) -> Result<(SessionId, PageRequest)> {
    let mut violations = Violations::new();
    let id = violations.check("session_id", request.session_id.parse());
    let page = page::request(&mut violations, request.page_size, request.page_token);
    violations.settle(id.zip(page))
}

/// The session as everybody sees it.
pub(in crate::api) fn session(view: SessionView) -> v1::Session {
    let SessionView {
        session,
        ticket_count,
        export,
    } = view;
    v1::Session {
        id: session.id.to_string(),
        name: session.name,
        owner_id: session.owner_id.0,
        integration_id: session
            .integration_id
            .map(|id| id.to_string())
            .unwrap_or_default(),
        jira_project_key: session.jira_project_key,
        stage: session.stage.number(),
        status: session.status.number(),
        ticket_count: count(ticket_count),
        export: export.map(export::export),
        etag: etag(session.version),
        create_time: Some(timestamp(session.create_time)),
        update_time: Some(timestamp(session.update_time)),
        complete_time: session.complete_time.map(timestamp),
    }
}

/// The session that a call with `validate_only` would have made: it has no id yet.
pub(in crate::api) fn planned(view: SessionView) -> v1::Session {
    v1::Session {
        id: String::new(),
        ..session(view)
    }
}
