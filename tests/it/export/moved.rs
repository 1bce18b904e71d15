//! Issues and projects that are not where they were: keys that jump, projects that are renamed, keys that are somebody else's by now.

use std::time::Duration;

use docket::{
    proto::v1::{CheckDriftRequest, ExportStatus, ManualFixType},
    sandbox::{Action, Fault, Operation, Options, Person, Touch},
};
use rstest::rstest;

use super::{
    bench::{Bench, assert_completed, chain, last},
    files::{FILES, bench as with_files},
    revert::TICKETS,
};
use crate::support::database::Kind;

#[rstest]
#[tokio::test]
async fn an_issue_whose_answer_is_lost_is_found_although_the_keys_have_jumped(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(150, 8000, 2_000_000)] jump: u64,
) {
    let options = Options {
        // The first looks come too early for the search.
        search_lag: 2,
        ..Options::default()
    };
    let bench = Bench::with(kind, options, Duration::ZERO, chain(TICKETS)).await;
    for action in [Action::Skip { count: jump }, Action::DropAfter] {
        bench
            .jira
            .order(Fault::on(Operation::CreateIssue, action).nth(2));
    }
    assert_completed(&bench.run().await);
    assert_eq!(bench.creates(), 3, "no create is sent twice");
    bench.assert_whole(3).await;
    let second = &bench.results().await.jira_tickets[1].jira_key;
    assert_eq!(*second, format!("DEMO-{}", jump + 2));
}

#[rstest]
#[tokio::test]
async fn a_project_that_is_renamed_is_gone_on_with(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(false, true)] meanwhile: bool,
) {
    let bench = Bench::new(kind, TICKETS).await;
    bench.jira.foreign_issue("DEMO", "Theirs").unwrap();
    let lost = Fault::on(Operation::CreateIssue, Action::DropAfter);
    bench.jira.order(lost.nth(if meanwhile { 3 } else { 2 }));
    let rename = || assert!(bench.jira.rename_project("DEMO", "NEW"));
    if meanwhile {
        bench.during_the_second_create(async || rename()).await;
    } else {
        rename();
        bench.start().await.unwrap();
    }
    assert_completed(&bench.events(0).await);
    assert_eq!(bench.creates(), 3, "no create is sent twice");
    for ticket in bench.results().await.jira_tickets {
        let issue = bench.jira.issue(&ticket.jira_key).unwrap();
        assert_eq!(issue.fields["summary"], ticket.title);
        assert!(ticket.jira_url.ends_with(&ticket.jira_key));
    }
    assert_eq!(bench.jira.links().len(), 3);
}

#[rstest]
#[tokio::test]
async fn a_project_that_is_renamed_afterwards_moves_no_issue(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, TICKETS).await;
    assert_completed(&bench.run().await);
    assert!(bench.jira.rename_project("DEMO", "NEW"));
    let request = CheckDriftRequest {
        session_id: bench.session.clone(),
    };
    let drift = bench.exports().check_drift(request).await.unwrap();
    assert_eq!(drift.into_inner().items, []);
    let reverted = bench.revert(false).await.unwrap();
    assert_eq!((reverted.deleted.len(), reverted.kept), (3, vec![]));
    assert!(bench.jira.issues().is_empty());
}

#[rstest]
#[case::replaced(Touch::Replace { summary: "Theirs".to_owned() }, "another one")]
#[case::unmarked(Touch::Unmark { property: "docket".to_owned() }, "mark")]
#[case::deleted(Touch::Delete, "not there any more")]
#[tokio::test]
async fn a_retry_sends_nothing_to_an_issue_that_is_not_dockets_any_more(
    #[case] touch: Touch,
    #[case] word: &str,
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = with_files(kind, &FILES[..2]).await;
    // The first issue is made, and its file is not there yet.
    bench
        .jira
        .order(Fault::on(Operation::AddAttachments, Action::status(401)));
    let events = bench.run().await;
    let failed = last(&events);
    assert_eq!(failed.status(), ExportStatus::Failed);
    let key = bench.made()[0].clone();
    assert!(bench.jira.touch(&key, Person::Other, &touch));
    let before = bench.jira.issue(&key);

    bench.retry().await.unwrap();
    let ended = bench.events(events.last().unwrap().sequence).await;
    assert_completed(&ended);
    assert_eq!(bench.jira.issue(&key), before, "nobody has touched it");
    assert!(
        bench
            .jira
            .attachments()
            .iter()
            .all(|file| file.issue != key)
    );
    assert!(bench.jira.links().is_empty());
    let fixes = bench.results().await.manual_fixes;
    let told: Vec<_> = fixes.iter().map(|fix| fix.r#type()).collect();
    let (file, link) = (ManualFixType::AttachmentFailed, ManualFixType::LinkFailed);
    assert_eq!(told, [file, link]);
    for fix in &fixes {
        assert!(fix.reason.contains(word), "{}", fix.reason);
        assert!(fix.reason.contains(&key), "{}", fix.reason);
    }
}
