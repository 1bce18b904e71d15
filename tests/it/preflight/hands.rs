//! Fixes of fields that somebody has changed in Jira since the export: what people want stays, and what they have touched is not docket's.

use docket::{
    proto::v1,
    sandbox::{Operation, Person, Touch},
};
use rstest::rstest;
use serde_json::{Value, json};

use super::{
    bench::Bench,
    fixes::{errors, exported, whole},
};
use crate::support::database::Kind;

impl Bench {
    /// An export that could not assign an issue to somebody whom Jira knows by now; the issue's key, and the fix.
    async fn mended(kind: Kind) -> (Self, String, String) {
        let bench = exported(kind).await;
        bench.jira.change_site(|site| *site = whole());
        let fixes = bench.results().await.manual_fixes.into_iter();
        let mut fixes = fixes.filter(|fix| fix.field == "assignee");
        let fix = fixes.next().unwrap();
        (bench, fix.jira_key, fix.id)
    }

    fn assign(&self, key: &str, person: Person, to: Value) {
        let edit = Touch::Edit {
            field: "assignee".to_owned(),
            value: to,
        };
        assert!(self.jira.touch(key, person, &edit));
    }

    fn assignee(&self, key: &str) -> Value {
        let issue = self.jira.issue(key).unwrap();
        issue.fields["assignee"]["displayName"].clone()
    }

    /// Why a revert would keep the issue.
    async fn kept(&self, key: &str) -> String {
        let request = v1::RevertExportRequest {
            session_id: self.session.clone(),
            dry_run: true,
        };
        let planned = self.exports().revert_export(request).await.unwrap();
        let kept = planned.into_inner().kept;
        let kept = kept.into_iter().find(|kept| kept.jira_key == key);
        kept.map(|kept| kept.reason).unwrap_or_default()
    }
}

fn wanted() -> Value {
    json!({ "accountId": "new:1", "displayName": "New Person" })
}

#[rstest]
#[case::under_another_account(Person::Other)]
#[case::under_dockets_own(Person::Account)]
#[tokio::test]
async fn what_somebody_has_set_in_jira_is_not_overwritten(
    #[case] person: Person,
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (bench, key, fix) = Bench::mended(kind).await;
    bench.assign(
        &key,
        person,
        json!({ "accountId": "x", "displayName": "Bo" }),
    );
    for _ in 0..2 {
        let results = bench.apply(&[&fix]).await.unwrap();
        let told = errors(&results);
        assert_eq!(told.len(), 1, "{told:?}");
        let text = &told[0].message;
        assert!(text.contains("assignee") && text.contains("“Bo”"), "{text}");
        assert_eq!((bench.left().await, bench.assignee(&key)), (6, json!("Bo")));
    }
    assert!(bench.kept(&key).await.contains("assignee"));

    // Whoever puts the wanted value there by hand has applied the fix, and touched the issue.
    bench.assign(&key, person, wanted());
    let edits = bench.jira.requests_of(Operation::EditIssue).len();
    assert_eq!(errors(&bench.apply(&[&fix]).await.unwrap()).len(), 0);
    assert_eq!(bench.left().await, 5);
    assert_eq!(bench.jira.requests_of(Operation::EditIssue).len(), edits);
    assert!(bench.kept(&key).await.contains("assignee"));
}

#[rstest]
#[tokio::test]
async fn a_value_that_somebody_has_put_there_under_dockets_account_is_theirs(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (bench, key, fix) = Bench::mended(kind).await;
    bench.assign(&key, Person::Account, wanted());
    assert_eq!(errors(&bench.apply(&[&fix]).await.unwrap()).len(), 0);
    assert_eq!(bench.left().await, 5);
    assert!(bench.kept(&key).await.contains("assignee"));
}

#[rstest]
#[tokio::test]
async fn what_a_fix_has_sent_is_dockets_once(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (bench, key, fix) = Bench::mended(kind).await;
    assert_eq!(errors(&bench.apply(&[&fix]).await.unwrap()).len(), 0);
    assert_eq!(bench.assignee(&key), json!("New Person"));
    assert_eq!(bench.kept(&key).await, "", "docket has done all of it");
    bench.assign(&key, Person::Account, Value::Null);
    assert!(bench.kept(&key).await.contains("assignee"));
}
