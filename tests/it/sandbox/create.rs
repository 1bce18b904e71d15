//! Creating issues: numbers, properties, screens, and who else is at work.

use docket::sandbox::{Field, FieldKind, Numbering, Options, Project, Site};
use serde_json::json;

use super::{Jira, document, issue};

#[tokio::test]
async fn a_created_issue_is_read_back_with_its_property() {
    let jira = Jira::start().await;
    let mut body = issue(json!({"description": document("Why"), "labels": ["one"]}));
    body["properties"] = json!([{"key": "docket", "value": {"ticket": "t1"}}]);
    let created = jira.post("/rest/api/3/issue", &body).await;
    assert_eq!(
        (created.status, &created.body["key"]),
        (201, &json!("DEMO-1"))
    );

    let read = jira
        .get("/rest/api/3/issue/demo-1?properties=docket&fields=summary,description")
        .await;
    assert_eq!(read.body["properties"], json!({"docket": {"ticket": "t1"}}));
    let fields = json!({"summary": "A task", "description": document("Why")});
    assert_eq!(read.body["fields"], fields);
    let alone = jira.get("/rest/api/3/issue/DEMO-1/properties/docket").await;
    assert_eq!(
        alone.body,
        json!({"key": "docket", "value": {"ticket": "t1"}})
    );
}

#[tokio::test]
async fn a_property_can_be_written_later() {
    let jira = Jira::start().await;
    let key = jira.created(json!({})).await;
    let path = format!("/rest/api/3/issue/{key}/properties/docket");
    assert_eq!(jira.get(&path).await.status, 404);
    assert_eq!(jira.put(&path, &json!({"n": 1})).await.status, 201);
    assert_eq!(jira.put(&path, &json!({"n": 2})).await.status, 200);
    assert_eq!(jira.get(&path).await.body["value"], json!({"n": 2}));
    let keys = jira
        .get(&format!("/rest/api/3/issue/{key}/properties"))
        .await;
    assert_eq!(keys.body["keys"][0]["key"], "docket");
}

#[tokio::test]
async fn a_refused_create_uses_up_a_number_and_others_take_theirs() {
    let jira = Jira::start().await;
    assert_eq!(
        jira.create(json!({"priority": {"name": "Urgent"}}))
            .await
            .status,
        400
    );
    assert_eq!(jira.created(json!({})).await, "DEMO-2");
    assert_eq!(
        jira.sandbox.foreign_issue("DEMO", "Theirs").as_deref(),
        Some("DEMO-3")
    );
    assert_eq!(jira.created(json!({})).await, "DEMO-4");
    assert_eq!(jira.sandbox.foreign_issue("demo", "Theirs"), None);
}

#[tokio::test]
async fn gaps_come_from_the_seed() {
    let keys = async |seed| {
        let numbering = Numbering {
            largest_gap: 50,
            seed,
            refusals_consume: false,
        };
        let jira = Jira::with(Options {
            numbering,
            ..Options::default()
        })
        .await;
        let mut numbers = Vec::new();
        for _ in 0..5 {
            let key = jira.created(json!({})).await;
            numbers.push(key.trim_start_matches("DEMO-").parse::<u64>().unwrap());
        }
        numbers
    };
    let first = keys(1).await;
    assert!(first.is_sorted_by(|a, b| a < b && b - a <= 51), "{first:?}");
    assert!(*first.last().unwrap() > 5, "{first:?}");
    assert_eq!(keys(1).await, first);
    assert_ne!(keys(2).await, first);
}

#[tokio::test]
async fn fields_off_the_screen_are_refused_before_bad_values() {
    let site = Site::new("Test")
        .with_project(Project::new("DEMO", "Demo").without_field(Some("Task"), "labels"));
    let jira = Jira::with_site(site).await;
    let further = json!({"labels": ["a b"], "priority": {"name": "Urgent"}, "nonsense": 1});
    let refused = jira.create(further).await;
    let text = |id: &str| {
        format!("Field '{id}' cannot be set. It is not on the appropriate screen, or unknown.")
    };
    let expected = json!({"labels": text("labels"), "nonsense": text("nonsense")});
    assert_eq!((refused.status, &refused.body["errors"]), (400, &expected));

    let refused = jira.create(json!({"priority": {"name": "Urgent"}})).await;
    assert_eq!(
        refused.body["errors"],
        json!({"priority": "The priority selected is invalid."})
    );
    jira.created(json!({"issuetype": {"name": "Bug"}, "labels": ["ab"]}))
        .await;
}

#[tokio::test]
async fn required_fields_are_asked_for() {
    let team = Field::new(
        "customfield_10050",
        "Team",
        FieldKind::Option(vec!["Red".into(), "Blue".into()]),
    );
    let project = Project::new("DEMO", "Demo")
        .with_field(team)
        .requiring(Some("Task"), "customfield_10050");
    let jira = Jira::with_site(Site::new("Test").with_project(project)).await;
    let refused = jira.create(json!({"summary": ""})).await;
    let expected = json!({
        "summary": "You must specify a summary of the issue.", "customfield_10050": "Team is required.",
    });
    assert_eq!(refused.body["errors"], expected);
    let key = jira
        .created(json!({"customfield_10050": {"value": "Red"}}))
        .await;
    assert_eq!(
        jira.sandbox.issue(&key).unwrap().fields["customfield_10050"]["value"],
        "Red"
    );
}

#[tokio::test]
async fn project_and_type_are_looked_at_first() {
    let jira = Jira::start().await;
    let refused = jira
        .create(json!({"project": {"key": "demo"}, "summary": 1}))
        .await;
    assert_eq!(
        refused.body["errors"],
        json!({"project": "valid project is required"})
    );
    let refused = jira.create(json!({"issuetype": {"name": "Wish"}})).await;
    assert_eq!(
        refused.body["errors"],
        json!({"issuetype": "Specify a valid issue type"})
    );
    assert!(jira.sandbox.issues().is_empty());
}

#[tokio::test]
async fn a_bulk_create_keeps_what_is_good() {
    let jira = Jira::start().await;
    let path = "/rest/api/3/issue/bulk";
    let bad = issue(json!({"summary": ""}));
    let mixed = jira
        .post(path, &json!({"issueUpdates": [issue(json!({})), bad]}))
        .await;
    assert_eq!(mixed.status, 201);
    assert_eq!(mixed.body["issues"].as_array().unwrap().len(), 1);
    assert_eq!(mixed.body["errors"][0]["failedElementNumber"], 1);
    let none = jira.post(path, &json!({"issueUpdates": [bad]})).await;
    assert_eq!((none.status, &none.body["issues"]), (400, &json!([])));
    let many = vec![issue(json!({})); 51];
    assert_eq!(
        jira.post(path, &json!({"issueUpdates": many})).await.status,
        400
    );
    assert_eq!(jira.sandbox.issues().len(), 1);
}
