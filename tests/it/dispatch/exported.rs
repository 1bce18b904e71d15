//! Tickets that an export has made issues of, once their session is deleted: they get no second one on the site.

use docket::{
    domain::actor::Role,
    proto::v1::{self, ExportStatus},
    sandbox::{Action, Fault, Operation, Options, Person, Sandbox, Touch},
};
use rstest::rstest;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::bench::{Bench, integrate, reason, result};
use crate::{
    export::{chain, open_session},
    support::database::Kind,
};

impl Bench {
    /// Exports a session with one ticket; its id, and the ticket's.
    async fn exported(&self, ends: ExportStatus) -> (String, String) {
        let tickets = chain(&[("a", &[])]);
        let session = open_session(&self.server, &self.integration, tickets).await;
        let mut exports = self.server.exports(Role::SeniorEngineer);
        let start = v1::StartExportRequest {
            session_id: session.clone(),
            ..Default::default()
        };
        exports.start_export(start).await.unwrap();
        let watch = v1::WatchExportRequest {
            session_id: session.clone(),
            after_sequence: None,
        };
        let mut events = exports.watch_export(watch).await.unwrap().into_inner();
        let mut last = None;
        while let Some(message) = events.message().await.unwrap() {
            last = message.event.unwrap().export;
        }
        let last = last.unwrap();
        assert_eq!(last.status(), ends, "{:?}", last.failure);
        let request = v1::ListSessionTicketsRequest {
            session_id: session.clone(),
            ..Default::default()
        };
        let listed = exports.list_session_tickets(request).await.unwrap();
        let id = listed.into_inner().tickets.remove(0).id;
        (session, id)
    }

    async fn take_back(&self, session: &str) -> v1::RevertExportResponse {
        let request = v1::RevertExportRequest {
            session_id: session.to_owned(),
            dry_run: false,
        };
        let mut exports = self.server.exports(Role::SeniorEngineer);
        let reverted = exports.revert_export(request).await.unwrap();
        reverted.into_inner()
    }

    async fn delete_session(&self, id: String) {
        let request = v1::DeleteSessionRequest {
            id,
            ..Default::default()
        };
        let mut exports = self.server.exports(Role::SeniorEngineer);
        exports.delete_session(request).await.unwrap();
    }

    /// No clear answer to the create, and no means to look for what came of it.
    fn leave_in_doubt(&self, action: Action) {
        let blind = Fault::on(Operation::FetchIssues, Action::status(500));
        self.jira.order(blind.always());
        self.order(action);
    }
}

fn key_of(refused: &Status) -> String {
    let info = refused.get_details_error_info().unwrap();
    info.metadata["jira_key"].clone()
}

#[rstest]
#[tokio::test]
async fn the_issue_that_an_export_has_made_is_the_answer(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let (session, id) = bench.exported(ExportStatus::Completed).await;
    bench.delete_session(session).await;
    let before = bench.get(&id).await;
    let issues = bench.issues_of(&id);
    let sent = bench.dispatch(&id, Some(&bench.integration)).await.unwrap();
    assert_eq!(sent, before);
    assert_eq!(result(&sent).external_ticket_id(), issues[0]);

    // Another way to the same site makes no second one either, and another site has none.
    let beside = integrate(&bench.server, "Beside", &bench.jira.url()).await;
    let refused = bench.dispatch(&id, Some(&beside)).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refused), "SESSION_NOT_EDITABLE");
    assert_eq!(key_of(&refused), issues[0]);
    assert!(refused.message().contains(&bench.jira.url()), "{refused:?}");
    assert_eq!((bench.creates(), bench.issues_of(&id)), (1, issues));
    assert_eq!(bench.attempts(&id).await, []);
    let second = Sandbox::start(Options::default()).await.unwrap();
    let elsewhere = integrate(&bench.server, "Elsewhere", &second.url()).await;
    let moved = bench.dispatch(&id, Some(&elsewhere)).await.unwrap();
    assert!(result(&moved).success);
    assert_eq!((bench.creates(), second.issues().len()), (1, 1));
    let back = bench.dispatch(&id, Some(&bench.integration)).await;
    assert_eq!(reason(&back.unwrap_err()), "SESSION_NOT_EDITABLE");
    assert_eq!(bench.creates(), 1);
}

#[rstest]
#[case::made(Action::DropAfter, 1)]
#[case::never_made(Action::DropBefore, 0)]
#[tokio::test]
async fn what_an_export_may_have_made_is_looked_for_first(
    #[case] action: Action,
    #[case] made: usize,
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    bench.leave_in_doubt(action);
    let (session, id) = bench.exported(ExportStatus::Failed).await;
    bench.delete_session(session).await;
    assert_eq!(bench.issues_of(&id).len(), made);
    let blind = bench.dispatch(&id, Some(&bench.integration)).await;
    assert_eq!(blind.unwrap_err().code(), Code::Unavailable);
    bench.jira.clear_orders();
    let sent = bench.dispatch(&id, Some(&bench.integration)).await;
    match made {
        0 => assert!(result(&sent.unwrap()).success),
        _ => assert_eq!(key_of(&sent.unwrap_err()), bench.issues_of(&id)[0]),
    }
    assert_eq!(bench.issues_of(&id).len(), 1);
}

#[rstest]
#[case::taken_back(None)]
#[case::kept(Some(Touch::Comment { text: "Mine.".to_owned() }))]
#[case::gone(Some(Touch::Delete))]
#[tokio::test]
async fn what_a_revert_has_deleted_can_be_made_by_a_dispatch_and_what_it_kept_not(
    #[case] touch: Option<Touch>,
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let (session, id) = bench.exported(ExportStatus::Completed).await;
    let key = bench.issues_of(&id).remove(0);
    if let Some(touch) = &touch {
        assert!(bench.jira.touch(&key, Person::Other, touch));
    }
    bench.take_back(&session).await;
    bench.delete_session(session).await;
    let sent = bench.dispatch(&id, Some(&bench.integration)).await.unwrap();
    let kept = matches!(touch, Some(Touch::Comment { .. }));
    assert!(result(&sent).success);
    assert_eq!(result(&sent).external_ticket_id() == key, kept);
    assert_eq!(bench.issues_of(&id).len(), 1);
    assert_eq!(bench.creates(), if kept { 1 } else { 2 });
}
