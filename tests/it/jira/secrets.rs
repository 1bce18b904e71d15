//! No secret shows: not in a Debug, an error, a log line or a text for a person.

use std::collections::BTreeMap;

use docket::{
    connectors::{Connector, Credentials, JiraCredentials, jira::CreateOutcome},
    sandbox::{Action, Fault, Operation, Options},
};
use serde_json::json;

use super::{Bench, config, hasty, issue};
use crate::support::logs::Logs;

const TOKEN: &str = "ATATT3xFf-planted";

#[tokio::test]
async fn a_planted_token_shows_nowhere() {
    let logs = Logs::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(logs.clone())
        .finish();
    // With one subscriber alone in the process, whichever thread meets a log statement first decides for all whether it is caught, and
    // the other tests' threads have none. A second one lets each decide for itself.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    // Of this test's thread alone, on which its runtime runs.
    let _guard = tracing::subscriber::set_default(subscriber);
    let basic = base64_of(&format!("{}:{TOKEN}", Options::EMAIL));
    let options = Options {
        token: TOKEN.into(),
        ..Options::default()
    };
    let mut bench = Bench::with(options, &hasty()).await;
    let credentials = JiraCredentials::new(Options::EMAIL, TOKEN.into()).unwrap();
    bench.jira = docket::connectors::jira::Jira::new(
        &docket::connectors::http::Http::new(&hasty()).unwrap(),
        &config(&bench.sandbox.url(), "DEMO"),
        &credentials,
    );
    let mut seen = format!(
        "{:?} {:?}",
        Credentials::Jira(credentials),
        Connector::Jira(bench.jira.clone())
    );
    let echo =
        json!({ "errorMessages": [format!("{TOKEN} Basic {basic}")], "errors": { TOKEN: TOKEN } });
    for action in [
        Action::Status {
            status: 400,
            body: Some(echo.clone()),
            headers: BTreeMap::new(),
        },
        Action::Status {
            status: 429,
            body: None,
            headers: BTreeMap::from([("ratelimit-reason".into(), TOKEN.into())]),
        },
        Action::Status {
            status: 500,
            body: Some(echo),
            headers: BTreeMap::new(),
        },
        Action::Hang,
        Action::DropBefore,
        Action::Truncated,
    ] {
        bench
            .sandbox
            .order(Fault::on(Operation::CreateIssue, action));
        let outcome = bench.jira.create_issue(&issue(1)).await;
        seen += &format!("{outcome:?}");
        if let CreateOutcome::Rejected(rejection) = &outcome {
            seen += &format!("{rejection}");
            assert!(rejection.quote().contains("[redacted]"), "{rejection}");
        }
    }
    assert!(
        bench.jira.check().await.ok,
        "the token has to be the right one for this test to tell"
    );
    let logs = String::from_utf8(logs.0.lock().unwrap().clone()).unwrap();
    assert!(
        logs.contains("jira answered"),
        "the logs were not caught: {logs}"
    );
    for secret in [TOKEN, basic.as_str()] {
        assert!(!seen.contains(secret), "{seen}");
        assert!(!logs.contains(secret), "a log line shows it");
    }
}

fn base64_of(text: &str) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(text)
}
