//! Values that Jira refuses and an issue can do without: each is left out, noted with its reason, and stops nothing.

use std::collections::BTreeMap;

use docket::{
    proto::v1::{self, ManualFixType},
    sandbox::{Fault, Field, FieldKind, Operation, Project, STORY_POINTS, plain_text},
};
use prost_types::{ListValue, Struct, Value, value::Kind as Wire};
use rstest::rstest;
use serde_json::json;

use super::bench::{Bench, colour, refusal, site_of, ticket};
use crate::support::database::Kind;

pub(super) fn text(text: &str) -> Value {
    Value {
        kind: Some(Wire::StringValue(text.to_owned())),
    }
}

pub(super) fn list(texts: &[&str]) -> Value {
    let values = texts.iter().map(|it| text(it)).collect();
    Value {
        kind: Some(Wire::ListValue(ListValue { values })),
    }
}

pub(super) fn custom(fields: &[(&str, Value)]) -> Option<Struct> {
    let fields = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    Some(Struct {
        fields: fields.collect(),
    })
}

#[rstest]
#[tokio::test]
async fn values_for_jiras_own_fields_travel_and_those_it_refuses_are_told(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let project = Project::new("DEMO", "Custom")
        .with_field(colour())
        .with_field(Field::new("customfield_10101", "Weight", FieldKind::Number))
        .with_field(Field::new("customfield_10102", "Hidden", FieldKind::Text))
        .with_field(Field::new("customfield_10103", "Note", FieldKind::Document))
        .without_field(None, "customfield_10102");
    let good = v1::NewSessionTicket {
        custom_fields: custom(&[
            ("customfield_10100", text("Red")),
            ("customfield_10101", text("2.5")),
            ("customfield_10103", text("<p>In rich text.</p>")),
            ("components", list(&["API", "Web"])),
            ("duedate", text("2026-12-24")),
            ("cost_center", text("of docket's alone")),
            ("summary", text("not docket's title")),
        ]),
        ..ticket("good")
    };
    let bad = v1::NewSessionTicket {
        custom_fields: custom(&[
            ("customfield_10100", text("Green")),
            ("customfield_10101", text("heavy")),
            ("customfield_10102", text("x")),
            ("components", list(&["Nothing"])),
            ("parent", text("DEMO-999")),
            ("duedate", text("soon")),
        ]),
        ..ticket("bad")
    };
    let bench = Bench::with(kind, site_of(project), vec![good, bad]).await;
    let plan = bench.plan().await;
    let foreseen: Vec<_> = plan.items[1]
        .fallbacks
        .iter()
        .map(|it| it.field.as_str())
        .collect();
    assert_eq!(
        foreseen,
        [
            "custom_fields.components",
            "custom_fields.customfield_10100",
            "custom_fields.customfield_10101",
            "custom_fields.customfield_10102"
        ]
    );
    bench.complete().await;
    let results = bench.results().await;
    let keys: Vec<_> = results
        .jira_tickets
        .iter()
        .map(|it| it.jira_key.clone())
        .collect();
    let issue = bench.jira.issue(&keys[0]).unwrap().fields;
    assert_eq!(issue["customfield_10100"]["value"], "Red");
    assert_eq!(issue["customfield_10101"], 2.5);
    assert_eq!(plain_text(&issue["customfield_10103"]), "In rich text.");
    assert_eq!(issue["components"][1]["name"], "Web");
    assert_eq!(
        (&issue["duedate"], &issue["summary"]),
        (&json!("2026-12-24"), &json!("The work on good"))
    );
    assert_eq!(
        bench.jira.requests_of(Operation::CreateIssue).len(),
        3,
        "all refused values in one go"
    );

    let mut told: Vec<_> = results
        .manual_fixes
        .iter()
        .map(|it| (it.field.as_str(), it.wanted.as_str()))
        .collect();
    told.sort_unstable();
    let expected = [
        ("custom_fields.components", "[\"Nothing\"]"),
        ("custom_fields.customfield_10100", "Green"),
        ("custom_fields.customfield_10101", "heavy"),
        ("custom_fields.customfield_10102", "x"),
        ("custom_fields.duedate", "soon"),
        ("custom_fields.parent", "DEMO-999"),
    ];
    assert_eq!(told, expected);
    for fix in &results.manual_fixes {
        assert_eq!(fix.r#type(), ManualFixType::FieldRejected);
        assert!(
            !fix.reason.is_empty() && !fix.recommended_action.is_empty() && fix.sent.is_empty()
        );
        // Where the screen is not to blame, nobody is sent to change it.
        let off_screen = fix.field.ends_with("customfield_10102");
        assert_eq!(
            fix.recommended_action.contains("screen"),
            off_screen,
            "{fix:?}"
        );
        assert_eq!(
            (&fix.jira_key, fix.jira_url.ends_with(&keys[1])),
            (&keys[1], true)
        );
    }
}

/// Apps that refuse a create leave parts of Jira's form empty, or fill them otherwise.
#[rstest]
#[case::no_messages(json!({ "errorMessages": null, "errors": { "labels": "no" } }))]
#[case::a_text_for_messages(json!({ "errorMessages": "no", "errors": { "labels": "no" } }))]
#[tokio::test]
async fn a_refusal_in_an_unusual_form_names_its_field_all_the_same(
    #[case] said: serde_json::Value,
) {
    let wish = v1::NewSessionTicket {
        labels: vec!["hot".to_owned()],
        ..ticket("a")
    };
    let bench = Bench::new(Kind::Sqlite, vec![wish]).await;
    let refused = Fault::on(Operation::CreateIssue, refusal(said));
    bench.jira.order(refused);
    bench.complete().await;
    let fixes = bench.results().await.manual_fixes;
    assert_eq!((fixes.len(), fixes[0].field.as_str()), (1, "labels"));
}

#[tokio::test]
async fn refusals_that_come_in_stages_are_followed_and_each_told() {
    let wish = v1::NewSessionTicket {
        priority: v1::TicketPriority::P1.into(),
        labels: vec!["hot".to_owned()],
        story_points: Some(5.0),
        jira_assignee: Some("ada@example.com".to_owned()),
        ..ticket("a")
    };
    let bench = Bench::new(Kind::Sqlite, vec![wish]).await;
    let stages = [
        json!({ STORY_POINTS: "Field cannot be set.", "labels": "Field cannot be set." }),
        json!({ "priority": "Die Priorität ist ungültig." }),
        json!({ "assignee": "cannot be assigned issues" }),
    ];
    for errors in stages {
        let said = json!({ "errorMessages": [], "errors": errors });
        let refused = Fault::on(Operation::CreateIssue, refusal(said));
        bench.jira.order(refused);
    }
    let export = bench.complete().await;
    assert_eq!(export.manual_fixes_needed, 4);
    assert_eq!(bench.jira.requests_of(Operation::CreateIssue).len(), 4);
    let results = bench.results().await;
    let told: BTreeMap<&str, &v1::ManualFix> = results
        .manual_fixes
        .iter()
        .map(|it| (it.field.as_str(), it))
        .collect();
    let expected = [
        ("assignee", ManualFixType::AssigneeInvalid),
        ("labels", ManualFixType::FieldRejected),
        ("priority", ManualFixType::PriorityUnavailable),
        ("story_points", ManualFixType::FieldRejected),
    ];
    let kinds = told.iter().map(|(field, fix)| (*field, fix.r#type()));
    assert!(kinds.eq(expected), "{told:?}");
    assert!(
        told["priority"].reason.contains("ungültig"),
        "in Jira's words"
    );
    assert_eq!(bench.jira.issues().len(), 1);
}

#[tokio::test]
async fn a_description_that_jira_finds_too_long_is_cut_further() {
    let long = v1::NewSessionTicket {
        description: format!("<p>{}</p>", "word ".repeat(2000)),
        ..ticket("long")
    };
    let bench = Bench::new(Kind::Sqlite, vec![long]).await;
    let said = json!({ "errorMessages": ["CONTENT_LIMIT_EXCEEDED"], "errors": {} });
    let limit = refusal(said);
    bench
        .jira
        .order(Fault::on(Operation::CreateIssue, limit).times(2));
    bench.complete().await;
    let fixes = bench.results().await.manual_fixes;
    assert_eq!(fixes.len(), 1);
    assert_eq!(fixes[0].r#type(), ManualFixType::DescriptionTruncated);
    let issue = bench.jira.issues().remove(0);
    let length = plain_text(&issue.fields["description"]).len();
    assert!((1000..2600).contains(&length), "{length}");
    let files = bench.jira.attachments();
    assert_eq!(files.len(), 1, "the whole text is attached");
    assert_eq!(files[0].filename, "description.html");
    let whole = String::from_utf8_lossy(&files[0].content)
        .matches("word")
        .count();
    assert_eq!(whole, 2000);
}
