//! Jira Cloud: every way in which a create can end, by who is to act, why, and what may be done next.

use docket::{
    connectors::{
        Credentials, JiraCredentials,
        outcome::{AtFault, Failure, Outcome},
    },
    domain::{
        export::ErrorCategory::{self, AdminRequired, Temporary, UserFixable},
        integration::{JiraConfig, JiraDeployment, PlatformConfig},
    },
    error::Reason,
    sandbox::{Action, Fault, Operation, Options, Sandbox},
};
use serde_json::json;

use super::{connector, dispatch, parcel};

/// What an outcome lets one do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Rejected,
    Later,
    Uncertain,
}
use Next::{Later, Rejected, Uncertain};

/// What goes wrong, and what is to come of it.
type Row = (Action, Next, ErrorCategory, Reason, Option<u16>);

fn rows() -> Vec<Row> {
    // An answer that repeats the secret, as a careless gateway would.
    let echo = json!({ "errorMessages": [format!("no: {}", Options::TOKEN)], "errors": {} });
    let answer = |status| Action::Status {
        status,
        body: Some(echo.clone()),
        headers: Default::default(),
    };
    let fields = json!({ "errorMessages": [], "errors": { "summary": "is banned" } });
    let fields = Action::Status {
        status: 400,
        body: Some(fields),
        headers: Default::default(),
    };
    let throttle = |retry_after| Action::Throttle {
        retry_after,
        reason: None,
    };
    let doubt = Reason::JiraCreateUncertain;
    vec![
        (
            fields,
            Rejected,
            UserFixable,
            Reason::JiraFieldRejected,
            Some(400),
        ),
        (
            answer(401),
            Later,
            AdminRequired,
            Reason::JiraUnauthorized,
            Some(401),
        ),
        (
            answer(403),
            Later,
            AdminRequired,
            Reason::JiraForbidden,
            Some(403),
        ),
        (
            answer(404),
            Later,
            AdminRequired,
            Reason::JiraProjectNotFound,
            Some(404),
        ),
        (
            throttle(None),
            Later,
            Temporary,
            Reason::JiraRateLimited,
            Some(429),
        ),
        (
            throttle(Some(7)),
            Later,
            Temporary,
            Reason::JiraRateLimited,
            Some(429),
        ),
        (answer(500), Uncertain, Temporary, doubt, Some(500)),
        (answer(502), Uncertain, Temporary, doubt, Some(502)),
        (answer(503), Uncertain, Temporary, doubt, Some(503)),
        (answer(504), Uncertain, Temporary, doubt, Some(504)),
        (Action::Hang, Uncertain, Temporary, doubt, None),
        (Action::DropBefore, Uncertain, Temporary, doubt, None),
        (Action::DropAfter, Uncertain, Temporary, doubt, None),
        (Action::Truncated, Uncertain, Temporary, doubt, None),
        (Action::Malformed, Uncertain, Temporary, doubt, None),
        (
            Action::Oversized { bytes: 70 * 1024 },
            Uncertain,
            Temporary,
            doubt,
            None,
        ),
    ]
}

#[tokio::test]
async fn jira_ends_in_every_way_as_told() {
    let jira = Sandbox::start(Options::default()).await.unwrap();
    let config = PlatformConfig::Jira(JiraConfig {
        site_url: JiraConfig::site_url(&jira.url()).unwrap(),
        project_key: "DEMO".to_owned(),
        issue_type: "Task".to_owned(),
        deployment: JiraDeployment::Cloud,
        export_delay: JiraConfig::DEFAULT_DELAY,
        concurrency: 1,
    });
    let credentials = JiraCredentials::new(Options::EMAIL, Options::TOKEN.into()).unwrap();
    let connector = connector(&config, &Credentials::Jira(credentials));
    let parcel = parcel();
    let aim = connector.aim(&parcel).await.unwrap();
    for (action, next, category, reason, status) in rows() {
        let wait = matches!(
            action,
            Action::Throttle {
                retry_after: Some(_),
                ..
            }
        );
        let name = format!("{action:?}");
        jira.order(Fault::on(Operation::CreateIssue, action));
        let (came, failure) = match dispatch(&connector, &parcel, &aim).await {
            Outcome::Rejected(failure) => (Rejected, failure),
            Outcome::RetryLater(failure) => (Later, failure),
            Outcome::Uncertain(failure) => (Uncertain, failure),
            Outcome::Created(external) => panic!("{name} made {external:?}"),
        };
        assert_eq!(
            (came, failure.category, failure.reason, failure.http_status),
            (next, category, reason, status),
            "{name}: {failure:?}"
        );
        assert_eq!(
            failure.retry_after.map(|wait| wait.as_secs()),
            wait.then_some(7),
            "{name}"
        );
        let by_ticket = failure.at_fault == AtFault::Ticket;
        assert_eq!(by_ticket, next == Rejected, "{name}");
        tells_a_person(&name, &failure);
    }
    let fine = dispatch(&connector, &parcel, &aim).await;
    assert!(matches!(fine, Outcome::Created(_)), "{fine:?}");
}

fn tells_a_person(name: &str, failure: &Failure) {
    let text = &failure.text();
    assert!(text.ends_with('.') && text.contains(' '), "{name}: {text}");
    assert!(text.chars().count() <= Failure::MESSAGE_MAX, "{name}");
    assert!(
        !format!("{failure:?}").contains(Options::TOKEN),
        "{name}: {text}"
    );
}
