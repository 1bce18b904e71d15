//! What an issue can do without stops nothing, however Jira withholds it: refused, failing, one by one.

use std::{collections::BTreeMap, time::Duration};

use docket::{
    proto::v1::{ExportStatus, ManualFixType, NewSessionTicket},
    sandbox::{Action, Fault, Operation, Options, STORY_POINTS},
};
use prost_types::{ListValue, Struct, Value, value::Kind as Is};
use rstest::rstest;
use serde_json::json;

use super::bench::{Bench, assert_completed, chain, last};
use crate::support::database::Kind;

fn text(text: &str) -> Value {
    Value {
        kind: Some(Is::StringValue(text.to_owned())),
    }
}

/// Three tickets that wait for each other, the last one with everything that an issue can do without.
fn tickets() -> Vec<NewSessionTicket> {
    let mut tickets = chain(&[("a", &[]), ("b", &["a"]), ("c", &["a", "b"])]);
    let api = ListValue {
        values: vec![text("API")],
    };
    let components = Value {
        kind: Some(Is::ListValue(api)),
    };
    tickets[2] = NewSessionTicket {
        labels: vec!["hot".to_owned()],
        story_points: Some(5.0),
        sprint: Some("DEMO Sprint 2".to_owned()),
        jira_assignee: Some("ada@example.com".to_owned()),
        custom_fields: Some(Struct {
            fields: BTreeMap::from([
                ("duedate".to_owned(), text("2026-12-24")),
                ("components".to_owned(), components),
            ]),
        }),
        ..tickets[2].clone()
    };
    tickets
}

async fn bench() -> Bench {
    let options = Options::default();
    Bench::with(Kind::Sqlite, options, Duration::ZERO, tickets()).await
}

#[rstest]
#[case::no_links(Operation::CreateLink, 500, ManualFixType::LinkFailed, 3)]
#[case::no_link_types(Operation::ListLinkTypes, 403, ManualFixType::LinkFailed, 3)]
#[case::no_sprint(Operation::MoveToSprint, 500, ManualFixType::SprintNotFound, 1)]
#[case::no_boards(Operation::ListBoards, 500, ManualFixType::SprintNotFound, 1)]
#[case::no_people(Operation::AssignableUsers, 403, ManualFixType::AssigneeInvalid, 1)]
#[tokio::test]
async fn what_jira_never_does_is_left_to_a_person(
    #[case] call: Operation,
    #[case] status: u16,
    #[case] fix: ManualFixType,
    #[case] fixes: usize,
) {
    let bench = bench().await;
    bench
        .jira
        .order(Fault::on(call, Action::status(status)).always());
    assert_completed(&bench.run().await);
    let told = bench.results().await.manual_fixes;
    let told: Vec<_> = told.iter().map(|it| it.r#type()).collect();
    assert_eq!(told, vec![fix; fixes]);
    bench.assert_whole(3).await;
    // It is waited for once, and not at each ticket.
    let waited: Duration = bench.clock.waits().iter().sum();
    assert!(waited <= Duration::from_secs(15), "{waited:?}");
}

#[tokio::test]
async fn a_site_that_is_down_as_a_whole_stops_the_run() {
    let bench = bench().await;
    for call in [Operation::CreateLink, Operation::Myself] {
        bench
            .jira
            .order(Fault::on(call, Action::status(500)).always());
    }
    let export = last(&bench.run().await);
    assert_eq!(export.status(), ExportStatus::Failed);
    assert_eq!(export.failure.unwrap().reason, "JIRA_SERVER_ERROR");
    bench.jira.clear_orders();
    bench.retry().await.unwrap();
    assert_completed(&bench.events(0).await);
    assert_eq!(bench.jira.links().len(), 3);
    assert!(bench.results().await.manual_fixes.is_empty());
}

#[tokio::test]
async fn fields_that_are_refused_one_by_one_are_all_left_out() {
    let bench = bench().await;
    let fields = [
        "priority",
        "labels",
        "assignee",
        STORY_POINTS,
        "duedate",
        "components",
    ];
    for (field, n) in fields.into_iter().zip(3..) {
        let refused = Action::Status {
            status: 400,
            body: Some(json!({ "errorMessages": [], "errors": { field: "no" } })),
            headers: BTreeMap::new(),
        };
        bench
            .jira
            .order(Fault::on(Operation::CreateIssue, refused).nth(n));
    }
    assert_completed(&bench.run().await);
    assert_eq!(bench.results().await.manual_fixes.len(), fields.len());
    bench.assert_whole(3).await;
}
