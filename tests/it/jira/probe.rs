//! Finding an issue whose key was never learnt.

use std::collections::BTreeMap;

use docket::{
    connectors::jira::{CallError, CreateOutcome, IssueRef, Probe, Trouble},
    sandbox::{Action, Fault, Numbering, Operation, Options},
};
use serde_json::json;

use super::{Bench, issue, marker, settings};

/// A create that is carried out and never answered.
async fn lose(bench: &Bench, ticket: u128) -> IssueRef {
    bench
        .sandbox
        .order(Fault::on(Operation::CreateIssue, Action::DropAfter));
    let outcome = bench.jira.create_issue(&issue(ticket)).await;
    assert_eq!(outcome, CreateOutcome::Uncertain(Trouble::ConnectionLost));
    let made = bench.sandbox.issues().pop().unwrap();
    IssueRef {
        id: made.id.to_string(),
        key: made.key,
    }
}

fn foreign(bench: &Bench, count: usize) {
    for _ in 0..count {
        bench
            .sandbox
            .foreign_issue("DEMO", "Somebody else's")
            .unwrap();
    }
}

#[tokio::test]
async fn a_lost_create_is_found_by_its_mark_among_other_peoples_issues() {
    let bench = Bench::new().await;
    foreign(&bench, 3);
    let lost = lose(&bench, 1).await;
    lose(&bench, 2).await;
    foreign(&bench, 3);
    let mut later = marker(1);
    later.attempt = 5;
    assert_eq!(
        bench.jira.find_created("DEMO", 0, &later).await,
        Ok(Probe::Found(lost))
    );
    let absent = bench.jira.find_created("DEMO", 0, &marker(3)).await;
    assert_eq!(absent, Ok(Probe::Absent { searched_to: 200 }));
}

#[tokio::test]
async fn the_probe_reads_on_over_gaps_and_as_many_windows_as_there_are_issues() {
    let numbering = Numbering {
        largest_gap: 9,
        seed: 7,
        refusals_consume: true,
    };
    let bench = Bench::with(
        Options {
            numbering,
            ..Options::default()
        },
        &settings(),
    )
    .await;
    foreign(&bench, 80);
    let lost = lose(&bench, 1).await;
    let number: i64 = lost.key.rsplit('-').next().unwrap().parse().unwrap();
    assert!(number > 200, "the gaps are too small to tell: {number}");
    assert_eq!(
        bench.jira.find_created("DEMO", 0, &marker(1)).await,
        Ok(Probe::Found(lost))
    );
    let windows = bench.sandbox.requests_of(Operation::FetchIssues).len();
    assert_eq!(windows, usize::try_from((number + 99) / 100).unwrap());
}

#[tokio::test]
async fn a_gap_wider_than_a_window_is_crossed_with_the_searchs_help() {
    let bench = Bench::new().await;
    // Refused creates use up numbers.
    let mut refused = issue(9);
    refused.fields.remove("summary");
    for _ in 0..150 {
        let outcome = bench.jira.create_issue(&refused).await;
        assert!(matches!(outcome, CreateOutcome::Rejected(_)), "{outcome:?}");
    }
    let lost = lose(&bench, 1).await;
    assert_eq!(lost.key, "DEMO-151");
    assert_eq!(
        bench.jira.find_created("DEMO", 0, &marker(1)).await,
        Ok(Probe::Found(lost))
    );
}

#[tokio::test]
async fn only_keys_after_the_given_one_are_read_and_what_the_search_shows_as_newest() {
    let options = Options {
        search_lag: 1000,
        ..Options::default()
    };
    let bench = Bench::with(options, &settings()).await;
    let lost = lose(&bench, 1).await;
    assert_eq!(lost.key, "DEMO-1");
    let after = bench.jira.find_created("DEMO", 1, &marker(1)).await;
    assert_eq!(after, Ok(Probe::Absent { searched_to: 101 }));
    bench.sandbox.reindex();
    let after = bench.jira.find_created("DEMO", 1, &marker(1)).await;
    assert_eq!(after, Ok(Probe::Found(lost)));
}

#[tokio::test]
async fn a_probe_that_gets_no_answer_says_so_instead_of_absent() {
    let bench = Bench::new().await;
    for action in [Action::status(500), Action::Truncated, Action::DropBefore] {
        bench
            .sandbox
            .order(Fault::on(Operation::FetchIssues, action));
        let probe = bench.jira.find_created("DEMO", 0, &marker(1)).await;
        assert!(matches!(probe, Err(CallError::Trouble(_))), "{probe:?}");
    }
    bench
        .sandbox
        .order(Fault::on(Operation::SearchPost, Action::status(500)));
    let probe = bench.jira.find_created("DEMO", 0, &marker(1)).await;
    assert_eq!(probe, Err(Trouble::ServerError(500).into()));
}

#[tokio::test]
async fn an_issue_that_exists_and_cannot_be_read_leaves_the_probe_without_a_result() {
    let bench = Bench::new().await;
    foreign(&bench, 1);
    let errors = json!({
        "issues": [],
        "issueErrors": [{ "id": "DEMO-1", "errorMessage": "Später vielleicht." }],
    });
    bench.sandbox.order(Fault::on(
        Operation::FetchIssues,
        Action::Status {
            status: 200,
            body: Some(errors),
            headers: BTreeMap::new(),
        },
    ));
    let probe = bench.jira.find_created("DEMO", 0, &marker(1)).await;
    assert_eq!(probe, Err(Trouble::Unreadable.into()));
}

#[tokio::test]
async fn the_newest_key_is_asked_for_by_number() {
    let bench = Bench::new().await;
    assert_eq!(bench.jira.newest_key("DEMO").await, Ok(None));
    foreign(&bench, 11);
    assert_eq!(bench.jira.newest_key("DEMO").await, Ok(Some(11)));
    let asked = &bench.sandbox.requests_of(Operation::SearchPost)[0];
    let body = asked.request.as_ref().unwrap();
    assert_eq!(body["jql"], "project = \"DEMO\" ORDER BY key DESC");
    assert_eq!(body["maxResults"], 1);
}

#[tokio::test]
async fn the_newest_key_of_a_project_that_was_renamed_is_found_under_the_new_name() {
    let bench = Bench::new().await;
    foreign(&bench, 11);
    assert!(bench.sandbox.rename_project("DEMO", "NEW"));
    assert_eq!(bench.jira.newest_key("DEMO").await, Ok(Some(11)));
    assert_eq!(bench.jira.newest_key("NEW").await, Ok(Some(11)));
}
