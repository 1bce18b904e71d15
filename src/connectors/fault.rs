//! What a call to a platform other than Jira came to: every status and every way to get no answer, in one table, each with words for a
//! person. Statuses decide; what a platform says is quoted and not read. Whether docket tries again is not told here: whoever hands over
//! knows.

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

/// Whom docket speaks to, and how that is told.
#[derive(Clone, Debug)]
pub(super) struct Party {
    /// The platform's name for people, as it stands within a sentence.
    pub(super) name: &'static str,
    /// Where tickets go there: "the repository acme/app".
    pub(super) place: String,
    /// What it does where it does not believe who docket is.
    pub(super) unproved: &'static str,
    /// What it does where docket may not do that.
    pub(super) barred: String,
    /// What it does where the place is not there.
    pub(super) missing: String,
    /// What a person does about a problem of its own that stays.
    pub(super) care: String,
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
    /// What happened: a sentence.
    pub(super) what: String,
    /// What a person does about it: a sentence without its end. Of what passes by itself: what to do where it does not; may be empty.
    pub(super) fix: String,
    pub(super) status: Option<u16>,
    pub(super) after: Option<Duration>,
    pub(super) at_fault: AtFault,
}

const SETTINGS: &str = "Put the integration's settings right with UpdateIntegration";
const RIGHTS: &str = "Check the integration's settings and what its account may do there";
const ADDRESS: &str = "Check the address in the integration's settings";

impl Party {
    /// A platform of accounts, where tickets go to `place`.
    pub(super) fn new(name: &'static str, place: String, care: &str, redactor: Redactor) -> Self {
        let bare = place.trim_start_matches("the ");
        Self {
            name,
            unproved: "refused the integration's credentials",
            barred: format!("does not let docket's account use {place}"),
            missing: format!("has no {bare}, or does not show it to docket's account"),
            care: care.to_owned(),
            place,
            redactor,
        }
    }

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
        let name = self.subject();
        let quoted = match said {
            "" => format!("(status {status})"),
            said => format!("(status {status}): {}", said.trim_end_matches('.')),
        };
        let what = |does: &str| format!("{name} {does} {quoted}.");
        let waits = |reason, what, fix| Fault::new(Next::Wait, AdminRequired, reason, what, fix);
        let rejects = |reason, what, fix| {
            Fault::new(Next::Reject, UserFixable, reason, what, fix).of_ticket()
        };
        let fault = match status {
            401 => waits(
                Reason::PlatformUnauthorized,
                what(self.unproved),
                "Renew the credentials with UpdateIntegration",
            ),
            403 => waits(Reason::PlatformForbidden, what(&self.barred), RIGHTS),
            404 | 410 => waits(Reason::PlatformNotFound, what(&self.missing), RIGHTS),
            300..=399 => {
                let what = format!(
                    "{name} sends docket to another address (status {status}), and docket follows none."
                );
                waits(Reason::PlatformNotFound, what, SETTINGS)
            }
            408 => return self.timeout(Some(408)),
            413 => rejects(
                Reason::PlatformContentTooLarge,
                what("takes nothing as large as what docket sent"),
                "Shorten the description",
            ),
            400 | 422 => rejects(
                Reason::PlatformRejected,
                what("refused what docket sent"),
                "Change the ticket, or the integration's settings",
            ),
            429 => self.limited(said, after),
            500..=599 => {
                let what = format!("{name} has a problem of its own (status {status}).");
                self.doubtful(Reason::PlatformServerError, what, &self.care)
            }
            _ => waits(
                Reason::PlatformRejected,
                what("refused the request"),
                SETTINGS,
            ),
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
            self.subject()
        );
        let reason = Reason::PlatformRateLimited;
        Fault::new(Next::Wait, Temporary, reason, what, "").after(after)
    }

    /// An answer that is not what the platform's interface describes.
    pub(super) fn unreadable(&self, status: u16) -> Fault {
        let what = format!("The answer of {} could not be read.", self.name);
        self.doubtful(Reason::PlatformAnswerUnreadable, what, ADDRESS)
            .at(Some(status))
    }

    /// Something may have been done all the same.
    pub(super) fn doubtful(&self, reason: Reason, what: String, fix: &str) -> Fault {
        Fault::new(Next::Look, Temporary, reason, what, fix)
    }

    /// Its name, as it begins a sentence.
    fn subject(&self) -> String {
        let mut rest = self.name.chars();
        let first = rest.next().into_iter().flat_map(char::to_uppercase);
        first.chain(rest).collect()
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
        let reason = Reason::PlatformUnreachable;
        match why {
            NotSent::Refused(refused) => {
                let what = format!(
                    "docket does not call the address in the integration's settings: {refused}."
                );
                let fix = "Correct the address with UpdateIntegration, or, if it is right and inside your own network, ask an administrator of docket to allow that network";
                Fault::new(Next::Wait, AdminRequired, reason, what, fix)
            }
            NotSent::Unbuilt => {
                let what = format!("{} could not be reached.", self.subject());
                Fault::new(Next::Wait, Temporary, reason, what, ADDRESS)
            }
            NotSent::Unreached(why) => {
                let what = format!("{} could not be reached: {why}.", self.subject());
                match why.remedy() {
                    Some(fix) => Fault::new(Next::Wait, AdminRequired, reason, what, fix),
                    None => Fault::new(Next::Wait, Temporary, reason, what, ADDRESS),
                }
            }
        }
    }

    fn lost(&self, how: Lost) -> Fault {
        match how {
            Lost::Timeout => self.timeout(None),
            Lost::TooLarge => self.unreadable(200),
            Lost::Connection => {
                let what = format!(
                    "The connection to {} was lost before its answer was complete.",
                    self.name
                );
                self.doubtful(Reason::PlatformServerError, what, &self.care)
            }
        }
    }

    fn timeout(&self, status: Option<u16>) -> Fault {
        let what = format!("{} did not answer in time.", self.subject());
        self.doubtful(Reason::PlatformTimeout, what, &self.care)
            .at(status)
    }
}

impl Fault {
    pub(super) fn new(
        next: Next,
        category: ErrorCategory,
        reason: Reason,
        what: String,
        fix: &str,
    ) -> Self {
        Self {
            next,
            category,
            reason,
            what,
            fix: fix.to_owned(),
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
        let advice = match (self.fix.as_str(), self.category) {
            ("", _) => String::new(),
            (fix, _) if self.at_fault == AtFault::Gone => format!("{fix}."),
            (fix, Temporary) => format!("If it stays so, {}.", within(fix)),
            (fix, _) => format!("{fix}, then dispatch the ticket again."),
        };
        let failure = Failure::new(self.category, self.reason, self.what).advising(&advice);
        let failure = failure.with_status(self.status).after(self.after);
        Failure {
            at_fault: self.at_fault,
            ..failure
        }
    }

    /// For whoever tests an integration, with the field of its settings that is concerned.
    pub(super) fn problem(self, field: &str) -> Problem {
        let action = match (self.fix.as_str(), self.category) {
            (fix, Temporary) => {
                let when = match self.after {
                    Some(after) => format!("in {} s at the earliest", after.as_secs()),
                    None => "in a few minutes".to_owned(),
                };
                let still = match fix {
                    "" => String::new(),
                    fix => format!("; if it stays so, {}", within(fix)),
                };
                format!("Test the integration again {when}{still}.")
            }
            (fix, _) if self.at_fault == AtFault::Gone => format!("{fix}."),
            (fix, _) => format!("{fix}, then test the integration again."),
        };
        Problem {
            reason: self.reason,
            category: self.category,
            message: self.what,
            field: field.to_owned(),
            recommended_action: action,
        }
    }
}

/// The beginning of a sentence, as it stands within one.
fn within(sentence: &str) -> String {
    let mut rest = sentence.chars();
    let first = rest.next().into_iter().flat_map(char::to_lowercase);
    first.chain(rest).collect()
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
