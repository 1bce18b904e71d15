//! Identifiers in requests.

use std::str::FromStr;

use uuid::Uuid;

use crate::error::{Broken, Error, Result, Violations};

/// The id that a request consists of, all but for what is looked at later.
pub(in crate::api) fn id<T: FromStr<Err = Broken>>(field: &str, text: &str) -> Result<T> {
    text.parse()
        .map_err(|broken: Broken| Error::invalid(field, broken.rule))
}

/// The id in a field that may be absent; `None` only when it is broken, which is noted.
pub(super) fn optional<T: FromStr<Err = Broken>>(
    violations: &mut Violations,
    field: &str,
    text: Option<&str>,
) -> Option<Option<T>> {
    violations.check(field, text.map(str::parse).transpose())
}

/// The `request_id`; `None` only when it is broken, which is noted.
pub(super) fn request(violations: &mut Violations, text: Option<&str>) -> Option<Option<Uuid>> {
    let parsed = text.map(Uuid::try_parse).transpose();
    violations.check(
        "request_id",
        parsed.map_err(|_| Broken::new("must be a UUID")),
    )
}

/// The `request_id` of a request that has nothing else to be read.
pub(in crate::api) fn only_request(text: Option<&str>) -> Result<Option<Uuid>> {
    let mut violations = Violations::new();
    let id = request(&mut violations, text);
    violations.settle(id)
}
