//! What went wrong, in domain words: every layer speaks of failure with this one type, and only `api/status` turns it into gRPC.

mod reason;

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

pub use reason::Reason;

/// The result of everything in docket that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure, by what the caller can do about it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The request breaks rules; every broken one is listed, by the path of its field.
    #[error("{}", summary(violations))]
    Invalid {
        /// Which kind of rule, where a program may care; else [`Reason::InvalidFields`].
        reason: Reason,
        /// Every broken rule.
        violations: Vec<Violation>,
        /// Facts a program can act on, as for a [`Refusal`].
        metadata: BTreeMap<String, String>,
    },
    /// The thing does not exist, or this caller may not see that it does: one text for both.
    #[error("{resource} {id:?} was not found")]
    NotFound {
        /// What kind of thing: `ticket`, `session` …
        resource: &'static str,
        /// The identifier as the caller gave it.
        id: String,
    },
    /// No usable bearer token came with the call. Never says which check failed.
    #[error("a valid bearer token is required")]
    Unauthenticated,
    /// The caller is known and may not do this.
    #[error("{}", .0.message)]
    Denied(Box<Refusal>),
    /// The request is well formed, but the state of things forbids it until something else changes.
    #[error("{}", .0.message)]
    Refused(Box<Refusal>),
    /// The request lost against another one; reading again and deciding anew may succeed.
    #[error("{}", .0.message)]
    Aborted(Box<Refusal>),
    /// A name that must be unique is taken.
    #[error("the name {name:?} is taken by another {resource}")]
    AlreadyExists {
        /// What kind of thing.
        resource: &'static str,
        /// The taken name.
        name: String,
    },
    /// What is to be restored is not deleted.
    #[error("{resource} {id:?} is not deleted")]
    NotDeleted {
        /// What kind of thing.
        resource: &'static str,
        /// Which.
        id: String,
    },
    /// Too much was asked for; the same call may succeed after the delay.
    #[error("{message}")]
    Exhausted {
        /// Which limit.
        reason: Reason,
        /// For a person.
        message: String,
        /// When to ask again.
        retry_after: Duration,
    },
    /// Events come faster than their watcher reads; reading on from `sequence` misses none.
    #[error(
        "events come faster than this watcher reads them; watch again from sequence {sequence}"
    )]
    TooSlow {
        /// The last one that was sent.
        sequence: i64,
    },
    /// Something that docket needs is out of reach for now.
    #[error("{message}")]
    Unavailable {
        /// What.
        reason: Reason,
        /// For a person.
        message: String,
        /// When to ask again.
        retry_after: Duration,
    },
    /// The contract names it and this server does not serve it.
    #[error("{0} is not served by this server")]
    Unimplemented(&'static str),
    /// The deadline passed before there was an answer.
    #[error("the deadline passed before there was an answer")]
    DeadlineExceeded,
    /// Another worker holds the run now; whoever meets this stops and changes nothing. Never reaches a caller.
    #[error("another worker holds this run")]
    Fenced,
    /// A fault of docket's own. The source is for the log, never for the caller.
    #[error("internal error")]
    Internal(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

/// One broken rule of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field's path from the request's root, as in the proto: `tickets[3].title`.
    pub field: String,
    /// The rule, for a person.
    pub description: String,
}

/// Why a well-formed request cannot be carried out.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// For a program.
    pub reason: Reason,
    /// For a person: what is wrong and what to do.
    pub message: String,
    /// What the refusal is about, such as `session/0195…`.
    pub subject: String,
    /// Facts a program can act on, by the keys that `error_reason.proto` lists for the reason.
    pub metadata: BTreeMap<String, String>,
}

impl Error {
    /// One broken rule.
    pub fn invalid(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::invalid_because(Reason::InvalidFields, field, description)
    }

    /// One broken rule that a program can tell from others.
    pub fn invalid_because(
        reason: Reason,
        field: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        let violation = Violation {
            field: field.into(),
            description: description.into(),
        };
        Self::Invalid {
            reason,
            violations: vec![violation],
            metadata: BTreeMap::new(),
        }
    }

    /// Whether a write that failed with this surely wrote nothing. After any other failure nobody knows.
    pub fn wrote_nothing(&self) -> bool {
        match self {
            Self::Internal { .. } => false,
            // A writer that is gone may have been at its last commit.
            Self::Unavailable { reason, .. } => *reason != Reason::ShuttingDown,
            _ => true,
        }
    }

    /// The thing is missing or hidden.
    pub fn not_found(resource: &'static str, id: impl fmt::Display) -> Self {
        Self::NotFound {
            resource,
            id: id.to_string(),
        }
    }

    /// The caller may not do this.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::Denied(Box::new(Refusal::new(
            Reason::PermissionDenied,
            "",
            message,
        )))
    }

    /// The state of `subject` forbids the request.
    pub fn refused(reason: Reason, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Refused(Box::new(Refusal::new(reason, subject, message)))
    }

    /// Another request won.
    pub fn aborted(reason: Reason, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Aborted(Box::new(Refusal::new(reason, subject, message)))
    }

    /// A fault of docket's own.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(Arc::from(source.into()))
    }

    /// Adds a fact to a refusal or an invalid request; leaves every other kind as it is.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl fmt::Display) -> Self {
        let metadata = match &mut self {
            Self::Denied(refusal) | Self::Refused(refusal) | Self::Aborted(refusal) => {
                &mut refusal.metadata
            }
            Self::Invalid { metadata, .. } => metadata,
            _ => return self,
        };
        metadata.insert(key.to_owned(), value.to_string());
        self
    }

    /// The reason that a program acts on.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Invalid { reason, .. } => *reason,
            Self::NotFound { .. } => Reason::NotFound,
            Self::Unauthenticated => Reason::Unauthenticated,
            Self::Denied(refusal) | Self::Refused(refusal) | Self::Aborted(refusal) => {
                refusal.reason
            }
            Self::AlreadyExists { .. } | Self::NotDeleted { .. } => Reason::AlreadyExists,
            Self::Exhausted { reason, .. } | Self::Unavailable { reason, .. } => *reason,
            Self::TooSlow { .. } => Reason::WatchTooSlow,
            Self::Unimplemented(_) => Reason::Unimplemented,
            Self::DeadlineExceeded => Reason::DeadlineExceeded,
            Self::Fenced | Self::Internal(_) => Reason::Internal,
        }
    }
}

impl Refusal {
    /// `session/0195…` as a subject is also the fact `session_id`.
    fn new(reason: Reason, subject: impl Into<String>, message: impl Into<String>) -> Self {
        let subject = subject.into();
        let named = subject.split_once('/');
        let metadata = named.map(|(kind, id)| (format!("{kind}_id"), id.to_owned()));
        Self {
            reason,
            metadata: metadata.into_iter().collect(),
            subject,
            message: message.into(),
        }
    }
}

/// "field: rule; field: rule".
fn summary(violations: &[Violation]) -> String {
    violations
        .iter()
        .map(|v| format!("{}: {}", v.field, v.description))
        .collect::<Vec<_>>()
        .join("; ")
}

/// Collects every violation of a request before anything is refused.
#[derive(Debug, Default)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// An empty collection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a broken rule.
    pub fn add(&mut self, field: impl Into<String>, description: impl Into<String>) {
        self.0.push(Violation {
            field: field.into(),
            description: description.into(),
        });
    }

    /// The value, or `None` with its violations noted: one, or all of a list's. A rule's own field path is appended to `field`.
    pub fn check<T>(
        &mut self,
        field: &str,
        parsed: Result<T, impl Into<Vec<Broken>>>,
    ) -> Option<T> {
        let note = |broken: Broken| self.add(format!("{field}{}", broken.path), broken.rule);
        parsed
            .map_err(|broken| broken.into().into_iter().for_each(note))
            .ok()
    }

    /// Takes over the violations of an `Error::Invalid`; any other error is returned.
    pub fn absorb<T>(&mut self, result: Result<T>) -> Result<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(Error::Invalid { violations, .. }) => {
                self.0.extend(violations);
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    /// `Ok` when nothing was noted.
    pub fn finish(self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid {
                reason: Reason::InvalidFields,
                violations: self.0,
                metadata: BTreeMap::new(),
            })
        }
    }

    /// What was made of the request, when nothing was noted. `None` then is a fault of docket's own: every missing part is noted.
    pub fn settle<T>(self, made: Option<T>) -> Result<T> {
        self.finish()?;
        made.ok_or_else(|| Error::internal("a part of the request is missing and was not noted"))
    }

    /// Whether nothing was noted so far.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A rule of a domain value that an input breaks; the edge adds the field's path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Where inside the value, such as `[3]` or `.site_url`; empty for the value itself.
    pub path: String,
    /// The rule, for a person.
    pub rule: String,
}

impl Broken {
    /// The value itself breaks `rule`.
    pub fn new(rule: impl Into<String>) -> Self {
        Self {
            path: String::new(),
            rule: rule.into(),
        }
    }

    /// A part of the value breaks `rule`.
    pub fn at(path: impl Into<String>, rule: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            rule: rule.into(),
        }
    }
}

impl From<Broken> for Vec<Broken> {
    fn from(broken: Broken) -> Self {
        vec![broken]
    }
}

/// What `rule` makes of each item; of those that break it, all are told, each at its index.
pub fn each<I, T>(
    items: impl IntoIterator<Item = I>,
    mut rule: impl FnMut(I) -> Result<T, Broken>,
) -> Result<Vec<T>, Vec<Broken>> {
    let mut kept = Vec::new();
    let mut faults = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        match rule(item) {
            Ok(value) => kept.push(value),
            Err(broken) => {
                let path = format!("[{index}]{}", broken.path);
                faults.push(Broken::at(path, broken.rule));
            }
        }
    }
    if faults.is_empty() {
        Ok(kept)
    } else {
        Err(faults)
    }
}
