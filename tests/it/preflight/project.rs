//! Looking at a Jira project before anything is exported to it.

use docket::{
    domain::actor::Role,
    proto::v1,
    sandbox::{Field, FieldKind, LinkType, Operation, Options, Project, STORY_POINTS, Site, User},
};
use rstest::rstest;
use tonic::Code;

use super::bench::{Bench, fields, reason};
use crate::support::database::Kind;

impl Bench {
    async fn on(site: Site) -> Self {
        let options = Options {
            site,
            ..Options::default()
        };
        Self::with(Kind::Sqlite, options, Vec::new()).await
    }

    pub(super) async fn validate(
        &self,
        key: &str,
        requirements: v1::ProjectRequirements,
    ) -> v1::ValidateProjectResponse {
        let request = v1::ValidateProjectRequest {
            integration_id: self.integration.clone(),
            jira_project_key: key.to_owned(),
            requirements: Some(requirements),
        };
        let answer = self.exports().validate_project(request).await.unwrap();
        answer.into_inner()
    }
}

fn told(problems: &[v1::Problem]) -> Vec<(&str, &str)> {
    assert!(
        problems
            .iter()
            .all(|it| !it.message.is_empty() && !it.recommended_action.is_empty())
    );
    let told = problems.iter();
    told.map(|it| (it.field.as_str(), it.reason.as_str()))
        .collect()
}

fn everything() -> v1::ProjectRequirements {
    let names = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    v1::ProjectRequirements {
        issue_types: names(&["task", "Bug"]),
        priorities: names(&["Highest", "low"]),
        sprints: names(&["DEMO Sprint 2", "demo sprint 3"]),
        assignees: names(&["ada@example.com", "Grace Hopper"]),
        attachments: true,
        links: true,
        story_points: true,
    }
}

#[rstest]
#[tokio::test]
async fn a_project_that_takes_everything_is_told_whole(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut site = Site::demo();
    for n in 0..1100 {
        site = site.with_user(User::new(
            &format!("many:{n}"),
            &format!("Z {n}"),
            &format!("z{n}@example.com"),
        ));
    }
    let options = Options {
        site,
        ..Options::default()
    };
    let bench = Bench::with(kind, options, Vec::new()).await;
    let answer = bench.validate("DEMO", everything()).await;
    assert_eq!(
        (told(&answer.blocking_issues), told(&answer.warnings)),
        (vec![], vec![])
    );
    assert!(answer.valid && answer.can_create_issues && answer.can_view_project);
    assert_eq!(answer.project_name, "Demo project");
    let sprints: Vec<_> = answer
        .available_sprints
        .iter()
        .map(|it| (it.name.as_str(), it.state.as_str()))
        .collect();
    assert_eq!(
        sprints,
        [("DEMO Sprint 2", "active"), ("DEMO Sprint 3", "future")]
    );
    assert!(
        answer.available_sprints[0].start_time.is_some()
            && answer.available_sprints[0].end_time.is_some()
    );
    assert_eq!(answer.available_sprints[1].start_time, None);
    assert_eq!(answer.team_members.len(), 1000, "as far as Jira looks");
    assert_eq!(answer.team_members[0].display_name, "Ada Byron");
    assert_eq!(
        answer.team_members[0].email.as_deref(),
        Some("ada@example.com")
    );
    let priorities: Vec<_> = answer
        .priority_levels
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(priorities, ["Highest", "High", "Medium", "Low", "Lowest"]);
    let types: Vec<_> = answer
        .issue_types
        .iter()
        .map(|it| (it.name.as_str(), it.subtask))
        .collect();
    let expected = [
        ("Task", false),
        ("Bug", false),
        ("Story", false),
        ("Epic", false),
        ("Sub-task", true),
    ];
    assert_eq!(types, expected);
    assert_eq!(
        answer.issue_types[0].required_fields,
        ["summary", "issuetype", "project"]
    );
    let wrote = bench
        .jira
        .requests()
        .into_iter()
        .filter(|it| it.method != "GET")
        .count();
    assert_eq!(wrote, 0, "nothing but reads");
}

#[tokio::test]
async fn what_an_export_would_work_around_is_a_warning_each() {
    let project = Project::new("DEMO", "Sparse")
        .without_field(None, STORY_POINTS)
        .with_priorities(&["Rot"])
        .without_assignee("712020:00000000-0000-4000-8000-000000000001");
    let mut site = Site::new("sparse")
        .with_project(project)
        .with_link_types(vec![LinkType::new(
            "1",
            "Relates",
            "relates to",
            "relates to",
        )])
        .without_permission("SCHEDULE_ISSUES")
        .without_permission("CREATE_ATTACHMENTS");
    site.attachments_enabled = false;
    let bench = Bench::on(site).await;
    let wanted = v1::ProjectRequirements {
        sprints: vec!["DEMO Sprint 1".to_owned(), "DEMO Sprint 2".to_owned()],
        ..everything()
    };
    let answer = bench.validate("DEMO", wanted).await;
    assert!(answer.valid, "{:?}", answer.blocking_issues);
    let expected = [
        ("requirements.priorities[0]", "JIRA_FIELD_REJECTED"),
        ("requirements.priorities[1]", "JIRA_FIELD_REJECTED"),
        ("requirements.sprints[0]", "JIRA_FIELD_REJECTED"),
        ("", "JIRA_FORBIDDEN"),
        ("requirements.assignees[0]", "JIRA_FIELD_REJECTED"),
        ("requirements.story_points", "JIRA_FIELD_REJECTED"),
        ("requirements.story_points", "JIRA_FIELD_REJECTED"),
        ("requirements.attachments", "JIRA_FORBIDDEN"),
        ("", "JIRA_FORBIDDEN"),
        ("requirements.links", "JIRA_FIELD_REJECTED"),
    ];
    assert_eq!(told(&answer.warnings), expected);
}

#[tokio::test]
async fn what_would_stop_an_export_makes_the_project_invalid() {
    let team = Field::new("customfield_10099", "Team", FieldKind::Text);
    let project = Project::new("DEMO", "Strict")
        .with_field(team)
        .requiring(Some("Bug"), "customfield_10099")
        .requiring(Some("Bug"), "labels");
    let bench = Bench::on(Site::new("strict").with_project(project)).await;
    let wanted = v1::ProjectRequirements {
        issue_types: vec![
            "Incident".to_owned(),
            "Bug".to_owned(),
            "Sub-task".to_owned(),
        ],
        ..Default::default()
    };
    let answer = bench.validate("DEMO", wanted).await;
    assert!(!answer.valid);
    let blocking = [
        ("requirements.issue_types[0]", "JIRA_ISSUE_TYPE_NOT_FOUND"),
        ("customfield_10099", "JIRA_REQUIRED_FIELD_MISSING"),
    ];
    assert_eq!(told(&answer.blocking_issues), blocking);
    let warnings = [
        ("labels", "JIRA_REQUIRED_FIELD_MISSING"),
        ("requirements.issue_types[2]", "JIRA_REQUIRED_FIELD_MISSING"),
    ];
    assert_eq!(told(&answer.warnings), warnings);
    assert!(
        bench
            .validate("DEMO", v1::ProjectRequirements::default())
            .await
            .valid
    );

    let unknown = bench.validate("NOPE", everything()).await;
    assert_eq!(
        told(&unknown.blocking_issues),
        [("", "JIRA_PROJECT_NOT_FOUND")]
    );
    assert_eq!(
        (unknown.project_name.as_str(), unknown.can_view_project),
        ("", false)
    );
    bench
        .jira
        .change_site(|site| *site = site.clone().without_permission("CREATE_ISSUES"));
    let forbidden = bench.validate("DEMO", everything()).await;
    assert_eq!(told(&forbidden.blocking_issues), [("", "JIRA_FORBIDDEN")]);
    assert!(forbidden.can_view_project && !forbidden.can_create_issues);
}

#[tokio::test]
async fn what_keeps_jira_from_answering_is_an_error() {
    use docket::sandbox::{Action, Fault};
    let bench = Bench::on(Site::demo()).await;
    let request = |integration: &str, key: &str| v1::ValidateProjectRequest {
        integration_id: integration.to_owned(),
        jira_project_key: key.to_owned(),
        requirements: None,
    };
    let mut exports = bench.exports();
    let broken = exports
        .validate_project(request("x", "demo"))
        .await
        .unwrap_err();
    assert_eq!(fields(&broken), ["integration_id", "jira_project_key"]);
    let gone = uuid::Uuid::now_v7().to_string();
    let gone = exports
        .validate_project(request(&gone, "DEMO"))
        .await
        .unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
    let good = || request(&bench.integration, "DEMO");
    bench
        .jira
        .order(Fault::on(Operation::GetProject, Action::status(401)));
    let token = exports.validate_project(good()).await.unwrap_err();
    assert_eq!(
        (token.code(), reason(&token).as_str()),
        (Code::FailedPrecondition, "JIRA_UNAUTHORIZED")
    );
    let later = Action::Throttle {
        retry_after: Some(60),
        reason: None,
    };
    bench
        .jira
        .order(Fault::on(Operation::CreateMetaTypes, later));
    let later = exports.validate_project(good()).await.unwrap_err();
    assert_eq!(
        (later.code(), reason(&later).as_str()),
        (Code::Unavailable, "JIRA_RATE_LIMITED")
    );
    let soon = Action::Throttle {
        retry_after: Some(1),
        reason: None,
    };
    bench
        .jira
        .order(Fault::on(Operation::CreateMetaTypes, soon));
    assert!(
        exports
            .validate_project(good())
            .await
            .unwrap()
            .into_inner()
            .valid
    );
    let off = v1::SetIntegrationEnabledRequest {
        id: bench.integration.clone(),
        enabled: false,
    };
    bench
        .server
        .integrations(Role::Manager)
        .set_integration_enabled(off)
        .await
        .unwrap();
    let off = exports.validate_project(good()).await.unwrap_err();
    assert_eq!(reason(&off), "INTEGRATION_DISABLED");
    let user = bench
        .server
        .exports(Role::EndUser)
        .validate_project(good())
        .await
        .unwrap_err();
    assert_eq!(user.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_project_that_was_renamed_is_told_by_its_key_now() {
    let bench = Bench::on(Site::demo()).await;
    assert!(bench.jira.rename_project("DEMO", "NEW"));
    let report = bench.validate("DEMO", everything()).await;
    assert!(report.valid, "{:?}", report.blocking_issues);
    assert_eq!(
        told(&report.warnings),
        [("jira_project_key", "JIRA_FIELD_REJECTED")]
    );
    assert!(report.warnings[0].message.contains("NEW"));
    let report = bench.validate("NEW", everything()).await;
    assert_eq!((report.valid, report.warnings), (true, vec![]));
}
