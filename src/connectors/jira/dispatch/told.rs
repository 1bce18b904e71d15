//! What stands in the way of a dispatch to Jira, told to a person.

use crate::{
    connectors::{
        jira::{CallError, CreateContext, HardStop, IssuePlan, Rejection, Trouble},
        outcome::{AtFault, Attached, External, Failure, Outcome},
        parcel::Parcel,
    },
    domain::{export::ErrorCategory, export_log::shortened},
    error::Reason,
};

/// What a refused create comes to.
pub(super) fn of_refusal(
    refused: &Rejection,
    project: &str,
    plan: &IssuePlan,
    parcel: &Parcel,
) -> Outcome {
    let context = CreateContext {
        project,
        issue_type: &plan.issue_type,
        title: &parcel.title,
        sent: &plan.fields,
    };
    let failure = of_stop(refused.failure(&context)).with_status(Some(refused.status));
    by_category(failure)
}

/// What an administrator or time puts right is tried again; what is wrong with the ticket itself is not.
pub(super) fn by_category(failure: Failure) -> Outcome {
    match failure.at_fault {
        AtFault::Ticket => Outcome::Rejected(failure),
        AtFault::Integration | AtFault::Gone => Outcome::RetryLater(failure),
    }
}

/// Why a call failed that made nothing.
pub(super) fn of_call(error: &CallError, project: &str) -> Failure {
    let (status, after) = match error {
        CallError::Rejected(refused) => (Some(refused.status), None),
        CallError::RetryLater { status, after, .. } => (Some(*status), *after),
        CallError::Trouble(Trouble::ServerError(status)) => (Some(*status), None),
        CallError::Trouble(Trouble::Overloaded { after, .. }) => (Some(503), Some(*after)),
        CallError::Trouble(_) => (None, None),
    };
    let failure = of_stop(error.failure(project));
    failure.with_status(status).after(after)
}

/// A stop of an export, told of a single ticket.
pub(super) fn of_stop(stop: HardStop) -> Failure {
    let failure = Failure::new(stop.category, stop.reason, &stop.user_message);
    let failure = failure.advising(&stop.advice_without_export());
    match stop.category {
        ErrorCategory::UserFixable => failure.of_the_ticket(),
        _ => failure,
    }
}

pub(super) fn in_doubt(trouble: &Trouble, parcel: &Parcel, project: &str) -> Failure {
    let failure = of_call(&CallError::Trouble(trouble.clone()), project);
    let text = format!(
        "docket sent the ticket “{}” to the Jira project {} and got no clear answer ({trouble}).",
        parcel.title, project
    );
    Failure {
        reason: Reason::JiraCreateUncertain,
        message: shortened(&text, Failure::MESSAGE_MAX),
        ..failure
    }
}

/// Of an issue on a site that the integration no longer leads to.
pub(super) fn elsewhere(external: &External) -> Failure {
    Failure::new(
        ErrorCategory::AdminRequired,
        Reason::JiraNotFound,
        format!(
            "The ticket's issue {} was made at {}, and the integration leads to another site by now: nothing is sent to the issue of that \
             key there. Set the site back with UpdateIntegration, or add the files to the issue by hand.",
            external.key, external.url
        ),
    )
    .of_the_ticket()
}

/// Of an issue that Jira does not show any more.
pub(super) fn gone(external: &External, status: u16) -> Failure {
    let text = format!(
        "Jira has no issue {} any more, or does not show it to docket: it may have been deleted.",
        external.key
    );
    Failure::new(ErrorCategory::UserFixable, Reason::JiraNotFound, text)
        .with_status(Some(status))
        .of_the_ticket()
}

/// What a refused file comes to. Whom Jira does not know or let, it may let once somebody has seen to that.
pub(super) fn refused_file(refused: Rejection, project: &str) -> Attached {
    let (status, said) = (refused.status, refused.quote());
    let failure = of_call(&CallError::Rejected(refused), project);
    let failure = Failure {
        message: format!("Jira refused the file: {said}"),
        ..failure
    };
    match status {
        300..=399 | 401 | 403 | 409 => Attached::RetryLater(failure),
        _ => Attached::Rejected(
            Failure {
                advice: String::new(),
                ..failure
            }
            .of_the_ticket(),
        ),
    }
}

pub(super) fn own_fault() -> Failure {
    Failure::new(
        ErrorCategory::AdminRequired,
        Reason::Internal,
        "docket met a fault of its own. Ask an administrator of docket to look into its log.",
    )
}
