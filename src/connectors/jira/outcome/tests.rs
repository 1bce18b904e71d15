//! Every way in which a create or another call can end.

use super::*;
use crate::connectors::{guard::Refused, reach::Unreached};

const TOKEN: &str = "planted-token";

type Headers<'a> = &'a [(&'static str, &'a str)];

fn redactor() -> Redactor {
    Redactor::new([TOKEN.into()])
}

fn create(
    status: u16,
    headers: &[(&'static str, &str)],
    body: Result<&str, Lost>,
) -> CreateOutcome {
    of_create(Ok(Answer::fake(status, headers, body)), &redactor())
}

fn call(
    status: u16,
    headers: &[(&'static str, &str)],
    body: Result<&str, Lost>,
) -> Result<Vec<u8>, CallError> {
    of_call(Ok(Answer::fake(status, headers, body)), &redactor())
}

#[test]
fn a_success_that_names_an_issue_is_one_and_any_other_is_uncertain() {
    let whole = r#"{"id":"10001","key":"DEMO-42","self":"x","surprise":[1]}"#;
    let issue = IssueRef {
        id: "10001".into(),
        key: "DEMO-42".into(),
    };
    assert_eq!(
        create(201, &[], Ok(whole)),
        CreateOutcome::Created(issue.clone(), 201)
    );
    assert_eq!(
        create(200, &[], Ok(whole)),
        CreateOutcome::Created(issue, 200)
    );
    let unreadable = [
        "",
        "{}",
        "null",
        "<html>",
        r#"{"id":"1"}"#,
        r#"{"key":"DEMO-1"}"#,
        r#"{"id":"","key":"DEMO-1"}"#,
        r#"{"id":"1","key":""}"#,
        r#"{"id":"1","key":"DEMO"}"#,
        r#"{"id":"1","key":"DEMO-0"}"#,
        r#"{"id":"1","key":"-7"}"#,
        r#"{"id":"1","key":"../x-7"}"#,
        r#"{"id":1,"key":"DEMO-1"}"#,
        r#"{"id":"1","key":"DEMO-4"#,
    ];
    for body in unreadable {
        let outcome = create(201, &[], Ok(body));
        assert_eq!(
            outcome,
            CreateOutcome::Uncertain(Trouble::Unreadable),
            "{body}"
        );
    }
    for (how, trouble) in [
        (Lost::Timeout, Trouble::Timeout),
        (Lost::Connection, Trouble::ConnectionLost),
        (Lost::TooLarge, Trouble::Unreadable),
    ] {
        assert_eq!(
            create(201, &[], Err(how)),
            CreateOutcome::Uncertain(trouble)
        );
    }
}

#[test]
fn every_server_error_leaves_a_create_uncertain_even_one_that_says_when_to_retry() {
    for status in [500, 501, 502, 504, 520, 599] {
        let outcome = create(status, &[("retry-after", "5")], Ok("{}"));
        assert_eq!(
            outcome,
            CreateOutcome::Uncertain(Trouble::ServerError(status))
        );
    }
    assert_eq!(
        create(503, &[], Ok("{}")),
        CreateOutcome::Uncertain(Trouble::ServerError(503))
    );
    let overloaded = Trouble::Overloaded {
        after: Duration::from_secs(5),
        reason: String::new(),
    };
    assert_eq!(
        create(503, &[("retry-after", "5")], Ok("{}")),
        CreateOutcome::Uncertain(overloaded)
    );
    assert_eq!(
        create(408, &[], Ok("")),
        CreateOutcome::Uncertain(Trouble::Timeout)
    );
}

#[test]
fn refusals_are_told_by_status_whatever_becomes_of_the_body() {
    for status in [
        301, 302, 307, 400, 401, 403, 404, 405, 409, 410, 413, 415, 422,
    ] {
        for body in [
            Ok("{}"),
            Ok("<html>"),
            Err(Lost::Connection),
            Err(Lost::TooLarge),
        ] {
            let wanted = Rejection {
                too_long: status == 413,
                status,
                messages: vec![],
                fields: BTreeMap::new(),
            };
            assert_eq!(create(status, &[], body), CreateOutcome::Rejected(wanted));
        }
    }
}

#[test]
fn a_refusal_keeps_what_jira_said_without_secrets() {
    let body = r#"{"errorMessages":["no planted-token", 7],"errors":{"assignee":"bad","x":{"deep":1}},"more":1}"#;
    let CreateOutcome::Rejected(rejection) = create(400, &[], Ok(body)) else {
        panic!("not rejected")
    };
    assert_eq!(rejection.messages, ["no [redacted]", "7"]);
    assert_eq!(rejection.fields["assignee"], "bad");
    assert_eq!(rejection.fields["x"], r#"{"deep":1}"#);
    assert!(!format!("{rejection} {rejection:?}").contains(TOKEN));
    let gateway = create(403, &[], Ok(r#"{"code":403,"message":"blocked"}"#));
    assert!(matches!(gateway, CreateOutcome::Rejected(r) if r.messages == ["blocked"]));
}

#[test]
fn each_part_of_a_refusal_counts_whatever_the_others_are() {
    let read = |body: &str| match create(400, &[], Ok(body)) {
        CreateOutcome::Rejected(rejection) => (rejection.messages, rejection.fields),
        other => panic!("not rejected: {other:?}"),
    };
    for messages in ["null", "[]", "{}", "[null]"] {
        let body = format!(r#"{{"errorMessages":{messages},"errors":{{"labels":"no"}}}}"#);
        let (_, fields) = read(&body);
        assert_eq!(fields, BTreeMap::from([("labels".into(), "no".into())]));
    }
    let (messages, fields) = read(r#"{"errorMessages":"whole","errors":{"labels":null,"x":"no"}}"#);
    assert_eq!(messages, ["whole"]);
    assert_eq!(fields, BTreeMap::from([("x".into(), "no".into())]));
    let (messages, fields) = read(r#"{"errorMessages":null,"errors":["a",{"b":1}],"message":7}"#);
    assert_eq!(messages, ["7", "a", r#"{"b":1}"#]);
    assert!(fields.is_empty());
    let (_, fields) = read(r#"{"errors":{"parentId":"hierarchy","pid":"gone"}}"#);
    let names: Vec<_> = fields.keys().map(String::as_str).collect();
    assert_eq!(names, ["parent", "project"]);
}

#[test]
fn throttling_says_how_long_in_every_form() {
    const DATE: (&str, &str) = ("date", "Wed, 21 Oct 2026 07:28:00 GMT");
    let cases: [(Headers<'_>, Option<u64>); 15] = [
        (&[], None),
        (&[("retry-after", "7")], Some(7)),
        (&[("retry-after", " 0 ")], Some(0)),
        (
            &[DATE, ("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT")],
            Some(30),
        ),
        (
            &[DATE, ("retry-after", "Wed, 21 Oct 2026 07:27:30 GMT")],
            Some(0),
        ),
        (&[("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT")], None),
        (
            &[DATE, ("x-ratelimit-reset", "2026-10-21T07:30Z")],
            Some(120),
        ),
        (
            &[DATE, ("x-ratelimit-reset", "2026-10-21T07:29:00Z")],
            Some(60),
        ),
        (
            &[DATE, ("retry-after", "Wednesday, 21-Oct-26 07:28:30 GMT")],
            Some(30),
        ),
        (
            &[DATE, ("retry-after", "Wed Oct 21 07:28:30 2026")],
            Some(30),
        ),
        // Never too early, and never at once because the number is odd.
        (&[("retry-after", "1.5")], Some(2)),
        (&[("retry-after", "2.000")], Some(2)),
        (
            &[("retry-after", "18446744073709551615")],
            Some(30 * 24 * 3600),
        ),
        (
            &[("retry-after", "18446744073709551616.1")],
            Some(30 * 24 * 3600),
        ),
        (
            &[("retry-after", "99999999999999999999999")],
            Some(30 * 24 * 3600),
        ),
    ];
    for (headers, seconds) in cases {
        let wanted = seconds.map(Duration::from_secs);
        let outcome = create(429, headers, Ok(""));
        assert!(
            matches!(&outcome, CreateOutcome::RetryLater { after, .. } if *after == wanted),
            "{headers:?}: {outcome:?}"
        );
    }
    for nonsense in ["soon", "-1", "1.", ".5", "1.5.2", "1e3", ""] {
        let outcome = create(429, &[DATE, ("retry-after", nonsense)], Ok(""));
        assert!(
            matches!(outcome, CreateOutcome::RetryLater { after: None, .. }),
            "{nonsense}"
        );
    }
    let named = create(
        429,
        &[("ratelimit-reason", "jira-burst-based")],
        Err(Lost::Connection),
    );
    assert!(
        matches!(named, CreateOutcome::RetryLater { reason, .. } if reason == "jira-burst-based")
    );
}

#[test]
fn what_was_not_sent_is_told_from_what_was_lost() {
    let of = |error| of_create(Err(error), &redactor());
    assert_eq!(
        of(SendError::NotSent(NotSent::Unreached(Unreached::Closed))),
        CreateOutcome::NotSent(Trouble::Unreached(Unreached::Closed))
    );
    assert!(matches!(
        of(SendError::NotSent(NotSent::Refused(Refused::Scheme))),
        CreateOutcome::NotSent(Trouble::AddressRefused(_))
    ));
    assert_eq!(
        of(SendError::Lost(Lost::Timeout)),
        CreateOutcome::Uncertain(Trouble::Timeout)
    );
    assert_eq!(
        of(SendError::Lost(Lost::Connection)),
        CreateOutcome::Uncertain(Trouble::ConnectionLost)
    );
}

#[test]
fn calls_that_may_be_repeated_take_a_503_with_a_date_as_a_request_to_wait() {
    assert_eq!(call(204, &[], Ok("")), Ok(vec![]));
    assert!(matches!(
        call(429, &[], Ok("")),
        Err(CallError::RetryLater { after: None, .. })
    ));
    let later = call(503, &[("retry-after", "9")], Ok(""));
    assert!(matches!(
        later,
        Err(CallError::RetryLater { status: 503, after: Some(wait), .. }) if wait.as_secs() == 9
    ));
    assert_eq!(
        call(503, &[], Ok("")),
        Err(Trouble::ServerError(503).into())
    );
    assert_eq!(
        call(500, &[("retry-after", "9")], Ok("")),
        Err(Trouble::ServerError(500).into())
    );
    assert_eq!(
        call(200, &[], Err(Lost::TooLarge)),
        Err(Trouble::Unreadable.into())
    );
    assert!(matches!(call(302, &[], Ok("")), Err(CallError::Rejected(r)) if r.status == 302));
}
