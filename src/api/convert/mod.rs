//! Between the contract's messages and the app's values. Reading a request tells every rule that it breaks, by the field's path
//! from the request's root; writing an answer cannot fail.

pub(super) mod adf;
pub(super) mod attachment;
pub(super) mod batch;
pub(super) mod comment;
pub(super) mod dispatch;
pub(super) mod enums;
pub(super) mod event;
pub(super) mod export;
pub(super) mod fixes;
pub(super) mod history;
pub(super) mod ids;
pub(super) mod integration;
mod integration_config;
pub(super) mod integration_create;
pub(super) mod integration_result;
pub(super) mod integration_update;
pub(crate) mod json;
pub(super) mod mask;
pub(super) mod page;
pub(super) mod plan;
pub(super) mod platform;
pub(super) mod project;
pub(super) mod session;
pub(super) mod session_edit;
pub(super) mod session_ticket;
pub(super) mod sla;
pub(super) mod ticket;
pub(super) mod ticket_list;
pub(super) mod ticket_update;
pub(super) mod ticket_watch;
pub(super) mod time;
pub(super) mod user;
pub(super) mod workflow;

use crate::{domain::etag::of_version as etag, error::Violations};

/// The most values of a list in a filter.
const MAX_VALUES: usize = 100;

/// The message, or `None` with its absence noted.
fn required<T>(violations: &mut Violations, field: &str, message: Option<T>) -> Option<T> {
    if message.is_none() {
        violations.add(field, "is required");
    }
    message
}

/// The text of a field in which empty means absent.
fn filled(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// A count that is never near the limit of its field.
fn count(value: i64) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}
