//! What a call to a platform other than Jira came to: every status and every way to get no answer, in one table, each with words for a
//! person. Statuses decide; what a platform says is quoted and not read.

use std::time::Duration;

use super::{
    http::{Answer, Lost, NotSent, SendError},
    outcome::{AtFault, Attached, Failure, Outcome},
    redact::Redactor,
};
use crate::{
    domain::{
        export::ErrorCategory::{self, AdminRequired, Temporary, UserFixable},
        problem::Problem,
    },
    error::Reason,
};

/// Whom docket speaks to.
#[derive(Clone, Debug)]
pub(super) struct Party {
    /// The platform's name for people.
    pub(super) name: &'static str,
    /// Where tickets go there: "the repository acme/app".
    pub(super) place: String,
    /// What knows its secrets.
    pub(super) redactor: Redactor,
}

/// What may be done after a call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing was done there, and the same would be refused again.
    Reject,
    /// Nothing was done there; later it may be.
    Wait,
    /// Something may have been done there.
    Look,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) next: Next,
    pub(super) category: ErrorCategory,
    pub(super) reason: Reason,
    /// What happened.
    pub(super) what: String,
    /// What to do.
    pub(super) todo: String,
    pub(super) status: Option<u16>,
    pub(super) after: Option<Duration>,
    pub(super) at_fault: AtFault,
}

const AGAIN: &str = "docket tries again by itself.";
const SETTINGS: &str = "Put the integration's settings right with UpdateIntegration, test it, then dispatch the ticket again.";
const RIGHTS: &str = "Check the integration's settings and what its account may do there, then dispatch the ticket again.";
const LOOKS: &str = "docket sees to it that nothing is made twice.";

impl Party {
    /// The answer, where it is a success; else why it is none. `quote` reads what the platform said.
    pub(super) fn judge(
        &self,
        sent: Result<Answer, SendError>,
        quote: impl Fn(&Answer) -> String,
    ) -> Result<Answer, Fault> {
        let answer = match sent {
            Ok(answer) if answer.is_success() => return Ok(answer),
            Ok(answer) => answer,
            Err(SendError::NotSent(why)) => return Err(self.not_sent(&why)),
            Err(SendError::Lost(how)) => return Err(self.lost(how)),
        };
        let said = self.redactor.clean(&quote(&answer));
        Err(self.refused(answer.status, &said, answer.retry_after()))
    }

    /// An answer with a status that is no success.
    pub(super) fn refused(&self, status: u16, said: &str, after: Option<Duration>) -> Fault {
        let Self { name, place, .. } = self;
        let said = match said {
            "" => String::new(),
            said => format!(": {}", said.trim_end_matches('.')),
        };
        let fault = match status {
            401 => {
                let what =
                    format!("{name} refused the integration's credentials (status 401){said}.");
                let todo = "Renew the credentials with UpdateIntegration, test the integration, then dispatch the ticket again.";
                Fault::new(
                    Next::Wait,
                    AdminRequired,
                    Reason::PlatformUnauthorized,
                    what,
                    todo,
                )
            }
            403 => {
                let what =
                    format!("{name} does not let docket's account use {place} (status 403){said}.");
                Fault::new(
                    Next::Wait,
                    AdminRequired,
                    Reason::PlatformForbidden,
                    what,
                    RIGHTS,
                )
            }
            404 | 410 => {
                let what = format!(
                    "{name} has no {place}, or does not show it to docket's account (status {status}){said}."
                );
                let what = what.replace("has no the ", "has no ");
                Fault::new(
                    Next::Wait,
                    AdminRequired,
                    Reason::PlatformNotFound,
                    what,
                    RIGHTS,
                )
            }
            300..=399 => {
                let what = format!(
                    "{name} sends docket to another address (status {status}), and docket follows none."
                );
                Fault::new(
                    Next::Wait,
                    AdminRequired,
                    Reason::PlatformNotFound,
                    what,
                    SETTINGS,
                )
            }
            408 => return self.timeout(Some(408)),
            413 => {
                let what =
                    format!("{name} takes no ticket as large as this one (status 413){said}.");
                let todo = "Shorten the description, then dispatch the ticket again.";
                Fault::new(
                    Next::Reject,
                    UserFixable,
                    Reason::PlatformContentTooLarge,
                    what,
                    todo,
                )
                .of_ticket()
            }
            400 | 422 => {
                let what = format!("{name} refused the ticket (status {status}){said}.");
                let todo = "Change the ticket, or the integration's settings, then dispatch the ticket again.";
                Fault::new(
                    Next::Reject,
                    UserFixable,
                    Reason::PlatformRejected,
                    what,
                    todo,
                )
                .of_ticket()
            }
            429 => self.limited(said.trim_start_matches(": "), after),
            500..=599 => {
                let what = format!(
                    "{name} has a problem of its own (status {status}), so that nobody knows whether it took the ticket."
                );
                Fault::new(
                    Next::Look,
                    Temporary,
                    Reason::PlatformServerError,
                    what,
                    LOOKS,
                )
            }
            status => {
                let what = format!("{name} refused the request (status {status}){said}.");
                Fault::new(
                    Next::Wait,
                    AdminRequired,
                    Reason::PlatformRejected,
                    what,
                    SETTINGS,
                )
            }
        };
        fault.at(Some(status)).after(after)
    }

    /// The platform takes no more requests for now.
    pub(super) fn limited(&self, said: &str, after: Option<Duration>) -> Fault {
        let said = match said {
            "" => String::new(),
            said => format!(" ({said})"),
        };
        let what = format!(
            "{} takes no more requests for now: its rate limit is used up{said}.",
            self.name
        );
        let todo = match after {
            Some(after) => format!(
                "docket tries again by itself, in {} s at the earliest.",
                after.as_secs()
            ),
            None => AGAIN.to_owned(),
        };
        Fault::new(
            Next::Wait,
            Temporary,
            Reason::PlatformRateLimited,
            what,
            &todo,
        )
        .after(after)
    }

    /// An answer that is not what the platform's interface describes.
    pub(super) fn unreadable(&self, status: u16) -> Fault {
        let what = format!(
            "The answer of {} could not be read, so that nobody knows whether it took the ticket.",
            self.name
        );
        let todo = format!(
            "{LOOKS} If it stays so, check that the address in the integration's settings is right."
        );
        Fault::new(
            Next::Look,
            Temporary,
            Reason::PlatformAnswerUnreadable,
            what,
            &todo,
        )
        .at(Some(status))
    }

    /// The body of an answer.
    pub(super) fn body<'a>(&self, answer: &'a Answer) -> Result<&'a [u8], Fault> {
        match &answer.body {
            Ok(bytes) => Ok(bytes),
            Err(Lost::TooLarge) => Err(self.unreadable(answer.status)),
            Err(how) => Err(self.lost(*how).at(Some(answer.status))),
        }
    }

    fn not_sent(&self, why: &NotSent) -> Fault {
        match why {
            NotSent::Refused(refused) => {
                let what = format!(
                    "docket does not call the address in the integration's settings: {refused}."
                );
                let todo = "Correct the address with UpdateIntegration; if it is right and inside your own network, ask an administrator of docket to allow that network.";
                Fault::new(
                    Next::Wait,
                    AdminRequired,
                    Reason::PlatformUnreachable,
                    what,
                    todo,
                )
            }
            NotSent::Unreachable | NotSent::Unbuilt => {
                let what = format!("{} could not be reached.", self.name);
                let todo = format!(
                    "{AGAIN} If it stays so, check the address in the integration's settings."
                );
                Fault::new(
                    Next::Wait,
                    Temporary,
                    Reason::PlatformUnreachable,
                    what,
                    &todo,
                )
            }
        }
    }

    fn lost(&self, how: Lost) -> Fault {
        match how {
            Lost::Timeout => self.timeout(None),
            Lost::TooLarge => self.unreadable(200),
            Lost::Connection => {
                let what = format!(
                    "The connection to {} was lost before its answer was complete, so that nobody knows whether it took the ticket.",
                    self.name
                );
                Fault::new(
                    Next::Look,
                    Temporary,
                    Reason::PlatformServerError,
                    what,
                    LOOKS,
                )
            }
        }
    }

    fn timeout(&self, status: Option<u16>) -> Fault {
        let what = format!(
            "{} did not answer in time, so that nobody knows whether it took the ticket.",
            self.name
        );
        Fault::new(Next::Look, Temporary, Reason::PlatformTimeout, what, LOOKS).at(status)
    }
}

impl Fault {
    pub(super) fn new(
        next: Next,
        category: ErrorCategory,
        reason: Reason,
        what: String,
        todo: &str,
    ) -> Self {
        Self {
            next,
            category,
            reason,
            what,
            todo: todo.to_owned(),
            status: None,
            after: None,
            at_fault: AtFault::Integration,
        }
    }

    pub(super) fn of_ticket(self) -> Self {
        let at_fault = AtFault::Ticket;
        Self { at_fault, ..self }
    }

    pub(super) fn at(self, status: Option<u16>) -> Self {
        Self { status, ..self }
    }

    pub(super) fn after(self, after: Option<Duration>) -> Self {
        Self { after, ..self }
    }

    /// For whoever hands a ticket over.
    pub(super) fn failure(self) -> Failure {
        let text = format!("{} {}", self.what, self.todo);
        let failure = Failure::new(self.category, self.reason, text);
        let failure = failure.with_status(self.status).after(self.after);
        Failure {
            at_fault: self.at_fault,
            ..failure
        }
    }

    /// For whoever tests an integration, with the field of its settings that is concerned.
    pub(super) fn problem(self, field: &str) -> Problem {
        Problem {
            reason: self.reason,
            category: self.category,
            message: self.what,
            field: field.to_owned(),
            recommended_action: self.todo,
        }
    }
}

impl From<Fault> for Outcome {
    fn from(fault: Fault) -> Self {
        match fault.next {
            Next::Reject => Self::Rejected(fault.failure()),
            Next::Wait => Self::RetryLater(fault.failure()),
            Next::Look => Self::Uncertain(fault.failure()),
        }
    }
}

impl From<Fault> for Attached {
    fn from(fault: Fault) -> Self {
        match fault.next {
            Next::Reject => Self::Rejected(fault.failure()),
            Next::Wait => Self::RetryLater(fault.failure()),
            Next::Look => Self::Uncertain(fault.failure()),
        }
    }
}
