//! Words for a person: field names, lists, durations.

use std::time::Duration;

/// What docket calls a Jira field; Jira's own id where docket has no name for it.
pub(super) fn field_name(id: &str) -> &str {
    match id {
        "issuetype" => "issue type",
        "summary" => "title",
        other => other,
    }
}

/// "a, b, c", or "none".
pub(super) fn listed(names: &[&str]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// Whole minutes, rounded up, so that the time named is never too early.
pub(super) fn minutes(duration: Duration) -> String {
    match duration.as_secs().div_ceil(60).max(1) {
        1 => "a minute".to_owned(),
        n => format!("{n} minutes"),
    }
}
