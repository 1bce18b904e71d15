//! What goes into an issue, what does not, and how a plan gives way.

use serde_json::json;

use super::*;
use crate::connectors::jira::{Account, Assignee, project_meta::Agile};
use crate::domain::{export::ManualFixType as Fix, integration::JiraDeployment};

fn field(id: &str, extra: Value) -> CreateField {
    let mut value = json!({ "fieldId": id, "name": id });
    value
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    serde_json::from_value(value).unwrap()
}

fn screen() -> Vec<CreateField> {
    vec![
        field("summary", json!({ "required": true })),
        field("project", json!({ "required": true })),
        field("issuetype", json!({ "required": true })),
        field("reporter", json!({ "required": true })),
        field("description", json!({})),
        field(
            "priority",
            json!({ "allowedValues": [{ "id": "1", "name": "Highest" }, { "id": "2", "name": "High" }] }),
        ),
        field("labels", json!({})),
        field("assignee", json!({})),
        field(
            "customfield_10016",
            json!({ "name": "Story point estimate", "schema": { "type": "number" } }),
        ),
    ]
}

fn input() -> IssueInput {
    IssueInput {
        summary: "Title".into(),
        description: Some(json!({ "type": "doc" })),
        issue_type: "task".into(),
        priority: TicketPriority::P1,
        labels: vec!["a".into(), "b".into()],
        sprint: Some("sprint 2".into()),
        story_points: Some(3.5),
        assignee: Some("ann@example.com".into()),
        custom: Map::new(),
    }
}

fn plan(input: &IssueInput, fields: &[CreateField], known: bool) -> IssuePlan {
    let project = serde_json::from_value(json!({ "id": "1", "key": "DEMO" })).unwrap();
    let issue_type = serde_json::from_value(json!({ "id": "10001", "name": "Task" })).unwrap();
    let account = Account {
        account_id: "acc-1".into(),
        ..Account::default()
    };
    let assignee = match known {
        true => Assignee::Known(account),
        false => Assignee::Nobody,
    };
    let sprint = |id, name: &str| Sprint {
        id,
        name: name.into(),
        state: "active".into(),
        start_date: None,
        end_date: None,
    };
    let agile = if known {
        Agile {
            sprints: vec![sprint(1, "Sprint 1"), sprint(2, "Sprint 2")],
            ..Agile::default()
        }
    } else {
        Agile::default()
    };
    let around = Surroundings {
        deployment: JiraDeployment::Cloud,
        project: &project,
        issue_type: &issue_type,
        fields,
        assignee: &assignee,
        agile: &agile,
    };
    IssuePlan::build(input, &around)
}

fn rejection(status: u16, fields: &[&str]) -> Rejection {
    Rejection {
        too_long: false,
        status,
        messages: vec![],
        fields: fields
            .iter()
            .map(|&id| (id.to_owned(), "nein".to_owned()))
            .collect(),
    }
}

#[test]
fn a_ticket_that_fits_is_carried_whole() {
    let plan = plan(&input(), &screen(), true);
    let wanted = json!({
        "project": { "key": "DEMO" },
        "issuetype": { "id": "10001" },
        "summary": "Title",
        "description": { "type": "doc" },
        "priority": { "id": "1" },
        "labels": ["a", "b"],
        "assignee": { "accountId": "acc-1" },
        "customfield_10016": 3.5,
    });
    assert_eq!(Value::Object(plan.fields), wanted);
    assert_eq!(plan.sprint.unwrap().id, 2);
    assert_eq!((plan.unsent, plan.missing), (vec![], vec![]));
}

#[test]
fn nothing_off_screen_or_unknown_is_sent_and_each_loss_is_told() {
    let screen: Vec<_> = screen().into_iter().take(4).collect();
    let plan = plan(&input(), &screen, false);
    let sent: Vec<_> = plan.fields.keys().collect();
    assert_eq!(sent, ["project", "issuetype", "summary"]);
    let lost: Vec<_> = plan
        .unsent
        .iter()
        .map(|u| (u.field.as_str(), u.fix_type, u.wanted.as_str()))
        .collect();
    assert_eq!(
        lost,
        [
            ("description", Fix::FieldRejected, "the whole description"),
            ("priority", Fix::PriorityUnavailable, "Highest"),
            ("labels", Fix::FieldRejected, "a, b"),
            ("assignee", Fix::AssigneeInvalid, "ann@example.com"),
            ("story_points", Fix::FieldRejected, "3.5"),
            ("sprint", Fix::SprintNotFound, "sprint 2"),
        ]
    );
    assert!(
        plan.unsent
            .iter()
            .all(|u| !u.reason.is_empty() && !u.recommended_action.is_empty())
    );
}

#[test]
fn what_is_not_wished_is_not_missed() {
    let bare = IssueInput {
        description: None,
        labels: vec![],
        sprint: None,
        story_points: None,
        assignee: Some("  ".into()),
        ..input()
    };
    assert_eq!(plan(&bare, &screen()[..6], false).unsent, []);
}

#[test]
fn a_required_field_without_a_default_is_foreseen() {
    let mut screen = screen();
    screen.push(field(
        "customfield_1",
        json!({ "name": "Cost centre", "required": true }),
    ));
    screen.push(field(
        "customfield_2",
        json!({ "required": true, "hasDefaultValue": true }),
    ));
    let missing = plan(&input(), &screen, true).missing;
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0].1, "Cost centre");
}

#[test]
fn a_summary_is_one_line_of_255_code_points() {
    let summary = |text: &str| one_line(text, SUMMARY_MAX);
    assert_eq!(summary(" two\r\n lines\t"), "two lines");
    let exact = "ä".repeat(255);
    assert_eq!(summary(&exact), exact);
    let cut = summary(&"ä".repeat(256));
    assert_eq!(cut.chars().count(), 255);
    assert!(cut.ends_with('…'));
}

#[test]
fn all_soft_fields_that_a_refusal_names_go_in_one_round_and_none_twice() {
    let mut plan = plan(&input(), &screen(), true);
    let lost = plan.give_way(&rejection(400, &["assignee", "customfield_10016"]));
    let names: Vec<_> = lost.iter().map(|u| u.field.as_str()).collect();
    assert_eq!(names, ["assignee", "story_points"]);
    assert!(lost.iter().all(|u| u.reason.contains("nein")));
    assert_eq!(plan.unsent, lost);
    assert!(
        !plan.fields.contains_key("assignee") && !plan.fields.contains_key("customfield_10016")
    );
    assert!(plan.fields.contains_key("priority"));
    assert_eq!(plan.give_way(&rejection(400, &["assignee"])), []);
}

#[test]
fn a_plan_does_not_give_way_where_that_cannot_help() {
    let whole = plan(&input(), &screen(), true);
    for refusal in [
        rejection(400, &[]),
        rejection(400, &["summary"]),
        rejection(400, &["description"]),
        rejection(400, &["assignee", "customfield_10099"]),
        rejection(403, &["assignee"]),
    ] {
        let mut plan = whole.clone();
        assert_eq!(plan.give_way(&refusal), []);
        assert_eq!(plan, whole);
    }
}
