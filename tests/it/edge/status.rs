//! Failures as statuses: the details of each kind, within what clients can take.

use std::time::Duration;

use docket::error::{Error, Reason, Violations};
use tonic::{Code, Status};

use super::{details, reason};

/// The bytes of the two headers that a status is sent in.
fn wire_size(status: &Status) -> usize {
    let mut headers = http::HeaderMap::new();
    status.add_header(&mut headers).unwrap();
    headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum()
}

#[test]
fn every_violation_is_listed() {
    let mut violations = Violations::new();
    violations.add("ticket.title", "must not be empty");
    violations.add("ticket.tags[3]", "must not be empty");
    let status = Status::from(violations.finish().unwrap_err());
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(reason(&status), "INVALID_FIELDS");
    let details = details(&status);
    let fields: Vec<_> = details
        .bad_request()
        .unwrap()
        .field_violations
        .iter()
        .map(|v| v.field.as_str())
        .collect();
    assert_eq!(fields, ["ticket.title", "ticket.tags[3]"]);
}

#[test]
fn many_long_violations_fit_four_kibibytes_and_the_rest_is_counted() {
    for text in ["short", &"long ".repeat(1000), &"日本語".repeat(1000)] {
        let mut violations = Violations::new();
        for index in 0..500 {
            violations.add(format!("tickets[{index}].{text}"), text);
        }
        let status = Status::from(violations.finish().unwrap_err());
        assert!(wire_size(&status) <= 4096, "{} bytes", wire_size(&status));
        let details = details(&status);
        let listed = details.bad_request().unwrap().field_violations.len();
        assert!((1..=20).contains(&listed), "{listed} listed");
        assert!(
            status
                .message()
                .ends_with(&format!("and {} more", 500 - listed)),
            "{}",
            status.message()
        );
        assert_eq!(details.error_info().unwrap().metadata["count"], "500");
    }
}

#[test]
fn a_missing_thing_is_named() {
    let status = Status::from(Error::not_found("ticket", "TKT-000042"));
    assert_eq!(status.code(), Code::NotFound);
    let details = details(&status);
    let resource = details.resource_info().unwrap();
    assert_eq!(
        (
            resource.resource_type.as_str(),
            resource.resource_name.as_str()
        ),
        ("ticket", "TKT-000042")
    );
    let metadata = &details.error_info().unwrap().metadata;
    assert_eq!(metadata["resource_type"], "ticket");
    assert_eq!(metadata["resource_name"], "TKT-000042");
}

#[test]
fn a_refusal_tells_its_reason_subject_and_facts() {
    let refusal = || {
        Error::refused(
            Reason::SessionEmpty,
            "session/1",
            "the session has no tickets",
        )
        .with("session_id", 1)
    };
    let status = Status::from(refusal());
    assert_eq!(status.code(), Code::FailedPrecondition);
    let details = details(&status);
    let violation = &details.precondition_failure().unwrap().violations[0];
    assert_eq!(
        (violation.r#type.as_str(), violation.subject.as_str()),
        ("SESSION_EMPTY", "session/1")
    );
    assert_eq!(details.error_info().unwrap().metadata["session_id"], "1");

    let long = "日".repeat(9_000);
    let status = (0..50).fold(
        Error::refused(Reason::SessionEmpty, &long, &long),
        |error, index| error.with(&format!("key{index}"), &long),
    );
    let status = Status::from(status);
    assert!(wire_size(&status) <= 4096, "{} bytes", wire_size(&status));
    assert_eq!(status.code(), Code::FailedPrecondition);
}

#[test]
fn waiting_is_told_in_retry_info() {
    let retry_after = Duration::from_millis(1500);
    let exhausted = Error::Exhausted {
        reason: Reason::PolledTooOften,
        message: "slower".to_owned(),
        retry_after,
    };
    let unavailable = Error::Unavailable {
        reason: Reason::DatabaseBusy,
        message: "busy".to_owned(),
        retry_after,
    };
    for (error, code) in [
        (exhausted, Code::ResourceExhausted),
        (unavailable, Code::Unavailable),
    ] {
        let status = Status::from(error);
        assert_eq!(status.code(), code);
        assert_eq!(
            details(&status).retry_info().unwrap().retry_delay,
            Some(retry_after)
        );
    }
}
