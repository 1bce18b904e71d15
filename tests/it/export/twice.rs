//! Files that Jira takes in after docket has sent them again: the issue has them twice then, and that is told.

use docket::{
    proto::v1::{ApplyFixesRequest, CheckDriftRequest, ManualFixType, fix_result::Outcome},
    sandbox::{Action, Fault, Operation},
};
use rstest::rstest;

use super::{
    bench::{Bench, assert_completed, last},
    files::{FILES, bench as with_files, in_jira, wanted},
};
use crate::support::database::Kind;

/// An export whose second file Jira takes in that many calls too late.
async fn exported(kind: Kind, after_calls: u64) -> Bench {
    let bench = with_files(kind, &FILES).await;
    let late = Action::WorkAfterClientLeft {
        delay_ms: 0,
        after_calls,
    };
    bench
        .jira
        .order(Fault::on(Operation::AddAttachments, late).nth(1));
    let events = bench.run().await;
    assert_completed(&events);
    let told = i32::from(after_calls < 20);
    assert_eq!(last(&events).manual_fixes_needed, told);
    bench
}

async fn drift(bench: &Bench) -> Vec<(String, String)> {
    let request = CheckDriftRequest {
        session_id: bench.session.clone(),
    };
    let drift = bench.exports().check_drift(request).await.unwrap();
    let items = drift.into_inner().items.into_iter();
    items.map(|item| (item.field, item.exported)).collect()
}

async fn apply(bench: &Bench) -> Option<Outcome> {
    let request = ApplyFixesRequest {
        session_id: bench.session.clone(),
        ..Default::default()
    };
    let applied = bench.exports().apply_fixes(request).await.unwrap();
    applied.into_inner().fixes.remove(0).outcome
}

#[rstest]
#[tokio::test]
async fn a_file_that_comes_twice_is_told_and_settled_once_one_is_gone(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    // Six looks, and it is sent again.
    let bench = exported(kind, 8).await;
    let twice: Vec<_> = bench.jira.attachments();
    let twice: Vec<_> = twice
        .iter()
        .filter(|it| it.filename == FILES[0].1)
        .collect();
    assert_eq!(twice.len(), 2);
    let fix = bench.results().await.manual_fixes.remove(0);
    assert_eq!(fix.r#type(), ManualFixType::AttachmentFailed);
    assert_eq!(
        (fix.field.as_str(), fix.sent.as_str()),
        (FILES[0].1, "twice")
    );
    let told = ("attachment".to_owned(), FILES[0].1.to_owned());
    assert_eq!(drift(&bench).await, [told]);
    assert!(matches!(apply(&bench).await, Some(Outcome::Error(_))));
    assert_eq!(
        in_jira(&bench).len(),
        FILES.len() + 1,
        "docket deletes nothing"
    );

    let url = format!("{}/rest/api/3/attachment/{}", bench.jira.url(), twice[0].id);
    let deleted = reqwest::Client::new()
        .delete(url)
        .basic_auth(
            docket::sandbox::Options::EMAIL,
            Some(docket::sandbox::Options::TOKEN),
        )
        .send();
    assert!(deleted.await.unwrap().status().is_success());
    assert_eq!(in_jira(&bench), wanted(&FILES));
    assert_eq!(apply(&bench).await, Some(Outcome::Applied(true)));
    assert_eq!(drift(&bench).await, []);
}

#[tokio::test]
async fn a_file_that_comes_twice_after_the_end_does_not_keep_its_issue_from_being_taken_back() {
    let bench = exported(Kind::Sqlite, 80).await;
    while in_jira(&bench).len() == FILES.len() {
        drift(&bench).await;
    }
    assert_eq!(drift(&bench).await.len(), 1);
    let reverted = bench.revert(false).await.unwrap();
    assert_eq!((reverted.deleted.len(), reverted.kept), (3, vec![]));
    assert!(bench.jira.issues().is_empty());
}

#[rstest]
#[tokio::test]
async fn a_file_that_nobody_could_look_for_may_be_there_twice_once_it_is_sent_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = with_files(kind, &FILES[..1]).await;
    let late = Action::WorkAfterClientLeft {
        delay_ms: 0,
        after_calls: 60,
    };
    bench
        .jira
        .order(Fault::on(Operation::AddAttachments, late).nth(1));
    // The look before it is answered, the one after it is not.
    bench
        .jira
        .order(Fault::on(Operation::GetIssue, Action::status(403)).nth(2));
    let events = bench.run().await;
    assert_completed(&events);
    assert_eq!(last(&events).manual_fixes_needed, 1);
    assert_eq!(apply(&bench).await, Some(Outcome::Applied(true)));
    assert_eq!(in_jira(&bench).len(), 1);
    while in_jira(&bench).len() == 1 {
        drift(&bench).await;
    }
    let told = ("attachment".to_owned(), FILES[0].1.to_owned());
    assert_eq!(drift(&bench).await, [told]);
}
