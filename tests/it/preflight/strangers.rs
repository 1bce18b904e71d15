//! Fixes of issues that are not docket's any more: nothing is sent to what somebody else has under the same key.

use docket::sandbox::{Operation, Person, Touch};
use rstest::rstest;
use sea_orm::EntityTrait as _;

use super::fixes::{errors, exported, whole};
use crate::support::database::Kind;

const WRITES: [Operation; 4] = [
    Operation::EditIssue,
    Operation::MoveToSprint,
    Operation::CreateLink,
    Operation::AddAttachments,
];

#[rstest]
#[case::replaced(Touch::Replace { summary: "Theirs".to_owned() }, "another one")]
#[case::unmarked(Touch::Unmark { property: "docket".to_owned() }, "mark")]
#[case::deleted(Touch::Delete, "not there any more")]
#[tokio::test]
async fn a_fix_of_an_issue_that_is_not_dockets_fails_and_says_why(
    #[case] touch: Touch,
    #[case] word: &str,
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = exported(kind).await;
    bench.jira.change_site(|site| *site = whole());
    let key = bench.results().await.jira_tickets[1].jira_key.clone();
    let sent = || {
        let sent = WRITES.iter().map(|&of| bench.jira.requests_of(of).len());
        sent.sum::<usize>()
    };
    let before = sent();
    assert!(bench.jira.touch(&key, Person::Other, &touch));
    let theirs = bench.jira.issue(&key);
    let results = bench.apply(&[]).await.unwrap();
    assert_eq!((results.len(), errors(&results).len()), (6, 6));
    for error in errors(&results) {
        assert_eq!(error.reason, "JIRA_FIELD_REJECTED");
        assert!(error.message.contains(word), "{}", error.message);
        assert!(error.message.contains(&key), "{}", error.message);
    }
    assert_eq!(sent(), before, "nothing was sent");
    assert_eq!(bench.jira.issue(&key), theirs);
    assert_eq!(bench.left().await, 6);
}

#[tokio::test]
async fn a_link_needs_both_of_its_issues() {
    let bench = exported(Kind::Sqlite).await;
    bench.jira.change_site(|site| *site = whole());
    let key = bench.results().await.jira_tickets[0].jira_key.clone();
    let summary = "Theirs".to_owned();
    let replace = Touch::Replace { summary };
    assert!(bench.jira.touch(&key, Person::Other, &replace));
    let results = bench.apply(&[]).await.unwrap();
    assert_eq!((results.len(), errors(&results).len()), (6, 1));
    assert!(errors(&results)[0].message.contains(&key));
    assert!(bench.jira.links().is_empty());
}

#[rstest]
#[tokio::test]
async fn what_fixes_ask_and_are_answered_is_in_the_log(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = exported(kind).await;
    bench.jira.change_site(|site| *site = whole());
    let before = bench.jira.requests().len();
    bench.apply(&[]).await.unwrap();
    let asked = bench.jira.requests().split_off(before);
    let rows = docket::db::export_log::Entity::find();
    let rows = rows.all(bench.server.database().read()).await.unwrap();
    let logged = |asked: &docket::sandbox::Exchange| {
        let same = |row: &docket::db::export_log::Model| {
            row.method.as_deref() == Some(asked.method.as_str())
                && row
                    .path
                    .as_deref()
                    .is_some_and(|path| path.starts_with(&asked.path))
        };
        rows.iter().any(same)
    };
    for asked in &asked {
        assert!(logged(asked), "{} {}", asked.method, asked.path);
    }
    let notes = rows.iter().filter_map(|row| row.note.as_deref());
    assert_eq!(
        notes.filter(|note| note.contains("is applied, by")).count(),
        6
    );
}
