//! Moves and assignments in requests.

use super::{enums, ids};
use crate::{
    app::{assignments::Assign, ticket_change::Update, workflow::Transition},
    domain::{
        etag,
        ticket::{self as rules, TicketStatus},
    },
    error::{Error, Result, Violations},
    proto::v1,
};

/// What TransitionTicket asks for.
pub(in crate::api) fn transition(
    request: &v1::TransitionTicketRequest,
) -> Result<Update<Transition>> {
    let mut violations = Violations::new();
    let change = move_to(
        &mut violations,
        "",
        request.status,
        request.comment.as_deref(),
    );
    Ok(Update {
        change: violations.settle(change)?,
        seen: request.etag.as_deref().map(etag::version),
        validate_only: false,
    })
}

/// The move in the fields `status` and `comment` below `path`.
pub(super) fn move_to(
    violations: &mut Violations,
    path: &str,
    status: i32,
    comment: Option<&str>,
) -> Option<Transition> {
    let to = enums::required::<TicketStatus>(status);
    let to = violations.check(&format!("{path}status"), to);
    let comment = comment.map(rules::reason).transpose();
    let comment = violations.check(&format!("{path}comment"), comment);
    Some(Transition {
        to: to?,
        comment: comment?,
        resolution_notes: None,
    })
}

/// How a ticket was solved.
pub(in crate::api) fn resolution_notes(text: &str) -> Result<String> {
    rules::resolution_notes(text).map_err(|broken| Error::invalid("resolution_notes", broken.rule))
}

/// Why a ticket is moved on.
pub(in crate::api) fn reason(text: &str) -> Result<String> {
    rules::reason(text).map_err(|broken| Error::invalid("reason", broken.rule))
}

/// What AssignTicket asks for.
pub(in crate::api) fn assign(request: &v1::AssignTicketRequest) -> Result<Update<Assign>> {
    let mut violations = Violations::new();
    let assignee_id = request.assignee_id.as_deref();
    let change = assignee(&mut violations, "assignee_id", assignee_id);
    Ok(Update {
        change: violations.settle(change)?,
        seen: request.etag.as_deref().map(etag::version),
        validate_only: false,
    })
}

/// The person in this field; absent or empty: nobody.
pub(super) fn assignee(
    violations: &mut Violations,
    field: &'static str,
    person: Option<&str>,
) -> Option<Assign> {
    let person = person.filter(|id| !id.is_empty());
    let assignee_id = ids::optional(violations, field, person)?;
    Some(Assign { assignee_id, field })
}
