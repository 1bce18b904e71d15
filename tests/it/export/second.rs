//! Creates that Jira carries out after docket has sent them again: there are two issues of one ticket then, and that is told.

use docket::{
    proto::v1::{
        ApplyFixesRequest, CheckDriftRequest, DriftItem, ExportEvent, FixResult, ManualFixType,
        TicketError, export_event::Detail, fix_result::Outcome,
    },
    sandbox::{Action, Fault, Operation, Person, Touch},
};
use rstest::rstest;

use super::bench::{Bench, assert_completed, last};
use crate::support::database::Kind;

const TICKETS: &[(&str, &[&str])] = &[("a", &[]), ("b", &["a"]), ("c", &["a", "b"])];

/// So many calls pass until docket has looked for the whole time, and has sent the create again.
pub(super) const SENT_AGAIN: u64 = 13;

impl Bench {
    async fn drift(&self) -> Vec<DriftItem> {
        let request = CheckDriftRequest {
            session_id: self.session.clone(),
        };
        let drift = self.exports().check_drift(request).await.unwrap();
        drift.into_inner().items
    }

    pub(super) async fn apply(&self) -> Vec<FixResult> {
        let request = ApplyFixesRequest {
            session_id: self.session.clone(),
            ..Default::default()
        };
        let applied = self.exports().apply_fixes(request).await.unwrap();
        applied.into_inner().fixes
    }

    /// Why the first fix that is left cannot be applied.
    async fn refused_fix(&self) -> TicketError {
        let applied = self.apply().await;
        match applied.first().and_then(|fix| fix.outcome.clone()) {
            Some(Outcome::Error(error)) => error,
            other => panic!("it is applied: {other:?}"),
        }
    }
}

/// An export in which Jira carries out the second create that many calls too late; its events.
pub(super) async fn exported(kind: Kind, after_calls: u64) -> (Bench, Vec<ExportEvent>) {
    let bench = Bench::new(kind, TICKETS).await;
    bench.second_create_late(after_calls);
    let events = bench.run().await;
    assert_completed(&events);
    assert_eq!(bench.creates(), 4, "it was sent again");
    (bench, events)
}

/// The keys of the ticket's own issue and of the second one.
pub(super) async fn two(bench: &Bench) -> (String, String) {
    let own = bench.results().await.jira_tickets[1].jira_key.clone();
    let mark = bench.jira.issue(&own).unwrap().properties["docket"].clone();
    let issues = bench.jira.issues().into_iter();
    let second = issues.filter(|it| it.key != own && it.properties["docket"] == mark);
    let second: Vec<String> = second.map(|it| it.key).collect();
    assert_eq!(second.len(), 1, "Jira has two issues of one ticket");
    (own, second[0].clone())
}

#[rstest]
#[tokio::test]
async fn a_second_issue_is_told_and_taken_back_with_the_first(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (bench, events) = exported(kind, SENT_AGAIN).await;
    let (own, second) = two(&bench).await;

    let results = bench.results().await;
    assert_eq!(results.orphaned_keys, std::slice::from_ref(&second));
    assert_eq!(results.manual_fixes.len(), 1);
    let fix = &results.manual_fixes[0];
    assert_eq!(
        (fix.r#type(), fix.field.as_str()),
        (ManualFixType::FieldRejected, "issue")
    );
    assert_eq!((&fix.jira_key, &fix.wanted), (&second, &own));
    assert_eq!(
        fix.jira_url,
        format!("{}/browse/{second}", bench.jira.url())
    );
    assert!(fix.recommended_action.contains(&format!("Delete {second}")));
    assert_eq!(last(&events).manual_fixes_needed, 1);
    let told: Vec<_> = events
        .iter()
        .filter_map(|event| match event.detail.as_ref()? {
            Detail::FieldFallback(told) => told.manual_fix.clone(),
            _ => None,
        })
        .collect();
    assert_eq!(told, results.manual_fixes);

    let drift = bench.drift().await;
    assert_eq!(drift.len(), 1, "{drift:?}");
    assert_eq!(
        (&drift[0].jira_key, drift[0].field.as_str()),
        (&second, "issue")
    );
    assert_eq!(drift[0].exported, own);

    let keys: Vec<String> = bench.jira.issues().into_iter().map(|it| it.key).collect();
    let planned = bench.revert(true).await.unwrap();
    let reverted = bench.revert(false).await.unwrap();
    assert_eq!(planned, reverted);
    let mut deleted = reverted.deleted.clone();
    deleted.sort();
    assert_eq!((deleted, &reverted.kept), (keys, &vec![]));
    assert!(bench.jira.issues().is_empty());
    assert_eq!(bench.revert(false).await.unwrap(), reverted);
}

#[rstest]
#[tokio::test]
async fn a_second_issue_that_comes_after_the_end_is_found_by_whoever_looks(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (bench, _) = exported(kind, 60).await;
    assert!(bench.results().await.manual_fixes.is_empty());
    assert_eq!(bench.drift().await, []);
    while bench.jira.issues().len() < 4 {
        bench.drift().await;
    }
    let (own, second) = two(&bench).await;
    let drift = bench.drift().await;
    assert_eq!(
        (&drift[0].jira_key, &drift[0].exported),
        (&second, &own),
        "{drift:?}"
    );

    // One that somebody works on stays, and is named.
    bench.comment(&second);
    let reverted = bench.revert(false).await.unwrap();
    assert_eq!(reverted.deleted.len(), 3);
    assert_eq!(reverted.kept.len(), 1);
    assert_eq!(reverted.kept[0].jira_key, second);
    assert!(reverted.kept[0].reason.contains("comment"));
    assert_eq!(bench.jira.issues().len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_second_issue_is_settled_once_it_is_gone(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (bench, _) = exported(kind, SENT_AGAIN).await;
    let (own, second) = two(&bench).await;
    let error = bench.refused_fix().await;
    assert!(error.message.contains(&second), "{error:?}");
    assert!(
        bench.jira.issue(&second).is_some(),
        "docket deletes nothing"
    );

    bench.jira.touch(&second, Person::Other, &Touch::Delete);
    let applied = bench.apply().await;
    assert_eq!(applied[0].outcome, Some(Outcome::Applied(true)));
    let results = bench.results().await;
    assert!(results.orphaned_keys.is_empty());
    assert_eq!(results.export.unwrap().manual_fixes_needed, 0);
    assert!(results.manual_fixes[0].applied);
    assert_eq!(bench.drift().await, []);
    assert!(bench.jira.issue(&own).is_some());

    let reverted = bench.revert(false).await.unwrap();
    assert!(!reverted.deleted.contains(&second), "{reverted:?}");
    assert_eq!((reverted.deleted.len(), reverted.kept), (3, vec![]));
}

#[rstest]
#[tokio::test]
async fn a_second_issue_that_lost_the_mark_is_there_all_the_same(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (bench, _) = exported(kind, SENT_AGAIN).await;
    let (_, second) = two(&bench).await;
    bench.unmark(&second);
    let error = bench.refused_fix().await;
    assert!(error.message.contains(&second), "{error:?}");
    assert_eq!(bench.results().await.orphaned_keys, [second]);
}

#[rstest]
#[tokio::test]
async fn a_second_issue_that_could_not_be_looked_for_everywhere_stays_in_doubt(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, TICKETS).await;
    let never = Action::WorkAfterClientLeft {
        delay_ms: 0,
        after_calls: 100_000,
    };
    // Of the keys between the second issue and the third more are given out than docket reads.
    let (skipped, others) = (Action::Skip { count: 40_000 }, Action::Foreign { count: 1 });
    for (action, nth) in [(never, 2), (skipped, 4), (others, 4)] {
        let fault = Fault::on(Operation::CreateIssue, action);
        bench.jira.order(fault.nth(nth));
    }
    assert_completed(&bench.run().await);
    assert_eq!(bench.creates(), 4, "it was sent again");
    let results = bench.results().await;
    assert_eq!(results.manual_fixes.len(), 1, "{:?}", results.manual_fixes);
    let fix = &results.manual_fixes[0];
    let own = &results.jira_tickets[1].jira_key;
    assert_eq!((fix.field.as_str(), &fix.jira_key), ("issue", own));
    assert!(fix.reason.contains("nobody knows"), "{fix:?}");
    let error = bench.refused_fix().await;
    assert!(error.message.contains("not all keys"), "{error:?}");
    assert_eq!(bench.results().await.manual_fixes, results.manual_fixes);
}

#[rstest]
#[tokio::test]
async fn a_second_issue_that_is_gone_before_a_revert_is_not_told_after_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (bench, _) = exported(kind, SENT_AGAIN).await;
    let (_, second) = two(&bench).await;
    assert!(bench.jira.touch(&second, Person::Other, &Touch::Delete));
    let reverted = bench.revert(false).await.unwrap();
    assert_eq!(reverted.kept.len(), 1);
    assert!(reverted.kept[0].reason.contains("not there any more"));
    assert!(bench.results().await.orphaned_keys.is_empty());
}
