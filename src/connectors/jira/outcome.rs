//! What an answer of Jira's means for what was asked: every status, every way to fail, in one place.

use std::{collections::BTreeMap, time::Duration};

use chrono::DateTime;
use serde::Deserialize;
use serde_json::Value;

use super::{AttachOutcome, IssueFile};
use crate::connectors::{
    http::{Answer, Lost, MAX_WAIT, NotSent, SendError},
    reach::Unreached,
    redact::Redactor,
};

/// Jira's word for a text beyond its limit.
const CONTENT_LIMIT_EXCEEDED: &str = "CONTENT_LIMIT_EXCEEDED";
/// How many messages of a refusal are kept, and how many fields.
const MAX_MESSAGES: usize = 20;

/// An issue, as Jira names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueRef {
    /// Its number on the site; stays when the issue moves.
    pub id: String,
    /// Its key, `DEMO-42`.
    pub key: String,
}

/// What became of a create, by what may be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreateOutcome {
    /// The issue exists, as an answer with this status says.
    Created(IssueRef, u16),
    /// Jira refused; no issue exists. The same request would be refused again.
    Rejected(Rejection),
    /// Jira refused for now; no issue exists. The same request may be sent after the wait.
    RetryLater {
        /// How long Jira asks to wait; a gateway may not say.
        after: Option<Duration>,
        /// The limit that was hit, as Jira names it (`jira-burst-based` …); empty when it does not.
        reason: String,
    },
    /// The request never left; no issue exists. It may be sent again.
    NotSent(Trouble),
    /// An issue may or may not exist, or come to exist: look for it before anything is sent again.
    Uncertain(Trouble),
}

/// Why a call failed that changes nothing, or that may be repeated without harm.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Jira refused.
    #[error("{0}")]
    Rejected(Rejection),
    /// Jira asks to come back later.
    #[error("Jira asks to come back later ({reason})")]
    RetryLater {
        /// The HTTP status: 429, or 503 with a wait.
        status: u16,
        /// How long Jira asks to wait; a gateway may not say.
        after: Option<Duration>,
        /// The limit that was hit, as Jira names it; empty when it does not.
        reason: String,
    },
    /// No usable answer.
    #[error("{0}")]
    Trouble(Trouble),
}

impl CallError {
    /// A request that Jira refused for now, by the answer that means nothing else.
    pub fn throttled(after: Option<Duration>, reason: String) -> Self {
        Self::RetryLater {
            status: 429,
            after,
            reason,
        }
    }
}

/// A refusal in Jira's own words, cleaned of secrets and cut to a readable length.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Jira refused with status {status}: {}", self.quote())]
pub struct Rejection {
    /// The HTTP status.
    pub status: u16,
    /// Texts about the request as a whole; may be localised.
    pub messages: Vec<String>,
    /// Texts about single fields by the field's id; may be localised.
    pub fields: BTreeMap<String, String>,
    /// Whether it is the description's length that was refused.
    pub(super) too_long: bool,
}

/// Why there is no usable answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No connection came about.
    #[error("Jira could not be reached: {0}")]
    Unreached(Unreached),
    /// There was no answer in time.
    #[error("Jira did not answer in time")]
    Timeout,
    /// The connection broke before the answer was complete.
    #[error("the connection to Jira was lost")]
    ConnectionLost,
    /// Jira, or a gateway before it, failed with this status.
    #[error("Jira failed with status {0}")]
    ServerError(u16),
    /// Jira, or a gateway before it, is overloaded (503) and says when to come back. It may have done the work all the same.
    #[error("Jira failed with status 503 and asks to come back in {} s", .after.as_secs())]
    Overloaded {
        /// How long Jira asks to wait.
        after: Duration,
        /// The limit that was hit, as Jira names it; empty when it does not.
        reason: String,
    },
    /// The answer is not what Jira's contract promises, or too large.
    #[error("Jira's answer could not be read")]
    Unreadable,
    /// The address guard forbids the call; the text says why.
    #[error("docket does not call this address: {0}")]
    AddressRefused(String),
}

#[derive(Deserialize)]
struct CreatedBody {
    id: String,
    key: String,
}

impl Rejection {
    /// Reads a refusal's body: Jira's `errorMessages` and `errors`, a gateway's `message`. Each part counts as far as it can be read,
    /// whatever the others are.
    pub(super) fn read(answer: &Answer, redactor: &Redactor) -> Self {
        let body: Value = serde_json::from_slice(answer.bytes()).unwrap_or_default();
        let text = |value: &Value| {
            let plain = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            redactor.clean(&plain)
        };
        let errors = &body["errors"];
        let parts = [&body["errorMessages"], &body["message"], errors];
        let named = errors.as_object().into_iter().flatten();
        let mut read = Self {
            too_long: false,
            status: answer.status,
            messages: parts
                .into_iter()
                .flat_map(nameless)
                .map(text)
                .filter(|m| !m.is_empty())
                .take(MAX_MESSAGES)
                .collect(),
            fields: named
                .filter(|(_, why)| !why.is_null())
                .take(MAX_MESSAGES)
                .map(|(field, why)| (redactor.clean(as_sent(field)), text(why)))
                .collect(),
        };
        read.too_long = answer.status == 413 || read.names(CONTENT_LIMIT_EXCEEDED);
        read
    }

    /// The same, said by Data Center: wiki markup has no faults but its length, whose limit each site sets for itself, and a site says
    /// so in its own language.
    pub(super) fn of_data_center(mut self) -> Self {
        self.too_long |= self.status == 400 && self.fields.contains_key("description");
        self
    }

    /// Whether a protocol constant stands in the messages or texts. (Constants are not localised, texts are.)
    pub fn names(&self, constant: &str) -> bool {
        let mut texts = self.messages.iter().chain(self.fields.values());
        texts.any(|text| text.contains(constant))
    }

    /// All that Jira said, in one line.
    pub fn quote(&self) -> String {
        let fields = self.fields.iter().map(|(id, why)| format!("{id}: {why}"));
        let all: Vec<_> = self.messages.iter().cloned().chain(fields).collect();
        if all.is_empty() {
            "(no reason given)".to_owned()
        } else {
            all.join("; ")
        }
    }
}

/// The texts of one part of an error body that stand for no field.
fn nameless(part: &Value) -> impl Iterator<Item = &Value> {
    let texts: &[Value] = match part {
        Value::Array(texts) => texts,
        Value::Null | Value::Object(_) => &[],
        text => std::slice::from_ref(text),
    };
    texts.iter().filter(|text| !text.is_null())
}

/// The name under which a create sends the field that Jira speaks of: for two it has names of its own.
fn as_sent(field: &str) -> &str {
    match field {
        "parentId" => "parent",
        "pid" => "project",
        field => field,
    }
}

/// What became of a create.
pub(super) fn of_create(sent: Result<Answer, SendError>, redactor: &Redactor) -> CreateOutcome {
    let answer = match sent {
        Ok(answer) => answer,
        Err(SendError::NotSent(why)) => return CreateOutcome::NotSent(why.into()),
        Err(SendError::Lost(how)) => return CreateOutcome::Uncertain(how.into()),
    };
    match answer.status {
        200..=299 => created(&answer),
        429 => CreateOutcome::RetryLater {
            after: wait(&answer),
            reason: limit(&answer, redactor),
        },
        // A gateway that gave up says 408 too; nothing tells whether the work went on behind it.
        408 => CreateOutcome::Uncertain(Trouble::Timeout),
        300..=499 => CreateOutcome::Rejected(Rejection::read(&answer, redactor)),
        // 503 is no exception: a gateway says it before as well as after the work was done.
        503 if answer.header("retry-after").is_some() => {
            CreateOutcome::Uncertain(overloaded(&answer, redactor))
        }
        status => CreateOutcome::Uncertain(Trouble::ServerError(status)),
    }
}

/// The issue that a 2xx names. Any success that names one tells of an issue that exists; one that does not may have made one.
fn created(answer: &Answer) -> CreateOutcome {
    let bytes = match &answer.body {
        Ok(bytes) => bytes,
        Err(how) => return CreateOutcome::Uncertain((*how).into()),
    };
    match serde_json::from_slice::<CreatedBody>(bytes) {
        Ok(body) if !body.id.is_empty() && is_key(&body.key) => {
            let (id, key) = (body.id, body.key);
            CreateOutcome::Created(IssueRef { id, key }, answer.status)
        }
        _ => CreateOutcome::Uncertain(Trouble::Unreadable),
    }
}

/// What became of adding a file.
pub(super) fn of_attach(sent: Result<Answer, SendError>, redactor: &Redactor) -> AttachOutcome {
    let answer = match sent {
        Ok(answer) => answer,
        Err(SendError::NotSent(why)) => return AttachOutcome::NotSent(why.into()),
        Err(SendError::Lost(how)) => return AttachOutcome::Uncertain(how.into()),
    };
    match answer.status {
        200..=299 => match attached(&answer) {
            Ok(file) => AttachOutcome::Attached(file),
            Err(trouble) => AttachOutcome::Uncertain(trouble),
        },
        429 => AttachOutcome::RetryLater {
            after: wait(&answer),
            reason: limit(&answer, redactor),
        },
        408 => AttachOutcome::Uncertain(Trouble::Timeout),
        300..=499 => AttachOutcome::Rejected(Rejection::read(&answer, redactor)),
        503 if answer.header("retry-after").is_some() => {
            AttachOutcome::Uncertain(overloaded(&answer, redactor))
        }
        status => AttachOutcome::Uncertain(Trouble::ServerError(status)),
    }
}

/// The one file that a success names.
fn attached(answer: &Answer) -> Result<IssueFile, Trouble> {
    let bytes = answer.body.as_ref().map_err(|how| Trouble::from(*how))?;
    let files = serde_json::from_slice::<Vec<IssueFile>>(bytes).unwrap_or_default();
    files.into_iter().next().ok_or(Trouble::Unreadable)
}

/// Whether the text has the form of an issue's key: a project's key, a hyphen and a number.
fn is_key(text: &str) -> bool {
    let Some((project, number)) = text.rsplit_once('-') else {
        return false;
    };
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !project.is_empty() && project.chars().all(word) && number.parse::<u32>().is_ok_and(|n| n > 0)
}

/// The body of a successful call that may be repeated without harm.
pub(super) fn of_call(
    sent: Result<Answer, SendError>,
    redactor: &Redactor,
) -> Result<Vec<u8>, CallError> {
    let answer = sent.map_err(|error| {
        CallError::Trouble(match error {
            SendError::NotSent(why) => why.into(),
            SendError::Lost(how) => how.into(),
        })
    })?;
    match answer.status {
        200..=299 => answer.body.map_err(|how| CallError::Trouble(how.into())),
        408 => Err(CallError::Trouble(Trouble::Timeout)),
        429 => Err(later(&answer, redactor)),
        503 if answer.header("retry-after").is_some() => Err(later(&answer, redactor)),
        300..=499 => Err(CallError::Rejected(Rejection::read(&answer, redactor))),
        status => Err(CallError::Trouble(Trouble::ServerError(status))),
    }
}

fn overloaded(answer: &Answer, redactor: &Redactor) -> Trouble {
    Trouble::Overloaded {
        after: wait(answer).unwrap_or_default(),
        reason: limit(answer, redactor),
    }
}

fn later(answer: &Answer, redactor: &Redactor) -> CallError {
    CallError::RetryLater {
        status: answer.status,
        after: wait(answer),
        reason: limit(answer, redactor),
    }
}

fn limit(answer: &Answer, redactor: &Redactor) -> String {
    redactor.clean(answer.header("ratelimit-reason").unwrap_or_default())
}

/// How long the answer asks to wait: `Retry-After`, else the instant in `X-RateLimit-Reset`.
fn wait(answer: &Answer) -> Option<Duration> {
    answer.retry_after().or_else(|| {
        let wait = (reset(answer)? - answer.date()?).to_std();
        Some(wait.unwrap_or_default().min(MAX_WAIT))
    })
}

/// `X-RateLimit-Reset`: an ISO 8601 instant, whose seconds Jira leaves out.
fn reset(answer: &Answer) -> Option<DateTime<chrono::FixedOffset>> {
    let text = answer.header("x-ratelimit-reset")?.trim();
    DateTime::parse_from_rfc3339(text)
        .or_else(|_| {
            DateTime::parse_from_str(&text.replace('Z', ":00+00:00"), "%Y-%m-%dT%H:%M:%S%:z")
        })
        .ok()
}

impl From<NotSent> for Trouble {
    fn from(why: NotSent) -> Self {
        match why {
            NotSent::Refused(refused) => Self::AddressRefused(refused.to_string()),
            NotSent::Unreached(why) => Self::Unreached(why),
            NotSent::Unbuilt => Self::Unreached(Unreached::Other),
        }
    }
}

impl From<Lost> for Trouble {
    fn from(how: Lost) -> Self {
        match how {
            Lost::Timeout => Self::Timeout,
            Lost::Connection => Self::ConnectionLost,
            Lost::TooLarge => Self::Unreadable,
        }
    }
}

impl From<Trouble> for CallError {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

#[cfg(test)]
mod tests;
