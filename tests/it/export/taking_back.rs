//! What a revert says of itself: subtasks, deletions that Jira does not find, and what is left to be done by hand.

use std::time::Duration;

use docket::{
    proto::v1::{ApplyFixesRequest, NewSessionTicket, PlanExportRequest},
    sandbox::{Action, Fault, Operation, Options, Person, Touch},
};
use prost_types::{Struct, Value, value::Kind as Wire};
use rstest::rstest;
use serde_json::json;

use super::{
    ask::reason,
    bench::{Bench, assert_completed, chain},
    revert::TICKETS,
    taken_over::tickets,
};
use crate::support::database::Kind;

/// A ticket, and another one that is to be a subtask of the first's issue.
fn family() -> Vec<NewSessionTicket> {
    let mut tickets = chain(&[("parent", &[]), ("child", &["parent"])]);
    let parent = Value {
        kind: Some(Wire::StringValue("DEMO-1".to_owned())),
    };
    tickets[1].issue_type = "Sub-task".to_owned();
    tickets[1].custom_fields = Some(Struct {
        fields: [("parent".to_owned(), parent)].into(),
    });
    tickets
}

#[rstest]
#[tokio::test]
async fn subtasks_go_before_what_they_are_subtasks_of(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::with(kind, Options::default(), Duration::ZERO, family()).await;
    assert_completed(&bench.run().await);
    let keys = bench.made();
    let planned = bench.revert(true).await.unwrap();
    assert_eq!((&planned.deleted, &planned.kept), (&keys, &vec![]));
    assert_eq!(bench.revert(false).await.unwrap(), planned);
    assert!(bench.jira.issues().is_empty());
}

#[rstest]
#[tokio::test]
async fn what_has_a_subtask_that_is_kept_is_kept(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::with(kind, Options::default(), Duration::ZERO, family()).await;
    assert_completed(&bench.run().await);
    let keys = bench.made();
    bench.comment(&keys[1]);
    let planned = bench.revert(true).await.unwrap();
    let reverted = bench.revert(false).await.unwrap();
    assert_eq!(reverted, planned);
    assert!(reverted.deleted.is_empty());
    let kept: Vec<_> = reverted.kept.iter().map(|kept| &kept.jira_key).collect();
    assert_eq!(kept, [&keys[0], &keys[1]], "by the tickets' order");
    assert!(reverted.kept[0].reason.contains(&keys[1]), "{reverted:?}");
}

#[rstest]
#[tokio::test]
async fn a_deletion_that_jira_does_not_find_is_none_while_the_issue_is_shown(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, TICKETS).await;
    assert_completed(&bench.run().await);
    let keys = bench.made();
    let missed = Fault::on(Operation::DeleteIssue, Action::status(404));
    bench.jira.order(missed.nth(2));
    let reverted = bench.revert(false).await.unwrap();
    assert_eq!(reverted.deleted, [keys[0].clone(), keys[2].clone()]);
    assert_eq!(reverted.kept[0].jira_key, keys[1]);
    assert!(reverted.kept[0].reason.contains("did not delete"));
    assert_eq!(bench.made(), keys[1..2]);
}

/// An account that has lost sight of the project is told the same as one that asks for what is not there.
#[rstest]
#[tokio::test]
async fn an_issue_that_may_be_hidden_is_not_told_as_deleted(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, &[("a", &[])]).await;
    assert_completed(&bench.run().await);
    let answer = |status, body| Action::Status {
        status,
        body: Some(body),
        headers: Default::default(),
    };
    let nothing = answer(200, json!({ "issues": [], "issueErrors": [] }));
    for (call, action) in [
        (Operation::DeleteIssue, Action::status(404)),
        (Operation::FetchIssues, nothing),
        (Operation::MyPermissions, Action::status(404)),
    ] {
        bench.jira.order(Fault::on(call, action));
    }
    let reverted = bench.revert(false).await.unwrap();
    assert!(reverted.deleted.is_empty(), "{reverted:?}");
    assert!(reverted.kept[0].reason.contains("may not see it"));
}

#[rstest]
#[tokio::test]
async fn of_the_fixes_those_are_left_whose_issues_are(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::with(kind, Options::default(), Duration::ZERO, tickets()).await;
    assert_completed(&bench.run().await);
    let keys = bench.keys().await;
    assert_eq!(bench.results().await.manual_fixes.len(), 3);
    bench.comment(&keys[0]);
    bench.comment(&keys[1]);
    assert!(bench.jira.touch(&keys[1], Person::Other, &Touch::Delete));
    bench.revert(false).await.unwrap();
    let results = bench.results().await;
    let about: Vec<_> = results.manual_fixes.iter().map(|it| &it.jira_key).collect();
    assert_eq!(about, [&keys[0]]);
    assert_eq!(results.export.unwrap().manual_fixes_needed, 1);

    // They are the next export's, and nothing is sent for this one.
    let calls = bench.jira.requests().len();
    let request = ApplyFixesRequest {
        session_id: bench.session.clone(),
        ..Default::default()
    };
    let refused = bench.exports().apply_fixes(request).await.unwrap_err();
    assert_eq!(reason(&refused), "EXPORT_NOT_RETRYABLE");
    assert_eq!(bench.jira.requests().len(), calls);
    let refused = bench.retry().await.unwrap_err();
    assert_eq!(reason(&refused), "EXPORT_NOT_RETRYABLE");
    let text = refused.message();
    assert!(text.contains("StartExport") && !text.contains("RevertExport"));
}

#[rstest]
#[tokio::test]
async fn an_export_that_is_half_taken_back_is_not_planned_as_if_it_were_whole(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, TICKETS).await;
    assert_completed(&bench.run().await);
    let keys = bench.made();
    let revoked = Fault::on(Operation::DeleteIssue, Action::status(401));
    bench.jira.order(revoked.nth(2));
    bench.revert(false).await.unwrap_err();
    assert_eq!(bench.planned().await[0], None, "{keys:?}");
    let request = PlanExportRequest {
        session_id: bench.session.clone(),
    };
    let plan = bench.exports().plan_export(request).await.unwrap();
    let blocking = plan.into_inner().blocking_issues;
    assert_eq!(blocking.len(), 1);
    assert!(blocking[0].recommended_action.contains("RevertExport"));
    bench.revert(false).await.unwrap();
    assert_eq!(bench.planned().await, [None, None, None]);
}
