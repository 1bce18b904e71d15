//! Plans held against what a run then does.

use std::collections::BTreeMap;

use docket::{
    domain::{actor::Role, ticket::ScanStatus},
    proto::v1::{self, ManualFixType},
    sandbox::{Action, Fault, Field, FieldKind, Operation, Options, Project, STORY_POINTS, Site},
};
use prost::Message as _;
use rstest::rstest;
use tonic::{Code, Status};

use super::bench::{Bench, reason, ticket};
use crate::support::database::Kind;

impl Bench {
    pub(super) async fn plan(&self) -> v1::PlanExportResponse {
        let request = v1::PlanExportRequest {
            session_id: self.session.clone(),
        };
        let plan = self
            .exports()
            .plan_export(request)
            .await
            .unwrap()
            .into_inner();
        assert_eq!(plan.plan_hash.len(), 64);
        assert!(plan.encoded_len() < 4 << 20, "clients take 4 MiB");
        plan
    }

    async fn start_planned(&self, hash: &str) -> Result<v1::StartExportResponse, Status> {
        let request = v1::StartExportRequest {
            session_id: self.session.clone(),
            plan_hash: Some(hash.to_owned()),
            ..Default::default()
        };
        let started = self.exports().start_export(request).await?;
        Ok(started.into_inner())
    }
}

pub(super) type Told = BTreeMap<String, Vec<(String, String)>>;

/// The field and the wanted value of each fix, by the ticket's title.
pub(super) fn told<'a>(fixes: impl IntoIterator<Item = &'a v1::ManualFix>) -> Told {
    let mut told = Told::new();
    for fix in fixes {
        let link = fix.r#type() == ManualFixType::LinkFailed;
        let wanted = if link {
            String::new()
        } else {
            fix.wanted.clone()
        };
        told.entry(fix.title.clone())
            .or_default()
            .push((fix.field.clone(), wanted));
    }
    told.values_mut().for_each(|fixes| fixes.sort());
    told
}

/// A project without this and that.
fn sparse() -> Options {
    let project = Project::new("DEMO", "Sparse")
        .without_field(Some("Bug"), "labels")
        .without_field(Some("Story"), STORY_POINTS)
        .without_field(Some("Story"), "assignee")
        .with_priorities(&["Critical", "Major", "Minor"])
        .without_assignee("712020:00000000-0000-4000-8000-000000000001");
    Options {
        site: Site::new("sparse").with_project(project),
        ..Options::default()
    }
}

/// One ticket of each kind that a sparse project cannot take whole, and some that it can.
fn demanding() -> Vec<v1::NewSessionTicket> {
    let of = |reference: &str, issue_type: &str| v1::NewSessionTicket {
        issue_type: issue_type.to_owned(),
        priority: v1::TicketPriority::P1.into(),
        labels: vec!["hot".to_owned()],
        story_points: Some(5.0),
        sprint: Some("DEMO Sprint 2".to_owned()),
        jira_assignee: Some("grace@example.com".to_owned()),
        ..ticket(reference)
    };
    vec![
        of("whole", "Task"),
        of("labels", "Bug"),
        of("points and assignee", "Story"),
        v1::NewSessionTicket {
            jira_assignee: Some("ada@example.com".to_owned()),
            sprint: Some("DEMO Sprint 1".to_owned()),
            ..of("person and sprint", "Task")
        },
        v1::NewSessionTicket {
            jira_assignee: Some("nobody@example.com".to_owned()),
            priority: v1::TicketPriority::P3.into(),
            ..of("stranger and priority", "task")
        },
        v1::NewSessionTicket {
            description: format!("<p>{}</p>", "word ".repeat(7000)),
            depends_on_refs: vec!["whole".to_owned(), "labels".to_owned()],
            ..of("long", "Task")
        },
        v1::NewSessionTicket {
            jira_assignee: Some("712020:00000000-0000-4000-8000-000000000007".to_owned()),
            sprint: Some("13".to_owned()),
            ..of("by account and number", "Task")
        },
    ]
}

#[rstest]
#[case::whole_rights(&[], "Blocks")]
#[case::few_rights(&["SCHEDULE_ISSUES", "LINK_ISSUES", "ASSIGN_ISSUES"], "Blocks")]
#[case::no_links(&[], "")]
#[case::other_links(&[], "Relates")]
#[tokio::test]
async fn a_run_does_what_was_planned(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] denied: &[&str],
    #[case] links: &str,
) {
    let mut options = sparse();
    options.site.denied = denied.iter().map(|&right| right.to_owned()).collect();
    options.site.link_types.retain(|kind| kind.name == links);
    options.site.issue_linking_enabled = !links.is_empty();
    let bench = Bench::with(kind, options, demanding()).await;
    let plan = bench.plan().await;
    assert!(plan.blocking_issues.is_empty());
    assert!(
        plan.items.iter().all(|item| item.problems.is_empty()),
        "{:?}",
        plan.items
    );
    assert!(
        plan.items
            .iter()
            .all(|item| item.action() == v1::PlanAction::Create)
    );
    let wrote = bench
        .jira
        .requests()
        .into_iter()
        .filter(|it| it.method != "GET")
        .count();
    assert_eq!(
        (wrote, bench.jira.issues().len()),
        (0, 0),
        "nothing is written"
    );
    let planned_reads = bench.jira.requests().len();

    let started = bench.start_planned(&plan.plan_hash).await.unwrap();
    assert!(!started.already_running);
    let checked = bench.jira.requests().len();
    let export = bench.follow().await;
    assert_eq!(
        export.status(),
        v1::ExportStatus::Completed,
        "{:?}",
        export.failure
    );
    let results = bench.results().await;
    let planned = told(plan.items.iter().flat_map(|item| &item.fallbacks));
    assert_eq!(planned, told(&results.manual_fixes));
    assert!(planned.len() >= 5, "{planned:?}");
    let order: Vec<_> = plan
        .items
        .iter()
        .map(|item| item.ticket_id.clone())
        .collect();
    let made: Vec<_> = results
        .jira_tickets
        .iter()
        .map(|made| made.ticket_id.clone())
        .collect();
    assert_eq!(order, made);
    let of_start = planned_reads;
    let of_run = bench.jira.requests().len() - planned_reads - of_start;
    assert!(checked >= planned_reads);
    assert_eq!(plan.estimated_requests as usize, of_run);
}

#[rstest]
#[case::issue_type("Incident", "JIRA_ISSUE_TYPE_NOT_FOUND", "issue_type")]
#[case::demanded("Bug", "JIRA_REQUIRED_FIELD_MISSING", "customfield_10099")]
#[case::parent("Sub-task", "JIRA_REQUIRED_FIELD_MISSING", "parent")]
#[tokio::test]
async fn a_run_stops_where_a_problem_was_planned(
    #[case] issue_type: &str,
    #[case] expected: &str,
    #[case] field: &str,
) {
    let team = Field::new("customfield_10099", "Team", FieldKind::Text);
    let project = Project::new("DEMO", "Strict")
        .with_field(team)
        .requiring(Some("Bug"), "customfield_10099");
    let options = Options {
        site: Site::new("strict").with_project(project),
        ..Options::default()
    };
    let bad = v1::NewSessionTicket {
        issue_type: issue_type.to_owned(),
        ..ticket("bad")
    };
    let bench = Bench::with(Kind::Sqlite, options, vec![ticket("good"), bad]).await;
    let plan = bench.plan().await;
    assert!(plan.items[0].problems.is_empty());
    let problem = &plan.items[1].problems[0];
    assert_eq!(
        (problem.reason.as_str(), problem.field.as_str()),
        (expected, field)
    );
    let export = bench.run().await;
    let failure = export.failure.expect("it stops");
    assert_eq!(failure.failed_at_ticket_order, 2);
    assert_eq!(failure.reason, expected);

    let again = bench.plan().await;
    assert_eq!(again.items[0].action(), v1::PlanAction::Adopt);
    let key = bench.results().await.jira_tickets[0].jira_key.clone();
    assert_eq!(again.items[0].jira_key.as_deref(), Some(key.as_str()));
    assert_ne!(again.plan_hash, plan.plan_hash);
}

#[rstest]
#[tokio::test]
async fn a_plan_that_no_longer_fits_is_refused(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let bench = Bench::new(kind, demanding()).await;
    let plan = bench.plan().await;
    assert_eq!(
        bench.plan().await.plan_hash,
        plan.plan_hash,
        "nothing has changed"
    );
    bench.jira.change_site(|site| {
        let project = site.projects[0].clone();
        site.projects[0] = project.without_field(None, "labels");
    });
    let changed = bench.start_planned(&plan.plan_hash).await.unwrap_err();
    assert_eq!(changed.code(), Code::FailedPrecondition);
    assert_eq!(reason(&changed), "PLAN_CHANGED");
    assert!(bench.jira.issues().is_empty());
    let plan = bench.plan().await;
    let request = v1::AddSessionTicketsRequest {
        session_id: bench.session.clone(),
        tickets: vec![ticket("one more")],
        ..Default::default()
    };
    bench.exports().add_session_tickets(request).await.unwrap();
    let changed = bench.start_planned(&plan.plan_hash).await.unwrap_err();
    assert_eq!(reason(&changed), "PLAN_CHANGED");
    let plan = bench.plan().await;
    let started = bench.start_planned(&plan.plan_hash).await.unwrap();
    assert_eq!(started.export.unwrap().total_tickets, 8);
    let again = bench.start_planned("of long ago").await.unwrap();
    assert!(again.export.is_some(), "one that runs is returned");
    bench.follow().await;
}

#[tokio::test]
async fn what_stops_the_export_as_a_whole_is_told_as_such() {
    let bench = Bench::new(Kind::Sqlite, vec![ticket("a")]).await;
    bench.jira.change_site(|site| {
        site.denied.insert("CREATE_ISSUES".to_owned());
    });
    let plan = bench.plan().await;
    let told: Vec<_> = plan
        .blocking_issues
        .iter()
        .map(|it| it.reason.as_str())
        .collect();
    assert_eq!((told, plan.items.len()), (vec!["JIRA_FORBIDDEN"], 1));
    bench.jira.change_site(|site| *site = Site::new("empty"));
    let plan = bench.plan().await;
    let told: Vec<_> = plan
        .blocking_issues
        .iter()
        .map(|it| it.reason.as_str())
        .collect();
    assert_eq!(told, ["JIRA_PROJECT_NOT_FOUND"]);
    bench
        .jira
        .order(Fault::on(Operation::MyPermissions, Action::status(401)));
    let request = v1::PlanExportRequest {
        session_id: bench.session.clone(),
    };
    let refused = bench
        .exports()
        .plan_export(request.clone())
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "JIRA_UNAUTHORIZED");
    let mut user = bench.server.exports(Role::EndUser);
    let denied = user.plan_export(request).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    let empty = bench.open(Vec::new()).await;
    let request = v1::PlanExportRequest { session_id: empty };
    let refused = bench.exports().plan_export(request).await.unwrap_err();
    assert_eq!(reason(&refused), "SESSION_EMPTY");
}

#[tokio::test]
async fn files_that_jira_would_refuse_are_told() {
    let mut options = Options::default();
    options.site.upload_limit = 10;
    let bench = Bench::with(Kind::Sqlite, options, vec![ticket("a")]).await;
    let id = bench.tickets().await.remove(0).id;
    bench.attach(&id, "small.txt", 10, ScanStatus::Clean).await;
    bench.attach(&id, "large.txt", 11, ScanStatus::Clean).await;
    let plan = bench.plan().await;
    let fallbacks = &plan.items[0].fallbacks;
    assert_eq!(fallbacks.len(), 1, "{fallbacks:?}");
    assert_eq!(fallbacks[0].r#type(), ManualFixType::AttachmentFailed);
    assert_eq!(fallbacks[0].field, "large.txt");
}

#[tokio::test]
async fn the_plan_of_a_large_session_stays_within_what_clients_take_and_misses_nothing() {
    let tickets: Vec<_> = (0..3000)
        .map(|n| v1::NewSessionTicket {
            title: format!("{n} {}", "title ".repeat(40)),
            description: "<p><a href='/x'>link</a></p><iframe></iframe>".to_owned(),
            priority: v1::TicketPriority::P1.into(),
            sprint: Some("Never".to_owned()),
            story_points: Some(1.0),
            labels: vec!["x".to_owned()],
            jira_assignee: Some("nobody".to_owned()),
            ..ticket(&n.to_string())
        })
        .collect();
    let project = Project::new("DEMO", "Bare")
        .without_field(None, STORY_POINTS)
        .without_field(None, "labels")
        .with_priorities(&["High"]);
    let options = Options {
        site: Site::new("bare").with_project(project),
        ..Options::default()
    };
    let bench = Bench::with(Kind::Sqlite, options, tickets).await;
    let plan = bench.plan().await;
    assert_eq!(plan.items.len(), 3000);
    assert!(plan.items.iter().all(|item| item.fallbacks.len() == 5));
    assert!(
        plan.items[0]
            .fallbacks
            .iter()
            .all(|it| !it.reason.is_empty())
    );
    let people = bench.jira.requests_of(Operation::AssignableUsers).len();
    assert_eq!(people, 1, "nobody is looked up once");
}
