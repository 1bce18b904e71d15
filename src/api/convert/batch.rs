//! Several tickets at once: what is asked of each, and what became of it.

use tonic::Status;
use v1::{batch_update_result::Outcome, batch_update_tickets_request::Change};

use super::{MAX_VALUES, adf::distinct, enums, ticket::ticket, workflow};
use crate::{
    app::{
        ticket_batch::{Batch, BatchChange},
        ticket_view::TicketView,
    },
    domain::{
        ids::TicketId,
        ticket::{TicketPriority, Words},
    },
    error::{Result, Violations},
    proto::v1,
};

/// What BatchUpdateTickets asks for.
pub(in crate::api) fn update(request: v1::BatchUpdateTicketsRequest) -> Result<Batch> {
    let mut violations = Violations::new();
    let ids = violations.check("ids", distinct(&request.ids, MAX_VALUES));
    if request.ids.is_empty() {
        violations.add("ids", "must name at least one ticket");
    }
    let change = match request.change {
        Some(wanted) => change(&mut violations, wanted),
        None => {
            violations.add(
                "change",
                "one of transition, assign, priority and tags is required",
            );
            None
        }
    };
    let (ids, change) = violations.settle(ids.zip(change))?;
    Ok(Batch {
        ids,
        change,
        validate_only: request.validate_only,
    })
}

fn change(violations: &mut Violations, change: Change) -> Option<BatchChange> {
    match change {
        Change::Transition(wanted) => {
            let comment = wanted.comment.as_deref();
            workflow::move_to(violations, "transition.", wanted.status, comment)
                .map(BatchChange::Move)
        }
        Change::Assign(wanted) => {
            let person = wanted.assignee_id.as_deref();
            workflow::assignee(violations, "assign.assignee_id", person).map(BatchChange::Assign)
        }
        Change::Priority(number) => {
            let priority = enums::required::<TicketPriority>(number);
            let priority = violations.check("priority", priority);
            priority.map(BatchChange::Priority)
        }
        Change::Tags(wanted) => tags(violations, &wanted),
    }
}

fn tags(violations: &mut Violations, wanted: &v1::TagsChange) -> Option<BatchChange> {
    let add = violations.check("tags.add", Words::tags(&wanted.add));
    let remove = violations.check("tags.remove", Words::tags(&wanted.remove));
    let (add, remove) = add.zip(remove)?;
    if add.0.is_empty() && remove.0.is_empty() {
        violations.add("tags", "must add or remove at least one tag");
    }
    if let Some(index) = add.0.iter().position(|tag| remove.0.contains(tag)) {
        violations.add(
            format!("tags.add[{index}]"),
            "must not be removed at the same time",
        );
    }
    Some(BatchChange::Tags { add, remove })
}

/// What became of one ticket.
pub(in crate::api) fn result(
    (id, outcome): (TicketId, Result<TicketView>),
) -> v1::BatchUpdateResult {
    let outcome = match outcome {
        Ok(view) => Outcome::Ticket(ticket(view)),
        Err(error) => {
            let reason = error.reason().to_string();
            // The one place that knows codes, and what may be told.
            let status = Status::from(error);
            Outcome::Error(v1::TicketError {
                code: status.code().into(),
                reason,
                message: status.message().to_owned(),
            })
        }
    };
    v1::BatchUpdateResult {
        id: id.to_string(),
        outcome: Some(outcome),
    }
}
