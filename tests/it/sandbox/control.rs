//! Control from another process, and the record of what went over the wire.

use docket::sandbox::{Action, Exchange, Fault, Operation, Options, Snapshot};
use serde_json::{Value, json};

use super::Jira;

impl Jira {
    async fn control(&self, method: http::Method, path: &str, body: Option<Value>) -> super::Reply {
        let mut request = self
            .client
            .request(method, format!("{}/_sandbox/{path}", self.sandbox.url()));
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.send(request).await.unwrap()
    }
}

#[tokio::test]
async fn faults_are_ordered_and_cleared_over_http() {
    let jira = Jira::start().await;
    let fault = Fault::on(Operation::CreateIssue, Action::status(500)).nth(2);
    let order = serde_json::to_value(&fault).unwrap();
    let ordered = jira
        .control(
            http::Method::POST,
            "faults",
            Some(json!([order, {"action": {"kind": "hang"}, "on": {"path": "/never"}}])),
        )
        .await;
    assert_eq!(
        (ordered.status, ordered.body.as_array().unwrap().len()),
        (201, 2)
    );
    assert_eq!(jira.sandbox.orders()[0], fault);
    let single = json!({"on": {"operation": "create_issue"}, "times": null, "action": {"kind": "status", "status": 418}});
    assert_eq!(
        jira.control(http::Method::POST, "faults", Some(single))
            .await
            .status,
        201
    );
    assert_eq!(jira.create(json!({})).await.status, 418);
    assert_eq!(
        jira.control(http::Method::DELETE, "faults", None)
            .await
            .status,
        204
    );
    assert_eq!(jira.create(json!({})).await.status, 201);
    let misspelt = json!({"action": {"kind": "explode"}});
    assert_eq!(
        jira.control(http::Method::POST, "faults", Some(misspelt))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn the_state_and_other_people_can_be_reached_over_http() {
    let jira = Jira::with(Options {
        search_lag: 9,
        ..Options::default()
    })
    .await;
    jira.created(json!({})).await;
    let foreign = jira
        .control(
            http::Method::POST,
            "foreign",
            Some(json!({"project": "DEMO", "count": 2})),
        )
        .await;
    assert_eq!(foreign.body, json!(["DEMO-2", "DEMO-3"]));
    assert_eq!(
        jira.control(
            http::Method::POST,
            "foreign",
            Some(json!({"project": "NO"}))
        )
        .await
        .status,
        400
    );
    let state = jira.control(http::Method::GET, "state", None).await.body;
    let state: Snapshot = serde_json::from_value(state).unwrap();
    let keys: Vec<(&str, bool)> = state
        .issues
        .iter()
        .map(|issue| (issue.key.as_str(), issue.foreign))
        .collect();
    assert_eq!(
        keys,
        [("DEMO-1", false), ("DEMO-2", true), ("DEMO-3", true)]
    );
    assert_eq!(
        jira.control(http::Method::POST, "reindex", None)
            .await
            .status,
        204
    );
    assert_eq!(
        jira.control(http::Method::POST, "latency", Some(json!({"ms": 1})))
            .await
            .status,
        204
    );
    let found = jira
        .get("/rest/api/3/search/jql?jql=key%3DDEMO-1")
        .await
        .body;
    assert_eq!(found["issues"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_record_holds_calls_and_answers_but_no_secret() {
    let jira = Jira::with(Options {
        remembered_exchanges: 3,
        ..Options::default()
    })
    .await;
    for _ in 0..4 {
        jira.created(json!({})).await;
    }
    jira.create(json!({"summary": ""})).await;
    let kept = jira.sandbox.requests();
    assert_eq!(
        kept.iter()
            .map(|exchange| exchange.number)
            .collect::<Vec<_>>(),
        [3, 4, 5]
    );
    assert_eq!(
        kept[1].request.as_ref().unwrap()["fields"]["summary"],
        "A task"
    );
    assert_eq!(kept[1].response.as_ref().unwrap()["key"], "DEMO-4");
    assert_eq!((kept[2].status, kept[2].is_genuine()), (Some(400), true));
    assert!(kept.iter().all(|exchange| {
        exchange
            .headers
            .iter()
            .all(|(name, _)| name != "authorization")
    }));

    let told = jira
        .control(
            http::Method::GET,
            "requests?operation=create_issue&after=4",
            None,
        )
        .await
        .body;
    let told: Vec<Exchange> = serde_json::from_value(told).unwrap();
    assert_eq!(told, kept[2..]);
    let shown = format!("{:?} {:?}", jira.sandbox, Options::default());
    assert!(!shown.contains(Options::TOKEN), "{shown}");
}
