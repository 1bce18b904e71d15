//! What each field takes.

use docket::sandbox::{Project, SPRINT, STORY_POINTS, Site};
use rstest::rstest;
use serde_json::{Value, json};

use super::{Jira, document};

const ADA: &str = "712020:00000000-0000-4000-8000-000000000001";
const BARBARA: &str = "712020:00000000-0000-4000-8000-000000000002";

#[rstest]
#[case::long_summary("summary", json!("x".repeat(256)), "Summary can't exceed 255 characters.")]
#[case::two_lines("summary", json!("a\nb"), "The summary is invalid because it contains newline characters.")]
#[case::label("labels", json!(["a b"]), "The label 'a b' contains spaces which is invalid.")]
#[case::plain_text("description", json!("plain"), "Operation value must be an Atlassian Document (see the Atlassian Document Format)")]
#[case::stranger("assignee", json!({"accountId": "nobody"}), "User 'nobody' does not exist.")]
#[case::not_assignable("assignee", json!({"accountId": BARBARA}), &format!("User '{BARBARA}' cannot be assigned issues."))]
#[case::sprint_as_text(SPRINT, json!("12"), "Number value expected as the Sprint id.")]
#[case::sprint_as_list(SPRINT, json!([12]), "Number value expected as the Sprint id.")]
#[case::closed_sprint(SPRINT, json!(11), "Issue can be assigned only active or future sprints.")]
#[case::unknown_sprint(SPRINT, json!(99), "Sprint with id '99' does not exist.")]
#[case::points(STORY_POINTS, json!("3"), "Operation value must be a number")]
#[case::parent("parent", json!({"key": "DEMO-99"}), "Could not find issue by id or key.")]
#[case::date("duedate", json!("2026-02-30"), "Error parsing date string: 2026-02-30")]
#[case::component("components", json!([{"name": "Moon"}]), "Component name \"Moon\" is not valid")]
#[tokio::test]
async fn a_bad_value_is_refused(#[case] field: &str, #[case] value: Value, #[case] text: &str) {
    let project = Project::new("DEMO", "Demo").without_assignee(BARBARA);
    let jira = Jira::with_site(Site::new("Test").with_project(project)).await;
    let refused = jira.create(json!({field: value})).await;
    assert_eq!(refused.status, 400);
    let named = match field {
        "parent" => "parentId",
        field => field,
    };
    assert_eq!(
        refused.body,
        json!({"errorMessages": [], "errors": {named: text}})
    );
    assert!(jira.sandbox.issues().is_empty());
}

#[tokio::test]
async fn good_values_are_read_as_jira_shows_them() {
    let jira = Jira::start().await;
    let epic = jira.created(json!({"issuetype": {"name": "Epic"}})).await;
    let key = jira
        .created(json!({
            "summary": "x".repeat(255), "assignee": {"accountId": ADA}, "priority": {"id": "1"},
            "parent": {"key": epic}, SPRINT: 12, STORY_POINTS: 3.5, "duedate": "2026-12-24",
            "environment": document("prod"), "components": [{"name": "API"}],
        }))
        .await;
    let fields = jira.get(&format!("/rest/api/3/issue/{key}")).await.body["fields"].clone();
    assert_eq!(fields["assignee"]["emailAddress"], "ada@example.com");
    assert_eq!(fields["priority"]["name"], "Highest");
    assert_eq!(fields["parent"]["key"], json!(epic));
    assert_eq!(
        (&fields[SPRINT][0]["id"], &fields[SPRINT][0]["state"]),
        (&json!(12), &json!("active"))
    );
    assert_eq!(fields[STORY_POINTS], 3.5);
    assert_eq!(fields["components"][0]["name"], "API");
}

#[tokio::test]
async fn parents_stand_one_level_above() {
    let jira = Jira::start().await;
    let task = jira.created(json!({})).await;
    let refused = jira.create(json!({"parent": {"key": task}})).await;
    let text = "Given parent work item does not belong to appropriate hierarchy.";
    assert_eq!(
        refused.body["errors"],
        json!({"parentId": text}),
        "by the name that Jira has for it there"
    );
    let refused = jira
        .create(json!({"issuetype": {"name": "Sub-task"}}))
        .await;
    assert!(
        refused.body["errors"]["issuetype"].is_string(),
        "{}",
        refused.body
    );
    let subtask = jira
        .created(json!({"issuetype": {"name": "Sub-task"}, "parent": {"key": task}}))
        .await;

    assert_eq!(
        jira.delete(&format!("/rest/api/3/issue/{task}"))
            .await
            .status,
        400
    );
    assert_eq!(
        jira.delete(&format!("/rest/api/3/issue/{task}?deleteSubtasks=true"))
            .await
            .status,
        204
    );
    assert_eq!(
        jira.get(&format!("/rest/api/3/issue/{subtask}"))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn an_edit_is_checked_and_logged_like_a_create() {
    let jira = Jira::start().await;
    let key = jira.created(json!({})).await;
    let path = format!("/rest/api/3/issue/{key}");
    assert_eq!(
        jira.put(&path, &json!({"fields": {"summary": "Better"}}))
            .await
            .status,
        204
    );
    let refused = jira
        .put(
            &path,
            &json!({"fields": {"summary": null, "labels": ["a b"]}}),
        )
        .await;
    assert_eq!(refused.body["errors"].as_object().unwrap().len(), 2);
    assert_eq!(jira.get(&path).await.body["fields"]["summary"], "Better");
    let log = jira.get(&format!("{path}/changelog")).await.body;
    assert_eq!(log["values"][0]["items"][0]["toString"], "Better");
    assert_eq!(log["total"], 1);
}

#[tokio::test]
async fn an_unassigned_issue_needs_a_site_that_allows_it() {
    let mut site = Site::demo();
    site.unassigned_issues_allowed = false;
    let jira = Jira::with_site(site).await;
    assert_eq!(
        jira.create(json!({})).await.body["errors"],
        json!({"assignee": "Issues must be assigned."})
    );
    jira.created(json!({"assignee": {"accountId": ADA}})).await;
}
