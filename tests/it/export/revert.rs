//! Taking an export back: what nobody has touched goes, everything else stays and is named, and the session can be exported anew.

use std::collections::BTreeSet;

use docket::{
    domain::actor::Role,
    proto::v1::{
        ExportStatus, ListSessionTicketsRequest, RevertExportRequest, RevertExportResponse,
        SessionStage, SessionStatus, Ticket, TicketExportStatus,
    },
    sandbox::{Issue, Operation, Person, SPRINT, Touch},
};
use rstest::rstest;
use serde_json::json;
use tonic::Status;

use super::{
    ask::{Ask, reason},
    bench::{Bench, assert_completed, kinds, last},
};
use crate::support::{database::Kind, server::Caller};

pub(super) const TICKETS: &[(&str, &[&str])] = &[("a", &[]), ("b", &["a"]), ("c", &["a", "b"])];

impl Bench {
    pub(super) async fn revert(&self, dry_run: bool) -> Result<RevertExportResponse, Status> {
        self.revert_as(Role::SeniorEngineer, &self.session, dry_run)
            .await
    }

    pub(super) async fn revert_as(
        &self,
        caller: impl Into<Caller>,
        session: &str,
        dry_run: bool,
    ) -> Result<RevertExportResponse, Status> {
        let request = RevertExportRequest {
            session_id: session.to_owned(),
            dry_run,
        };
        let reverted = self.server.exports(caller).revert_export(request).await;
        Ok(reverted?.into_inner())
    }

    /// The session's tickets by their order.
    pub(super) async fn tickets(&self) -> Vec<Ticket> {
        let request = ListSessionTicketsRequest {
            session_id: self.session.clone(),
            ..Default::default()
        };
        let listed = self.exports().list_session_tickets(request).await;
        listed.unwrap().into_inner().tickets
    }

    /// The keys of the issues that docket has made, the oldest first.
    pub(super) fn made(&self) -> Vec<String> {
        let issues = self.jira.issues().into_iter();
        issues
            .filter(|issue| !issue.foreign)
            .map(|issue| issue.key)
            .collect()
    }

    fn foreign(&self) -> Vec<Issue> {
        let issues = self.jira.issues().into_iter();
        issues.filter(|issue| issue.foreign).collect()
    }
}

#[rstest]
#[tokio::test]
async fn a_reverted_export_leaves_the_site_as_it_was_and_can_be_made_anew(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, TICKETS).await;
    bench.jira.foreign_issue("DEMO", "Somebody else's").unwrap();
    let before = bench.jira.issues();
    let first = last(&bench.run().await);
    let keys = bench.made();

    let planned = bench.revert(true).await.unwrap();
    assert_eq!(
        (planned.deleted.clone(), planned.kept),
        (keys.clone(), vec![])
    );
    assert_eq!(bench.made(), keys, "a dry run deletes nothing");
    assert_eq!(bench.session_status().await, SessionStatus::Completed);
    assert!(bench.jira.requests_of(Operation::DeleteIssue).is_empty());

    let reverted = bench.revert(false).await.unwrap();
    assert_eq!((&reverted.deleted, &reverted.kept), (&keys, &vec![]));
    assert_eq!(bench.jira.issues(), before);
    assert!(bench.jira.links().is_empty());
    let session = bench.session().await;
    assert_eq!(session.status(), SessionStatus::Active);
    assert_eq!(session.stage(), SessionStage::Review);
    let export = session.export.unwrap();
    assert_eq!(export.status(), ExportStatus::Reverted);
    assert_eq!(
        (export.tickets_completed, export.dependencies_created),
        (0, 0)
    );
    for ticket in bench.tickets().await {
        let export = ticket.export.unwrap();
        assert_eq!(export.status(), TicketExportStatus::Skipped);
        assert_eq!(
            (export.jira_key, export.jira_url, export.export_time),
            (None, None, None)
        );
    }
    assert!(bench.results().await.jira_tickets.is_empty());

    // Repeating it lists what was done, and does nothing.
    let calls = bench.jira.requests().len();
    assert_eq!(bench.revert(false).await.unwrap(), reverted);
    assert_eq!(bench.jira.requests().len(), calls);
    assert_eq!(
        reason(&bench.retry().await.unwrap_err()),
        "EXPORT_NOT_RETRYABLE"
    );
    assert_eq!(
        reason(&bench.ask(Ask::Cancel).await.unwrap_err()),
        "EXPORT_NOT_RUNNING"
    );

    let again = bench.start().await.unwrap();
    assert!(!again.already_running);
    let events = bench.events(0).await;
    assert_completed(&events);
    assert_eq!(events[0].sequence, 1);
    assert_eq!(kinds(&events)[0], "started");
    let second = last(&events);
    assert_ne!(second.task_id, first.task_id);
    assert_eq!((second.attempt, second.tickets_completed), (0, 3));
    bench.assert_whole(3).await;
    let made: BTreeSet<String> = bench.made().into_iter().collect();
    assert!(keys.iter().all(|key| !made.contains(key)), "all are new");
    assert_eq!(
        bench.session().await.export.unwrap().task_id,
        second.task_id
    );
    assert_eq!(bench.foreign().len(), 1);

    // And that one, too, can be taken back.
    let reverted = bench.revert(false).await.unwrap();
    assert_eq!(reverted.deleted.len(), 3);
    assert_eq!(bench.jira.issues(), before);
}

/// Each of these is somebody's by now.
fn touches() -> Vec<(Person, Touch, &'static str)> {
    let edit = |field: &str, value: &str| Touch::Edit {
        field: field.to_owned(),
        value: json!(value),
    };
    let text = "Seen.".to_owned();
    vec![
        (Person::Other, edit("summary", "Mine now"), "summary"),
        // docket's account may be a person's.
        (Person::Account, edit("summary", "Mine now"), "summary"),
        (
            Person::Other,
            Touch::Comment { text: text.clone() },
            "comment",
        ),
        (Person::Account, Touch::Comment { text }, "comment"),
        (
            Person::Other,
            Touch::Worklog { seconds: 60 },
            "work was logged",
        ),
        (
            Person::Other,
            Touch::Attach {
                filename: "mine.txt".to_owned(),
            },
            "attached",
        ),
        (
            Person::Account,
            Touch::Attach {
                filename: "mine.txt".to_owned(),
            },
            "attached",
        ),
        (
            Person::Account,
            Touch::Transition {
                status: "Done".to_owned(),
            },
            "status",
        ),
        (
            Person::Other,
            Touch::Transition {
                status: "Done".to_owned(),
            },
            "status",
        ),
        (
            Person::Account,
            Touch::Link {
                to: "DEMO-1".to_owned(),
            },
            "linked it to DEMO-1",
        ),
        (
            Person::Other,
            Touch::Move {
                project: "OTHER".to_owned(),
            },
            "is OTHER-1 now",
        ),
        // Planned by whoever uses docket's account.
        (
            Person::Account,
            Touch::Edit {
                field: SPRINT.to_owned(),
                value: json!([{ "id": 13, "name": "DEMO Sprint 3", "originBoardId": 1 }]),
            },
            "Sprint",
        ),
        (
            Person::Other,
            Touch::Unmark {
                property: "docket".to_owned(),
            },
            "mark",
        ),
        (Person::Other, Touch::Delete, "not there any more"),
    ]
}

#[tokio::test]
async fn whatever_somebody_has_touched_stays_and_is_named() {
    let touches = touches();
    let names: Vec<String> = (0..=touches.len()).map(|n| format!("t{n}")).collect();
    let tickets: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &[][..])).collect();
    let bench = Bench::new(Kind::Sqlite, &tickets).await;
    bench.jira.change_site(|site| {
        let other = docket::sandbox::Project::new("OTHER", "Another one");
        *site = site.clone().with_project(other);
    });
    assert_eq!(
        bench.jira.foreign_issue("DEMO", "Theirs").unwrap(),
        "DEMO-1"
    );
    assert_completed(&bench.run().await);
    let keys = bench.made();
    for (key, (person, touch, _)) in keys.iter().zip(&touches) {
        assert!(bench.jira.touch(key, *person, touch), "{touch:?}");
    }
    let planned = bench.revert(true).await.unwrap();
    let reverted = bench.revert(false).await.unwrap();
    assert_eq!(reverted, planned);
    assert_eq!(reverted.deleted, keys[touches.len()..]);
    let kept: Vec<&str> = reverted
        .kept
        .iter()
        .map(|kept| kept.jira_key.as_str())
        .collect();
    assert_eq!(kept, keys[..touches.len()]);
    for (kept, (_, touch, word)) in reverted.kept.iter().zip(&touches) {
        assert!(kept.reason.contains(word), "{touch:?}: {:?}", kept.reason);
    }
    // All but the one that somebody had deleted, and the one that was not touched.
    assert_eq!(bench.made().len(), touches.len() - 1);
    let statuses: Vec<TicketExportStatus> = bench
        .tickets()
        .await
        .into_iter()
        .map(|ticket| ticket.export.unwrap().status())
        .collect();
    assert_eq!(
        statuses[..touches.len()],
        vec![TicketExportStatus::Exported; touches.len()]
    );
    assert_eq!(statuses[touches.len()], TicketExportStatus::Skipped);
    assert_eq!(bench.revert(false).await.unwrap(), reverted);
}

#[rstest]
#[tokio::test]
async fn of_the_links_those_are_left_that_still_join_two_issues(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, TICKETS).await;
    assert_completed(&bench.run().await);
    let keys = bench.made();
    for key in [&keys[0], &keys[2]] {
        let text = "Seen.".to_owned();
        bench
            .jira
            .touch(key, Person::Other, &Touch::Comment { text });
    }
    bench.jira.touch(&keys[1], Person::Other, &Touch::Delete);
    assert_eq!(bench.revert(false).await.unwrap().kept.len(), 3);
    assert_eq!(bench.jira.links().len(), 1);
    let export = bench.session().await.export.unwrap();
    assert_eq!(export.dependencies_created, 1);

    // The next export finds it, and sets the two others anew.
    bench.start().await.unwrap();
    let events = bench.events(0).await;
    assert_completed(&events);
    assert_eq!(last(&events).dependencies_created, 3);
    assert_eq!(bench.jira.links().len(), 3);
}
