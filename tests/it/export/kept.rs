//! What a revert has kept: the next export takes it over, and makes no second issue of its ticket.

use std::collections::BTreeSet;

use docket::{
    proto::v1::{PlanAction, PlanExportRequest, export_event::Detail},
    sandbox::{Action, Fault, Operation, Person, Touch},
};
use rstest::rstest;

use super::{
    bench::{Bench, assert_completed},
    revert::TICKETS,
};
use crate::support::database::Kind;

/// An export whose second issue somebody has commented on, taken back but for that one; its key.
pub(super) async fn reverted(kind: Kind) -> (Bench, String) {
    let bench = Bench::new(kind, TICKETS).await;
    assert_completed(&bench.run().await);
    let key = bench.made()[1].clone();
    bench.comment(&key);
    let reverted = bench.revert(false).await.unwrap();
    assert_eq!((reverted.deleted.len(), reverted.kept.len()), (2, 1));
    assert_eq!(reverted.kept[0].jira_key, key);
    (bench, key)
}

impl Bench {
    /// What would become of each ticket: the key that it keeps, or none where its issue is created.
    pub(super) async fn planned(&self) -> Vec<Option<String>> {
        let request = PlanExportRequest {
            session_id: self.session.clone(),
        };
        let plan = self.exports().plan_export(request).await.unwrap();
        let items = plan.into_inner().items.into_iter();
        let key = items.map(|item| match item.action() {
            PlanAction::Adopt => item.jira_key,
            _ => None,
        });
        key.collect()
    }
}

#[rstest]
#[tokio::test]
async fn an_export_after_a_revert_takes_over_what_was_kept(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (bench, key) = reverted(kind).await;
    let before = bench.jira.issue(&key).unwrap();
    assert_eq!(bench.planned().await, [None, Some(key.clone()), None]);
    let creates = bench.creates();
    // The answer to a create is lost: what is found must be the new issue, not the kept one.
    bench
        .jira
        .order(Fault::on(Operation::CreateIssue, Action::DropAfter).nth(2));
    bench.start().await.unwrap();
    let events = bench.events(0).await;
    assert_completed(&events);
    assert_eq!(bench.creates() - creates, 2);
    bench.assert_whole(3).await;
    let adopted: Vec<_> = events
        .iter()
        .filter_map(|event| match event.detail.as_ref()? {
            Detail::TicketExported(told) => Some((told.jira_key.clone(), told.adopted)),
            _ => None,
        })
        .collect();
    assert_eq!(adopted.len(), 3);
    assert!(adopted.contains(&(key.clone(), true)), "{adopted:?}");
    let after = bench.jira.issue(&key).unwrap();
    assert_eq!(after.fields["summary"], before.fields["summary"]);
    assert_eq!(after.comments, before.comments);
    assert_eq!(bench.jira.links().len(), 3);

    // It is not this export's to delete.
    let reverted = bench.revert(false).await.unwrap();
    assert_eq!(reverted.deleted.len(), 2);
    let kept: BTreeSet<_> = reverted.kept.iter().map(|kept| &kept.jira_key).collect();
    assert_eq!(kept, BTreeSet::from([&key]));
    assert_eq!(bench.planned().await, [None, Some(key), None]);
}

#[rstest]
#[case::deleted(Touch::Delete)]
#[case::replaced(Touch::Replace { summary: "Theirs".to_owned() })]
#[tokio::test]
async fn what_was_kept_and_is_not_there_any_more_is_made_anew(#[case] touch: Touch) {
    let (bench, key) = reverted(Kind::Sqlite).await;
    bench.jira.touch(&key, Person::Other, &touch);
    let before = bench.jira.issue(&key);
    assert_eq!(bench.planned().await, [None, None, None]);
    bench.start().await.unwrap();
    assert_completed(&bench.events(0).await);
    bench.assert_whole(3).await;
    let made: Vec<String> = bench
        .results()
        .await
        .jira_tickets
        .into_iter()
        .map(|ticket| ticket.jira_key)
        .collect();
    assert!(!made.contains(&key), "{made:?}");
    assert_eq!(bench.jira.issue(&key), before);
}
