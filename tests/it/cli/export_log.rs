//! `docket export log`: every state, request and answer of an export, readable afterwards and without a secret.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use docket::sandbox::{Action, Exchange, Fault, Operation, Options};
use serde_json::Value;

use super::{
    export::session,
    server::{Office, jira},
};

fn asked(entry: &Value) -> Option<String> {
    let text = |name: &str| entry[name].as_str().map(str::to_owned);
    Some(format!(
        "{} {} {}",
        text("method")?,
        text("path")?,
        entry["status"]
    ))
}

fn seen(exchange: &Exchange) -> String {
    let query = exchange.query.as_ref().map(|query| format!("?{query}"));
    let (method, path) = (&exchange.method, &exchange.path);
    let status = exchange
        .status
        .map_or("null".to_owned(), |status| status.to_string());
    format!("{method} {path}{} {status}", query.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_an_export_did_can_be_read_afterwards() {
    let (office, jira) = (Office::open(), jira().await);
    let session = session(&office, &jira, 0).await;
    let fault = |action, nth| jira.order(Fault::on(Operation::CreateIssue, action).nth(nth));
    fault(
        Action::Throttle {
            retry_after: Some(1),
            reason: None,
        },
        2,
    );
    fault(Action::DropAfter, 4);
    fault(Action::status(403), 6);
    assert_ne!(office.run(&["export", &session]).code, Some(0));
    office.run(&["export", &session, "--retry"]).succeeded();

    let said = office.run(&["export", "log", &session, "--json"]);
    let log = said.succeeded();
    let entries: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<String> = entries.iter().filter_map(asked).collect();
    let requests: Vec<String> = jira.requests().iter().map(seen).collect();
    let sorted = |texts: &[String]| {
        let mut texts = texts.to_vec();
        texts.sort();
        texts
    };
    assert_eq!(sorted(&told), sorted(&requests), "each with its answer");
    // One is told once it is answered, and the next ticket is made ready meanwhile: what is sent one after the other is told so.
    let creates = |texts: &[String]| {
        let mut texts = texts.to_vec();
        texts.retain(|text| text.starts_with("POST /rest/api/3/issue "));
        texts
    };
    assert_eq!(creates(&told), creates(&requests), "in order");
    let notes: Vec<&str> = entries
        .iter()
        .filter_map(|entry| entry["note"].as_str())
        .collect();
    for state in [
        "export is PENDING, started by",
        "export is EXPORTING after PENDING, taken up by",
        "is CREATING",
        "is CREATED DEMO-",
        "is EXPORTED DEMO-",
        "\"kind\":\"throttled\"",
        "export is FAILED after EXPORTING",
        "export is PENDING after FAILED, retried by",
        "export is COMPLETED after EXPORTING",
    ] {
        assert!(
            notes.iter().any(|note| note.contains(state)),
            "{state}: {notes:#?}"
        );
    }
    assert!(entries.iter().any(|entry| entry["attempt"] == 1));
    // A create is told with what was sent and what came back.
    let made = entries.iter().find(|entry| entry["status"] == 201).unwrap();
    assert!(made["sent"].as_str().unwrap().contains("\"summary\""));
    assert!(made["received"].as_str().unwrap().contains("\"key\""));
    for entry in &entries {
        for text in ["note", "path", "sent", "received"] {
            let length = entry[text].as_str().unwrap_or_default().chars().count();
            assert!(length <= 1000, "{entry}");
        }
    }

    let account = format!("{}:{}", Options::EMAIL, Options::TOKEN);
    for secret in [Options::TOKEN.to_owned(), BASE64_STANDARD.encode(account)] {
        assert!(!log.contains(&secret), "a secret is in the log");
    }
    let text = office
        .run(&["export", "log", &session])
        .succeeded()
        .to_owned();
    assert!(text.contains("POST /rest/api/3/issue -> 201 in "), "{text}");
    assert!(
        text.contains("POST /rest/api/3/issue -> no answer in "),
        "{text}"
    );
}

#[test]
fn a_session_without_an_export_has_no_log() {
    let office = Office::open();
    let nobody = uuid::Uuid::now_v7().to_string();
    let said = office.run(&["export", "log", &nobody]);
    assert_ne!(said.code, Some(0));
    assert!(said.err.contains("no such export"), "{said:?}");
}
