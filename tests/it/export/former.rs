//! What an export makes of the issues that an earlier one has left: whose they are, where they are, and what they do without.

use std::time::Duration;

use docket::{
    proto::v1::{ExportStatus, ManualFixType, PlanExportRequest, Session},
    sandbox::{Action, Calls, Fault, Operation, Options, Person, Sandbox, Touch},
};
use rstest::rstest;

use super::{
    ask::reason,
    bench::{Bench, assert_completed, integrate, last},
    files::add,
    kept::reverted,
    second::{SENT_AGAIN, exported, two},
    taken_over::tickets,
};
use crate::support::database::Kind;

impl Bench {
    /// The project that the session's issues were in, as Jira answers for it from now on.
    fn former_project_answers(&self, status: u16) {
        let former = Calls {
            operation: Some(Operation::GetProject),
            path: Some("/rest/api/3/project/DEMO".to_owned()),
            ..Calls::default()
        };
        let answer = Fault::on_calls(former, Action::status(status));
        self.jira.order(answer.always());
    }

    /// The field of each fix that is about this issue.
    async fn fixes_of(&self, key: &str) -> Vec<String> {
        let fixes = self.results().await.manual_fixes.into_iter();
        let about = fixes.filter(|fix| fix.jira_key == key);
        about.map(|fix| fix.field).collect()
    }
}

#[rstest]
#[tokio::test]
async fn no_file_goes_to_an_issue_that_has_lost_the_mark(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (bench, key) = reverted(kind).await;
    bench.unmark(&key);
    add(&bench, &[(1, "later.log", b"later")]).await;
    assert_completed(&bench.run().await);
    assert_eq!(bench.keys().await[1], key);
    assert!(bench.jira.attachments().is_empty());
    let fixes = bench.results().await.manual_fixes;
    let lost = fixes.iter().find(|fix| fix.field == "later.log");
    let lost = lost.expect("it is told");
    assert_eq!(lost.r#type(), ManualFixType::AttachmentFailed);
    assert!(lost.reason.contains("mark"), "{lost:?}");
}

/// On another site the same key and number are anybody's.
#[rstest]
#[tokio::test]
async fn an_issue_without_a_mark_on_another_site_is_not_taken_over(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (mut bench, key) = reverted(kind).await;
    let own = bench.jira.issue(&key).unwrap();
    let elsewhere = Sandbox::start(Options::default()).await.unwrap();
    for title in ["Theirs", "Theirs, too", "And this"] {
        elsewhere.foreign_issue("DEMO", title).unwrap();
    }
    let theirs = elsewhere.issue(&key).unwrap();
    assert_eq!((theirs.id, theirs.properties.len()), (own.id, 0));
    let pace = (Duration::ZERO, 1);
    let session = Session {
        integration_id: integrate(&bench.server, "Elsewhere", &elsewhere.url(), pace).await,
        ..Default::default()
    };
    bench.change_session(session, "integration_id").await;
    bench.jira = elsewhere;
    assert_eq!(bench.planned().await, [None, None, None]);
    assert_completed(&bench.run().await);
    assert_eq!(bench.creates(), 3);
    bench.assert_whole(3).await;
    assert_eq!(bench.jira.issue(&key), Some(theirs));
}

#[rstest]
#[tokio::test]
async fn what_an_issue_does_without_is_carried_over_once_however_often_the_run_stops(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::with(kind, Options::default(), Duration::ZERO, tickets()).await;
    assert_completed(&bench.run().await);
    let key = bench.keys().await.remove(1);
    bench.comment(&key);
    assert_eq!(bench.revert(false).await.unwrap().kept.len(), 1);
    add(&bench, &[(1, "later.log", b"later")]).await;
    bench
        .jira
        .order(Fault::on(Operation::AddAttachments, Action::status(401)));
    bench.start().await.unwrap();
    let events = bench.events(0).await;
    assert_eq!(last(&events).status(), ExportStatus::Failed);
    assert_eq!(bench.fixes_of(&key).await, ["assignee"]);

    bench.retry().await.unwrap();
    assert_completed(&bench.events(events.last().unwrap().sequence).await);
    assert_eq!(bench.fixes_of(&key).await, ["assignee"]);
    let results = bench.results().await;
    assert_eq!(results.export.unwrap().manual_fixes_needed, 3);
    assert_eq!(bench.jira.attachments().len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_second_issue_in_the_place_of_the_first_does_without_the_same(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::with(kind, Options::default(), Duration::ZERO, tickets()).await;
    bench.second_create_late(SENT_AGAIN);
    assert_completed(&bench.run().await);
    let (own, second) = two(&bench).await;
    bench.comment(&second);
    let reverted = bench.revert(false).await.unwrap();
    assert!(reverted.deleted.contains(&own), "{reverted:?}");
    assert_completed(&bench.run().await);
    assert_eq!(bench.keys().await[1], second);
    assert_eq!(bench.fixes_of(&second).await, ["assignee"]);
}

#[rstest]
#[tokio::test]
async fn a_second_issue_that_was_kept_follows_the_first_that_is_gone(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (bench, _) = exported(kind, SENT_AGAIN).await;
    let (own, second) = two(&bench).await;
    bench.comment(&own);
    bench.comment(&second);
    assert_eq!(bench.revert(false).await.unwrap().kept.len(), 2);
    assert!(bench.jira.touch(&own, Person::Other, &Touch::Delete));
    assert_eq!(bench.planned().await, [None, Some(second.clone()), None]);
    bench.export_making(2).await;
    bench.assert_whole(3).await;
    let tickets = bench.results().await.jira_tickets;
    assert_eq!(tickets[1].jira_key, second);
    assert!(tickets[1].jira_url.ends_with(&second), "{tickets:?}");
    assert!(bench.results().await.orphaned_keys.is_empty());
}

#[rstest]
#[case::forbidden(403)]
#[case::missing(404)]
#[case::gone(410)]
#[tokio::test]
async fn an_issue_is_looked_for_where_its_former_project_is_closed(
    #[case] status: u16,
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (bench, key) = redirected(kind).await;
    bench.former_project_answers(status);
    assert_eq!(bench.planned().await, [None, Some(key.clone()), None]);
    bench.export_making(2).await;
    assert_eq!(bench.keys().await[1], key);
}

/// Whoever may not ask at all knows nothing of where an issue is.
#[tokio::test]
async fn a_former_project_that_cannot_be_asked_for_is_not_taken_for_closed() {
    let (bench, _) = redirected(Kind::Sqlite).await;
    bench.former_project_answers(401);
    let request = PlanExportRequest {
        session_id: bench.session.clone(),
    };
    let refused = bench.exports().plan_export(request).await.unwrap_err();
    assert_eq!(reason(&refused), "JIRA_UNAUTHORIZED");
    bench.start().await.unwrap();
    let failed = last(&bench.events(0).await).failure.unwrap();
    assert_eq!(failed.reason, "JIRA_UNAUTHORIZED");
}

/// A session that goes to another project by now, into which the one issue that was kept has been moved; that issue's key before.
async fn redirected(kind: Kind) -> (Bench, String) {
    let (bench, key) = reverted(kind).await;
    bench.redirect_to_another().await;
    bench.move_along(&key);
    (bench, key)
}
