//! Jira Data Center: REST v2, wiki markup, a personal access token.

mod own;

use std::sync::{Arc, Mutex};

use docket::{
    connectors::{
        Connector, Credentials, JiraCredentials,
        outcome::{Attached, Outcome, Sought},
    },
    domain::integration::{JiraConfig, JiraDeployment, PlatformConfig},
    error::Reason,
};
use serde_json::{Value, json};

use super::{
    connector, dispatch, parcel, photo,
    stand_in::{Act, Asked, Reply, StandIn},
};

const TOKEN: &str = "planted-personal-access-token";
pub(super) const CREATE: &str = "POST /rest/api/2/issue";

/// A Jira with the project OPS.
struct DataCenter {
    stand_in: StandIn,
    connector: Connector,
    issues: Arc<Mutex<Vec<Value>>>,
}

impl DataCenter {
    async fn start() -> Self {
        Self::below("").await
    }

    /// At a path of its host.
    async fn below(path: &'static str) -> Self {
        let issues = Arc::<Mutex<Vec<Value>>>::default();
        let kept = Arc::clone(&issues);
        let stand_in = StandIn::start(move |asked| {
            let mut below = asked.clone();
            below.path = asked.path.strip_prefix(path).unwrap_or_default().to_owned();
            answer(&below, &mut kept.lock().unwrap())
        })
        .await;
        let config = PlatformConfig::Jira(JiraConfig {
            site_url: JiraConfig::site_url(&format!("{}{path}", stand_in.url)).unwrap(),
            project_key: "OPS".to_owned(),
            issue_type: "Task".to_owned(),
            deployment: JiraDeployment::DataCenter,
            export_delay: JiraConfig::DEFAULT_DELAY,
            concurrency: 1,
        });
        let credentials = JiraCredentials::new("", TOKEN.into()).unwrap();
        let connector = connector(&config, &Credentials::Jira(credentials));
        Self {
            stand_in,
            connector,
            issues,
        }
    }
}

fn field(id: &str, kind: &str, required: bool) -> Value {
    json!({ "fieldId": id, "name": id, "required": required, "schema": { "type": kind, "system": id } })
}

fn answer(asked: &Asked, issues: &mut Vec<Value>) -> Reply {
    if asked.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
        return Reply::json(
            401,
            &json!({ "errorMessages": ["You are not authenticated."] }),
        );
    }
    let path = asked.path.strip_prefix("/rest/api/2/").unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    match (asked.method.as_str(), &parts[..]) {
        ("GET", ["myself"]) => Reply::json(
            200,
            &json!({ "name": "bot", "key": "bot", "displayName": "Docket Bot" }),
        ),
        ("GET", ["serverInfo"]) => Reply::json(
            200,
            &json!({ "baseUrl": "x", "deploymentType": "Server", "version": "10.3.0" }),
        ),
        ("GET", ["project", "OPS"]) => Reply::json(
            200,
            &json!({ "id": "10000", "key": "OPS", "name": "Operations" }),
        ),
        ("GET", ["mypermissions"]) => {
            let held = json!({ "havePermission": true });
            Reply::json(
                200,
                &json!({ "permissions": { "BROWSE_PROJECTS": held, "CREATE_ISSUES": held } }),
            )
        }
        ("GET", ["search"]) => {
            let newest = issues
                .last()
                .map(|issue| json!({ "id": issue["id"], "key": issue["key"] }));
            Reply::json(
                200,
                &json!({ "issues": newest.into_iter().collect::<Vec<_>>(), "total": issues.len() }),
            )
        }
        ("GET", ["issue", "createmeta", "OPS", "issuetypes"]) => {
            let types = json!([{ "id": "3", "name": "Task", "subtask": false }]);
            Reply::json(200, &json!({ "values": types, "isLast": true, "total": 1 }))
        }
        ("GET", ["issue", "createmeta", "OPS", "issuetypes", "3"]) => {
            let fields = json!([
                field("summary", "string", true),
                field("description", "string", false),
                field("issuetype", "issuetype", true),
                field("project", "project", true),
                field("labels", "array", false),
                field("assignee", "user", false),
                field("environment", "string", false),
            ]);
            Reply::json(
                200,
                &json!({ "values": fields, "isLast": true, "total": 7 }),
            )
        }
        // By this parameter alone; names and addresses are searched by it, too.
        ("GET", ["user", "assignable", "search"]) => match asked.value("username").as_deref() {
            Some("ada@example.com") => Reply::json(
                200,
                &json!([{ "name": "ada", "key": "JIRAUSER1", "displayName": "Ada", "emailAddress": "ada@example.com" }]),
            ),
            Some(_) => Reply::json(200, &json!([])),
            None => Reply::json(
                400,
                &json!({ "errorMessages": ["The username query parameter was not provided"] }),
            ),
        },
        ("POST", ["issue"]) => {
            let number = issues.len() + 1;
            let given = asked.json();
            issues.push(json!({
                "id": (10_100 + number).to_string(),
                "key": format!("OPS-{number}"),
                "fields": given["fields"],
                "properties": given["properties"],
                "files": [],
            }));
            let issue = issues.last().unwrap();
            Reply::json(
                201,
                &json!({ "id": issue["id"], "key": issue["key"], "self": "x" }),
            )
        }
        ("POST", ["issue", key, "attachments"]) => {
            assert_eq!(asked.header("x-atlassian-token"), Some("no-check"));
            let issue = issues
                .iter_mut()
                .find(|issue| issue["key"] == *key)
                .unwrap();
            let file = json!({ "id": "77", "filename": "photo.png", "size": 5 });
            issue["files"].as_array_mut().unwrap().push(file.clone());
            Reply::json(200, &json!([file]))
        }
        ("GET", ["issue", key]) => match issues
            .iter()
            .find(|issue| issue["key"] == *key || issue["id"] == *key)
        {
            None => Reply::json(
                404,
                &json!({ "errorMessages": ["Issue Does Not Exist"], "errors": {} }),
            ),
            Some(issue) => {
                let properties = issue["properties"].as_array().into_iter().flatten();
                let properties: serde_json::Map<String, Value> = properties
                    .map(|property| {
                        (
                            property["key"].as_str().unwrap().to_owned(),
                            property["value"].clone(),
                        )
                    })
                    .collect();
                Reply::json(
                    200,
                    &json!({
                        "id": issue["id"],
                        "key": issue["key"],
                        "fields": {
                            "summary": issue["fields"]["summary"],
                            "attachment": issue["files"],
                            "status": { "name": "In Progress", "statusCategory": { "key": "indeterminate" } },
                        },
                        "properties": properties,
                    }),
                )
            }
        },
        _ => Reply::json(404, &json!({ "errorMessages": ["null for uri"] })),
    }
}

#[tokio::test]
async fn a_ticket_becomes_an_issue_with_wiki_markup() {
    let jira = DataCenter::start().await;
    let check = jira.connector.check().await;
    assert!(check.ok, "{check:?}");
    assert_eq!(check.account.as_deref(), Some("Docket Bot"));
    let parcel = parcel();
    let aim = jira.connector.aim(&parcel).await.unwrap();
    let outcome = dispatch(&jira.connector, &parcel, &aim).await;
    let Outcome::Created(external) = outcome else {
        panic!("no issue: {outcome:?}");
    };
    assert_eq!(
        (external.key.as_str(), external.id.as_str()),
        ("OPS-1", "10101")
    );
    assert!(external.url.ends_with("/browse/OPS-1"), "{external:?}");
    assert!(
        external.self_url.ends_with("/rest/api/2/issue/10101"),
        "{external:?}"
    );
    let issue = jira.issues.lock().unwrap()[0].clone();
    assert_eq!(issue["fields"]["summary"], parcel.title);
    let text = issue["fields"]["description"].as_str().unwrap();
    assert!(
        text.starts_with("It *jams*, see #12. _@octocat_ <"),
        "{text}"
    );
    assert_eq!(issue["properties"][0]["key"], "docket");
    let attached = jira.connector.attach(&external, photo()).await;
    assert_eq!(
        attached,
        Attached::Attached {
            id: "77".to_owned()
        }
    );
    let known = jira.connector.files_on(&external).await.unwrap();
    assert_eq!(known[0].filename, "photo.png");
    let asked = jira.stand_in.asked();
    assert!(
        asked
            .iter()
            .all(|asked| asked.path.starts_with("/rest/api/2/")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn an_issue_whose_answer_was_lost_is_found_by_its_property() {
    let jira = DataCenter::start().await;
    let parcel = parcel();
    let aim = jira.connector.aim(&parcel).await.unwrap();
    assert_eq!(jira.connector.look(&parcel, &aim).await, Sought::Absent);
    // Other people's issues come first.
    for number in 1..=3 {
        let other = json!({ "id": number.to_string(), "key": format!("OPS-{number}"), "fields": {}, "properties": [] });
        jira.issues.lock().unwrap().push(other);
    }
    jira.stand_in.order(CREATE, Act::DoAndDrop);
    let lost = dispatch(&jira.connector, &parcel, &aim).await;
    assert!(matches!(lost, Outcome::Uncertain(_)), "{lost:?}");
    let found = jira.connector.look(&parcel, &aim).await;
    assert!(
        matches!(&found, Sought::Found(external) if external.key == "OPS-4"),
        "{found:?}"
    );
    assert_eq!(jira.issues.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn data_center_ends_in_every_way_as_told() {
    let jira = DataCenter::start().await;
    let parcel = parcel();
    let aim = jira.connector.aim(&parcel).await.unwrap();
    let refusal = json!({ "errorMessages": [format!("{TOKEN} is no use")], "errors": {} });
    let answer = |status| Act::Answer(Reply::json(status, &refusal));
    let asked = Reply::json(429, &refusal).with("retry-after", 7);
    let cases = [
        (answer(401), "later", Reason::JiraUnauthorized),
        (answer(403), "later", Reason::JiraForbidden),
        (answer(429), "later", Reason::JiraRateLimited),
        (Act::Answer(asked), "later", Reason::JiraRateLimited),
        (answer(500), "uncertain", Reason::JiraCreateUncertain),
        (answer(503), "uncertain", Reason::JiraCreateUncertain),
        (Act::Hang, "uncertain", Reason::JiraCreateUncertain),
        (Act::Drop, "uncertain", Reason::JiraCreateUncertain),
        (Act::DoAndBreak, "uncertain", Reason::JiraCreateUncertain),
    ];
    for (act, expected, reason) in cases {
        jira.stand_in.order(CREATE, act.clone());
        let (kind, failure) = match dispatch(&jira.connector, &parcel, &aim).await {
            Outcome::RetryLater(failure) => ("later", failure),
            Outcome::Rejected(failure) => ("rejected", failure),
            Outcome::Uncertain(failure) => ("uncertain", failure),
            Outcome::Created(external) => panic!("{act:?} made {external:?}"),
        };
        assert_eq!(
            (kind, failure.reason),
            (expected, reason),
            "{act:?}: {failure:?}"
        );
        assert!(!format!("{failure:?}").contains(TOKEN), "{failure:?}");
    }
}

#[tokio::test]
async fn a_site_of_the_other_kind_is_told_apart() {
    let jira = DataCenter::start().await;
    let cloud = json!({ "baseUrl": "x", "deploymentType": "Cloud" });
    jira.stand_in
        .order("serverInfo", Act::Answer(Reply::json(200, &cloud)));
    let check = jira.connector.check().await;
    assert!(!check.ok);
    assert_eq!(check.problems[0].field, "deployment");
    assert!(check.problems[0].message.contains("Cloud"), "{check:?}");
}
