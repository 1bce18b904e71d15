//! What comes of handing a ticket over, in one shape for all platforms.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::inbound::{CATEGORY, GONE};
use crate::{
    domain::{export::ErrorCategory, export_log::shortened},
    error::Reason,
};

/// What became of a dispatch, by what may be done next.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The external ticket exists.
    Created(External),
    /// The platform does not take this ticket as it is; nothing was made.
    Rejected(Failure),
    /// Nothing was made, for certain; it may go well once time, or somebody who administers the platform, has put things right.
    RetryLater(Failure),
    /// Something may have been made, or may come to be: look before anything is sent again.
    Uncertain(Failure),
}

/// The ticket on the platform. What a platform does not say stays empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct External {
    /// Its key for people, such as `OPS-17`.
    pub key: String,
    /// The platform's own id of it.
    pub id: String,
    /// Where people see it.
    pub url: String,
    /// Its address in the platform's API.
    pub self_url: String,
    /// The project, channel or repository that it is in.
    pub project_key: String,
    /// Its type, in the platform's words.
    pub issue_type: String,
    /// Its title there.
    pub summary: String,
    /// What else is worth telling.
    #[serde(default)]
    pub raw: Map<String, Value>,
    /// The status of the answer that told that it was made; none where it was found.
    #[serde(skip)]
    pub http_status: Option<u16>,
}

impl External {
    /// The same, told by an answer with this status.
    #[must_use]
    pub fn told_by(self, status: u16) -> Self {
        let http_status = Some(status);
        Self {
            http_status,
            ..self
        }
    }

    /// Whether the platform has told since that it is no longer there, or no longer shown to docket.
    pub fn is_gone(&self) -> bool {
        let category = self.raw.get(CATEGORY).and_then(Value::as_str);
        category == Some(GONE)
    }
}

/// Why a ticket, or a file of it, did not get there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Who can help.
    pub category: ErrorCategory,
    /// For a program.
    pub reason: Reason,
    /// For a person, without secrets: what happened.
    pub message: String,
    /// For a person: what to do about it; may be empty.
    pub advice: String,
    /// The status of the answer, if there was one.
    pub http_status: Option<u16>,
    /// How long the platform asks to wait.
    pub retry_after: Option<Duration>,
    /// Where the fault lies.
    pub at_fault: AtFault,
}

/// Where a fault lies: only one of the integration says anything about its health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtFault {
    /// In the way to the platform: settings, credentials, network, the platform itself.
    Integration,
    /// In the ticket: another one may well be taken.
    Ticket,
    /// In the integration, for good: where it leads says that it is there no more.
    Gone,
}

/// What a look for an earlier dispatch showed.
#[derive(Clone, Debug, PartialEq)]
pub enum Sought {
    /// It made this.
    Found(External),
    /// It made nothing that is there by now.
    Absent,
    /// The platform could not be asked, or not about all there is: a later look may show more.
    NotYetKnown(Failure),
    /// The platform cannot be asked at all; the text says why.
    CannotAsk(String),
}

/// What became of a file, by what may be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attached {
    /// The external ticket has it.
    Attached {
        /// The platform's id of it.
        id: String,
    },
    /// The platform does not take it.
    Rejected(Failure),
    /// The platform does not have it for certain; the same file may be sent after a wait.
    RetryLater(Failure),
    /// The platform may or may not have it: look before it is sent again.
    Uncertain(Failure),
}

/// A file that the external ticket has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFile {
    /// The platform's id of it.
    pub id: String,
    /// Its name.
    pub filename: String,
    /// Its size in bytes.
    pub size: u64,
}

/// Whether a status is that of a gateway which got no answer in time, or none that it could read: what is behind it may do the work yet
/// (RFC 9110, 15.6.3 and 15.6.5; from 520 on Cloudflare's own).
pub const fn is_of_gateway(status: u16) -> bool {
    matches!(status, 502 | 504 | 520..=527)
}

/// What may be done about an uncertain outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenUncertain {
    /// Look for what was made.
    Look,
    /// Send again: the receiver knows a repetition by its key, and drops it.
    SendAgain,
}

impl Failure {
    /// The longest text, in code points.
    pub const MESSAGE_MAX: usize = 2000;

    /// A failure without an answer, by the integration's fault.
    pub fn new(category: ErrorCategory, reason: Reason, message: impl AsRef<str>) -> Self {
        Self {
            category,
            reason,
            message: shortened(message.as_ref(), Self::MESSAGE_MAX),
            advice: String::new(),
            http_status: None,
            retry_after: None,
            at_fault: AtFault::Integration,
        }
    }

    /// What happened, and what to do about it.
    pub fn text(&self) -> String {
        // A platform's own words end the one as they come.
        let end = match self.message.ends_with(['.', '!', '?', '…']) {
            true => "",
            false => ".",
        };
        let text = format!("{}{end} {}", self.message, self.advice);
        shortened(text.trim_end(), Self::MESSAGE_MAX)
    }

    /// The same, with what to do about it.
    #[must_use]
    pub fn advising(mut self, advice: &str) -> Self {
        self.advice = shortened(advice, Self::MESSAGE_MAX);
        self
    }

    /// The same, told by an answer with this status.
    #[must_use]
    pub fn with_status(mut self, status: Option<u16>) -> Self {
        self.http_status = status;
        self
    }

    /// The same, with the wait that the platform asks for.
    #[must_use]
    pub fn after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// The same, by the ticket's fault.
    #[must_use]
    pub fn of_the_ticket(mut self) -> Self {
        self.at_fault = AtFault::Ticket;
        self
    }
}
