//! From a failure in domain words to a gRPC status with details (AIP-193), within what real clients can take.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use http::HeaderMap;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use crate::{
    error::{Error, Reason, Refusal, Violation},
    telemetry,
};

/// `ErrorInfo.domain` of every error.
pub(crate) const DOMAIN: &str = "docket";

/// The most violations that are listed; the message tells how many more there are.
const MAX_VIOLATIONS: usize = 20;
/// The most bytes that a status may take on the wire: beyond 8 KiB of trailers real clients fail or hang.
const MAX_STATUS: usize = 4096;
/// The most bytes of a message, which is sent twice, once with up to three bytes for each.
const MAX_MESSAGE: usize = 300;
/// The most bytes of a path, a name or a metadata value.
const MAX_NAME: usize = 160;
/// The most bytes of a rule's description.
const MAX_DESCRIPTION: usize = 240;
/// The most bytes of all metadata together.
const MAX_METADATA: usize = 1024;

impl From<Error> for Status {
    /// The status for a caller. A fault of docket's own is logged here, within the call's span; the caller learns nothing of it.
    fn from(error: Error) -> Self {
        let reason = error.reason();
        let message = error.to_string();
        match error {
            Error::Invalid {
                violations,
                metadata,
                ..
            } => invalid(reason, &violations, metadata),
            Error::NotFound { resource, id } => {
                named(Code::NotFound, reason, &message, resource, &id)
            }
            Error::AlreadyExists { resource, name } => {
                named(Code::AlreadyExists, reason, &message, resource, &name)
            }
            Error::NotDeleted { resource, id } => {
                named(Code::AlreadyExists, reason, &message, resource, &id)
            }
            Error::Unauthenticated => plain(Code::Unauthenticated, reason, &message),
            Error::Denied(refusal) => {
                let details = info(reason, &refusal.metadata);
                status(Code::PermissionDenied, &message, details)
            }
            Error::Refused(refusal) => refused(&refusal),
            Error::Aborted(refusal) => {
                let details = info(refusal.reason, &refusal.metadata);
                status(Code::Aborted, &refusal.message, details)
            }
            // Waiting makes nothing smaller.
            Error::Exhausted { .. } if reason == Reason::MessageTooLarge => {
                plain(Code::ResourceExhausted, reason, &message)
            }
            Error::Exhausted { retry_after, .. } => {
                later(Code::ResourceExhausted, reason, &message, retry_after)
            }
            Error::TooSlow { sequence } => {
                let mut details = info(reason, [("sequence", sequence.to_string())]);
                details.set_retry_info(Some(Duration::from_secs(1)));
                status(Code::ResourceExhausted, &message, details)
            }
            Error::Unavailable { retry_after, .. } => {
                later(Code::Unavailable, reason, &message, retry_after)
            }
            Error::Unimplemented(method) => {
                let details = info(reason, [("method", method)]);
                status(Code::Unimplemented, &message, details)
            }
            Error::DeadlineExceeded => plain(Code::DeadlineExceeded, reason, &message),
            Error::Fenced => {
                tracing::error!("a caller's write met a fence");
                plain(Code::Internal, reason, &message)
            }
            Error::Internal(source) => {
                tracing::error!(error = telemetry::chain(source.as_ref()), "internal error");
                plain(Code::Internal, reason, &message)
            }
        }
    }
}

/// A status that says no more than its reason.
pub(crate) fn plain(code: Code, reason: Reason, message: &str) -> Status {
    status(code, message, info(reason, [("", ""); 0]))
}

/// A status that tells when to ask again.
pub(crate) fn later(code: Code, reason: Reason, message: &str, retry_after: Duration) -> Status {
    let mut details = info(reason, [("", ""); 0]);
    details.set_retry_info(Some(retry_after));
    status(code, message, details)
}

/// The one status for a fault of docket's own: an id to find it in the log by.
pub(crate) fn internal(request_id: &str) -> Status {
    let mut details = info(Reason::Internal, [("request_id", request_id)]);
    details.set_request_info(request_id, "");
    status(Code::Internal, "internal error", details)
}

/// A status with these details; its message is shortened.
pub(crate) fn status(code: Code, message: &str, details: ErrorDetails) -> Status {
    Status::with_error_details(code, shorten(message, MAX_MESSAGE), details)
}

/// Details that hold an `ErrorInfo` alone.
pub(crate) fn info<K, V>(reason: Reason, metadata: impl IntoIterator<Item = (K, V)>) -> ErrorDetails
where
    K: AsRef<str>,
    V: AsRef<str>,
{
    let mut room = MAX_METADATA;
    let mut kept = HashMap::new();
    for (key, value) in metadata {
        let value = shorten(value.as_ref(), MAX_NAME);
        let needed = key.as_ref().len() + value.len();
        if needed <= room {
            room -= needed;
            kept.insert(key.as_ref().to_owned(), value);
        }
    }
    ErrorDetails::with_error_info(reason.to_string(), DOMAIN, kept)
}

fn invalid(
    reason: Reason,
    violations: &[Violation],
    mut metadata: BTreeMap<String, String>,
) -> Status {
    let mut listed: Vec<FieldViolation> = violations
        .iter()
        .take(MAX_VIOLATIONS)
        .map(|violation| {
            let field = shorten(&violation.field, MAX_NAME);
            FieldViolation::new(field, shorten(&violation.description, MAX_DESCRIPTION))
        })
        .collect();
    metadata.insert("count".to_owned(), violations.len().to_string());
    loop {
        let mut message = match listed.first() {
            // What is wrong with the message as a whole has no field.
            Some(first) if first.field.is_empty() => first.description.clone(),
            Some(first) => shorten(
                &format!("{}: {}", first.field, first.description),
                MAX_MESSAGE,
            ),
            None => "the request breaks a rule".to_owned(),
        };
        match violations.len() - listed.len() {
            0 if listed.len() > 1 => message += &format!("; {} violations in all", listed.len()),
            0 => {}
            more => message += &format!("; {} violations listed and {more} more", listed.len()),
        }
        let mut details = info(reason, &metadata);
        details.set_bad_request(listed.clone());
        let status = Status::with_error_details(Code::InvalidArgument, message, details);
        if wire_size(&status) <= MAX_STATUS || listed.pop().is_none() {
            return status;
        }
    }
}

fn named(code: Code, reason: Reason, message: &str, resource: &str, name: &str) -> Status {
    let name = shorten(name, MAX_NAME);
    let mut details = info(
        reason,
        [("resource_type", resource), ("resource_name", &name)],
    );
    details.set_resource_info(resource, name, "", "");
    status(code, message, details)
}

fn refused(refusal: &Refusal) -> Status {
    let mut details = info(refusal.reason, &refusal.metadata);
    details.add_precondition_failure_violation(
        refusal.reason.to_string(),
        shorten(&refusal.subject, MAX_NAME),
        shorten(&refusal.message, MAX_DESCRIPTION),
    );
    status(Code::FailedPrecondition, &refusal.message, details)
}

/// The bytes that the status adds to headers or trailers, as HTTP/2 counts them (RFC 9113, section 6.5.2).
fn wire_size(status: &Status) -> usize {
    let mut headers = HeaderMap::new();
    match status.add_header(&mut headers) {
        Ok(()) => headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 32)
            .sum(),
        Err(_) => usize::MAX,
    }
}

/// The text, cut to `max` bytes with an ellipsis where something is missing: behind a word, or within one that is as long as a sentence.
fn shorten(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let most = text.floor_char_boundary(max.saturating_sub('…'.len_utf8()));
    let word = text[..most].rfind(char::is_whitespace);
    let end = word.filter(|end| *end > most / 2).unwrap_or(most);
    let ends = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':');
    format!("{}…", text[..end].trim_end_matches(ends))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_behind_a_word_and_a_long_word_anywhere() {
        assert_eq!(shorten("one two", 7), "one two");
        assert_eq!(shorten("three, four", 10), "three…");
        assert_eq!(shorten("ä-single-word", 7), "ä-s…");
        assert_eq!(shorten("a single-word", 9), "a sing…");
    }
}
