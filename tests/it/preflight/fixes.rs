//! Sending again what an export had to leave out, once Jira has been put right.

use docket::{
    proto::v1::{self, ManualFixType, fix_result::Outcome},
    sandbox::{
        Action, Fault, LinkType, Operation, Options, Project, SPRINT, STORY_POINTS, Site, User,
    },
};
use rstest::rstest;
use tonic::{Code, Status};

use super::bench::{Bench, fields, reason, ticket};
use crate::support::database::Kind;

impl Bench {
    pub(super) async fn apply(&self, ids: &[&str]) -> Result<Vec<v1::FixResult>, Status> {
        let request = v1::ApplyFixesRequest {
            session_id: self.session.clone(),
            manual_fix_ids: ids.iter().map(|&id| id.to_owned()).collect(),
        };
        let applied = self.exports().apply_fixes(request).await?;
        Ok(applied.into_inner().fixes)
    }

    pub(super) async fn left(&self) -> i32 {
        self.results().await.export.unwrap().manual_fixes_needed
    }
}

pub(super) fn errors(results: &[v1::FixResult]) -> Vec<&v1::TicketError> {
    let errors = results
        .iter()
        .filter_map(|it| match it.outcome.as_ref().unwrap() {
            Outcome::Applied(applied) => {
                assert!(applied, "never false");
                None
            }
            Outcome::Error(error) => Some(error),
        });
    errors.collect()
}

/// A site on which much of what the tickets want is missing.
fn lacking() -> Site {
    let project = Project::new("DEMO", "Lacking")
        .without_field(None, "labels")
        .without_field(None, STORY_POINTS)
        .with_priorities(&["High"]);
    Site::new("lacking")
        .with_project(project)
        .with_link_types(vec![LinkType::new(
            "9",
            "Relates",
            "relates to",
            "relates to",
        )])
}

/// The same site, put right.
pub(super) fn whole() -> Site {
    let mut project = Project::new("DEMO", "Whole");
    if let Some(board) = &mut project.board {
        board.sprints[2].name = "Later".to_owned();
    }
    Site::new("whole")
        .with_user(User::new("new:1", "New Person", "new@example.com"))
        .with_project(project)
}

fn wanting() -> Vec<v1::NewSessionTicket> {
    let much = v1::NewSessionTicket {
        priority: v1::TicketPriority::P1.into(),
        labels: vec!["hot".to_owned()],
        story_points: Some(5.0),
        sprint: Some("Later".to_owned()),
        jira_assignee: Some("new@example.com".to_owned()),
        depends_on_refs: vec!["first".to_owned()],
        ..ticket("much")
    };
    let first = v1::NewSessionTicket {
        priority: v1::TicketPriority::P2.into(),
        ..ticket("first")
    };
    vec![first, much]
}

pub(super) async fn exported(kind: Kind) -> Bench {
    let options = Options {
        site: lacking(),
        ..Options::default()
    };
    let bench = Bench::with(kind, options, wanting()).await;
    let export = bench.complete().await;
    assert_eq!(export.manual_fixes_needed, 6);
    bench
}

#[rstest]
#[tokio::test]
async fn what_was_left_out_is_sent_once_jira_takes_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = exported(kind).await;
    let early = bench.apply(&[]).await.unwrap();
    assert_eq!(
        (early.len(), errors(&early).len()),
        (6, 6),
        "nothing was put right yet"
    );
    assert!(
        errors(&early)
            .iter()
            .all(|it| it.reason == "JIRA_FIELD_REJECTED" && it.code == 9)
    );
    assert_eq!(bench.left().await, 6);

    bench.jira.change_site(|site| *site = whole());
    let fixes = bench.results().await.manual_fixes;
    let one = bench.apply(&[&fixes[0].id]).await.unwrap();
    assert!(errors(&one).is_empty(), "{one:?}");
    assert_eq!(
        (one[0].id.as_str(), bench.left().await),
        (fixes[0].id.as_str(), 5)
    );
    let rest = bench.apply(&[]).await.unwrap();
    assert_eq!((rest.len(), errors(&rest)), (5, vec![]));
    let results = bench.results().await;
    assert_eq!(results.export.as_ref().unwrap().manual_fixes_needed, 0);
    assert!(results.manual_fixes.iter().all(|fix| fix.applied));
    let key = &results.jira_tickets[1].jira_key;
    let issue = bench.jira.issue(key).unwrap().fields;
    assert_eq!(issue["priority"]["name"], "Highest");
    assert_eq!(issue["labels"], serde_json::json!(["hot"]));
    assert_eq!(issue[STORY_POINTS], 5.0);
    assert_eq!(issue["assignee"]["displayName"], "New Person");
    assert_eq!(issue[SPRINT][0]["name"], "Later");
    assert!(
        bench
            .jira
            .links()
            .iter()
            .any(|link| link.type_name == "Blocks" && link.outward == *key)
    );
    assert_eq!(bench.jira.issues().len(), 2);

    let writes = |bench: &Bench| {
        bench
            .jira
            .requests()
            .into_iter()
            .filter(|it| it.method != "GET")
            .count()
    };
    let before = writes(&bench);
    let again: Vec<&str> = results
        .manual_fixes
        .iter()
        .map(|fix| fix.id.as_str())
        .collect();
    let again = bench.apply(&again).await.unwrap();
    assert_eq!(
        (again.len(), errors(&again)),
        (6, vec![]),
        "applied is answered as applied"
    );
    assert_eq!(writes(&bench), before, "and left alone");
}

#[tokio::test]
async fn each_fix_fails_for_itself_and_a_lost_answer_costs_nothing() {
    let bench = exported(Kind::Sqlite).await;
    bench.jira.change_site(|site| *site = whole());
    bench
        .jira
        .order(Fault::on(Operation::EditIssue, Action::DropAfter));
    bench
        .jira
        .order(Fault::on(Operation::EditIssue, Action::status(400)).nth(3));
    let results = bench.apply(&[]).await.unwrap();
    assert_eq!(
        (results.len(), errors(&results).len()),
        (6, 1),
        "{results:?}"
    );
    assert_eq!(bench.left().await, 1);
    let rest = bench.apply(&[]).await.unwrap();
    assert_eq!((rest.len(), errors(&rest)), (1, vec![]));
    bench
        .jira
        .order(Fault::on(Operation::GetProject, Action::status(401)));
    assert_eq!(
        bench.apply(&[]).await.unwrap(),
        [],
        "nothing is left, and Jira not asked"
    );
}

/// The site offers one priority alone: a ticket that is given that one has what it wants, and the fix tells what that is.
#[rstest]
#[tokio::test]
async fn a_value_that_is_corrected_is_what_is_wanted(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = exported(kind).await;
    let ticket = bench.tickets().await.remove(1);
    let of = async |field: &str| {
        let fixes = bench.results().await.manual_fixes.into_iter();
        let mut fixes = fixes.filter(|fix| fix.field == field);
        fixes.next().expect("a fix")
    };
    let correct = async |corrected: v1::Ticket, path: &str| {
        let request = v1::UpdateTicketRequest {
            ticket: Some(v1::Ticket {
                id: ticket.id.clone(),
                ..corrected
            }),
            update_mask: Some(prost_types::FieldMask {
                paths: vec![path.to_owned()],
            }),
            ..Default::default()
        };
        let mut tickets = bench.server.tickets(docket::domain::actor::Role::Admin);
        tickets.update_ticket(request).await.unwrap();
    };
    let prioritise = async |priority: v1::TicketPriority| {
        let corrected = v1::Ticket {
            priority: priority.into(),
            ..Default::default()
        };
        correct(corrected, "priority").await;
    };
    let fix = of("priority").await;
    assert_eq!(fix.wanted, "Highest");
    prioritise(v1::TicketPriority::P4).await;
    assert_eq!(errors(&bench.apply(&[&fix.id]).await.unwrap()).len(), 1);
    let refused = of("priority").await;
    assert_eq!((refused.wanted.as_str(), refused.applied), ("Low", false));
    prioritise(v1::TicketPriority::P2).await;
    assert!(errors(&bench.apply(&[&fix.id]).await.unwrap()).is_empty());
    let applied = of("priority").await;
    assert_eq!((applied.wanted.as_str(), applied.applied), ("High", true));
}

#[tokio::test]
async fn a_description_that_was_cut_is_sent_whole_once_it_is_shorter() {
    let long = v1::NewSessionTicket {
        description: format!("<p>{}</p>", "word ".repeat(7000)),
        ..ticket("long")
    };
    let bench = Bench::new(Kind::Sqlite, vec![long]).await;
    bench.run().await;
    let fixes = bench.results().await.manual_fixes;
    assert_eq!(fixes[0].r#type(), ManualFixType::DescriptionTruncated);
    assert!(!fixes[0].sent.is_empty());
    let results = bench.apply(&[]).await.unwrap();
    assert_eq!(errors(&results).len(), 1);
}

#[tokio::test]
async fn what_cannot_be_applied_is_refused_as_a_whole() {
    let bench = exported(Kind::Sqlite).await;
    let unknown = uuid::Uuid::now_v7().to_string();
    let missing = bench.apply(&[&unknown]).await.unwrap_err();
    assert_eq!(missing.code(), Code::NotFound);
    assert_eq!(
        fields(&bench.apply(&["x"]).await.unwrap_err()),
        ["manual_fix_ids[0]"]
    );
    bench
        .jira
        .order(Fault::on(Operation::GetProject, Action::status(401)));
    assert_eq!(
        reason(&bench.apply(&[]).await.unwrap_err()),
        "JIRA_UNAUTHORIZED"
    );
    let request = v1::ApplyFixesRequest {
        session_id: bench.session.clone(),
        ..Default::default()
    };
    let stranger = ("somebody", docket::domain::actor::Role::SeniorEngineer);
    let denied = bench
        .server
        .exports(stranger)
        .apply_fixes(request)
        .await
        .unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    let mut fresh = bench;
    fresh.session = fresh.open(vec![ticket("a")]).await;
    assert_eq!(
        reason(&fresh.apply(&[]).await.unwrap_err()),
        "EXPORT_NOT_STARTED"
    );
    fresh
        .jira
        .order(Fault::on(Operation::CreateIssue, Action::Hang));
    let start = v1::StartExportRequest {
        session_id: fresh.session.clone(),
        ..Default::default()
    };
    fresh.exports().start_export(start).await.unwrap();
    let running = fresh.apply(&[]).await.unwrap_err();
    assert_eq!(
        (running.code(), reason(&running).as_str()),
        (Code::Aborted, "EXPORT_RUNNING")
    );
}
