//! What has changed since an export, on either side.

use docket::{
    domain::actor::Role,
    proto::v1,
    sandbox::{Options, STORY_POINTS},
};
use rstest::rstest;
use serde_json::{Value, json};
use tonic::{Code, Status};

use super::bench::{Bench, reason, refusal, ticket};
use crate::support::database::Kind;

impl Bench {
    pub(super) async fn drift(&self) -> Result<Vec<v1::DriftItem>, Status> {
        let request = v1::CheckDriftRequest {
            session_id: self.session.clone(),
        };
        let drift = self.exports().check_drift(request).await?;
        Ok(drift.into_inner().items)
    }

    /// Does to Jira what a person would.
    pub(super) async fn in_jira(&self, method: reqwest::Method, path: &str, body: Value) {
        let url = format!("{}{path}", self.jira.url());
        let request = reqwest::Client::new()
            .request(method, url)
            .basic_auth(Options::EMAIL, Some(Options::TOKEN))
            .json(&body);
        let answer = request.send().await.unwrap();
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap()
        );
    }
}

fn full(reference: &str) -> v1::NewSessionTicket {
    v1::NewSessionTicket {
        priority: v1::TicketPriority::P1.into(),
        labels: vec!["hot".to_owned(), "big".to_owned()],
        story_points: Some(5.0),
        sprint: Some("DEMO Sprint 2".to_owned()),
        jira_assignee: Some("ada@example.com".to_owned()),
        ..ticket(reference)
    }
}

pub(super) fn told(items: &[v1::DriftItem]) -> Vec<(&str, &str, Option<&str>, Option<&str>)> {
    let items = items.iter();
    items
        .map(|it| {
            let (jira, docket) = (it.in_jira.as_deref(), it.in_docket.as_deref());
            (it.field.as_str(), it.exported.as_str(), jira, docket)
        })
        .collect()
}

#[rstest]
#[tokio::test]
async fn a_change_on_either_side_is_told_and_nothing_else(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, vec![full("a"), ticket("b"), full("c"), ticket("d")]).await;
    bench.run().await;
    assert_eq!(bench.drift().await.unwrap(), [], "nothing has changed");
    let keys: Vec<String> = bench
        .results()
        .await
        .jira_tickets
        .into_iter()
        .map(|it| it.jira_key)
        .collect();
    let text = json!({ "version": 1, "type": "doc", "content": [
        { "type": "paragraph", "content": [{ "type": "text", "text": "Something else." }] },
    ] });
    let path = |key: &str| format!("/rest/api/3/issue/{key}");
    let fields = json!({
        "summary": "Renamed", "description": text, "priority": { "name": "Low" },
        "labels": ["hot", "cold"], STORY_POINTS: 8, "assignee": Value::Null,
    });
    bench
        .in_jira(
            reqwest::Method::PUT,
            &path(&keys[0]),
            json!({ "fields": fields }),
        )
        .await;
    bench
        .in_jira(reqwest::Method::DELETE, &path(&keys[1]), Value::Null)
        .await;
    let sprint = json!({ "issues": [keys[2]] });
    bench
        .in_jira(
            reqwest::Method::POST,
            "/rest/agile/1.0/sprint/13/issue",
            sprint,
        )
        .await;
    let fourth = bench.tickets().await.remove(3).id;
    let delete = v1::DeleteTicketRequest {
        id: fourth,
        ..Default::default()
    };
    let deleted = bench
        .server
        .tickets(Role::Admin)
        .delete_ticket(delete)
        .await;

    let items = bench.drift().await.unwrap();
    let of = |key: &str| -> Vec<v1::DriftItem> {
        items
            .iter()
            .filter(|it| it.jira_key == key)
            .cloned()
            .collect()
    };
    let expected = [
        ("assignee", "Ada Byron", None, Some("Ada Byron")),
        (STORY_POINTS, "5", Some("8"), Some("5")),
        (
            "description",
            "What is to be done about a.",
            Some("Something else."),
            Some("What is to be done about a."),
        ),
        ("labels", "big, hot", Some("cold, hot"), Some("big, hot")),
        ("priority", "Highest", Some("Low"), Some("Highest")),
        (
            "summary",
            "The work on a",
            Some("Renamed"),
            Some("The work on a"),
        ),
    ];
    assert_eq!(told(&of(&keys[0])), expected);
    let gone = [("issue", keys[1].as_str(), None, Some("The work on b"))];
    assert_eq!(told(&of(&keys[1])), gone);
    let moved = of(&keys[2]);
    assert_eq!(
        (
            moved.len(),
            moved[0].exported.as_str(),
            moved[0].in_jira.as_deref()
        ),
        (1, "DEMO Sprint 2", Some("DEMO Sprint 3"))
    );
    if deleted.is_ok() {
        let deleted = [("issue", keys[3].as_str(), Some(keys[3].as_str()), None)];
        assert_eq!(told(&of(&keys[3])), deleted);
    }
    let order: Vec<_> = items.iter().map(|it| it.jira_key.clone()).collect();
    let mut sorted = order.clone();
    sorted.sort();
    assert_eq!(order, sorted, "by the tickets' order");
}

#[tokio::test]
async fn what_never_arrived_has_not_changed() {
    let bench = Bench::new(Kind::Sqlite, vec![full("a")]).await;
    bench.jira.change_site(|site| {
        site.denied.insert("SCHEDULE_ISSUES".to_owned());
        let project = site.projects[0].clone();
        site.projects[0] = project.without_field(None, "labels");
    });
    bench.run().await;
    assert_eq!(bench.drift().await.unwrap(), []);
}

/// A value that Jira took only later is docket's as well: its arrival is no change, and a change of it is one.
#[tokio::test]
async fn what_arrived_later_is_compared_and_is_docket_s_own_change() {
    use docket::sandbox::{Action, Fault, Operation};
    use prost_types::{Struct, Value as Wire, value::Kind as Is};
    let date = Wire {
        kind: Some(Is::StringValue("2026-12-24".to_owned())),
    };
    let wish = v1::NewSessionTicket {
        custom_fields: Some(Struct {
            fields: [("duedate".to_owned(), date)].into(),
        }),
        ..full("a")
    };
    let bench = Bench::new(Kind::Sqlite, vec![wish]).await;
    let no = json!({ "duedate": "no", "labels": "no", STORY_POINTS: "no", "assignee": "no" });
    let refused = refusal(json!({ "errorMessages": [], "errors": no }));
    bench.jira.order(Fault::on(Operation::CreateIssue, refused));
    let lost = Fault::on(Operation::MoveToSprint, Action::status(400));
    bench.jira.order(lost);
    assert_eq!(bench.run().await.manual_fixes_needed, 5);
    assert_eq!(bench.drift().await.unwrap(), []);
    let apply = v1::ApplyFixesRequest {
        session_id: bench.session.clone(),
        ..Default::default()
    };
    bench.exports().apply_fixes(apply).await.unwrap();
    assert_eq!(bench.results().await.export.unwrap().manual_fixes_needed, 0);
    assert_eq!(bench.drift().await.unwrap(), [], "nobody has changed it");
    let planned = v1::RevertExportRequest {
        session_id: bench.session.clone(),
        dry_run: true,
    };
    let planned = bench.exports().revert_export(planned).await.unwrap();
    let planned = planned.into_inner();
    assert_eq!((planned.deleted.len(), planned.kept), (1, vec![]));

    let fields = json!({
        "duedate": "2027-01-01", "labels": ["cold"], STORY_POINTS: 8, "assignee": Value::Null,
    });
    let path = format!("/rest/api/3/issue/{}", planned.deleted[0]);
    let change = json!({ "fields": fields });
    bench.in_jira(reqwest::Method::PUT, &path, change).await;
    let items = bench.drift().await.unwrap();
    let expected = [
        ("assignee", "Ada Byron", None, Some("Ada Byron")),
        (STORY_POINTS, "5", Some("8"), Some("5")),
        (
            "duedate",
            "2026-12-24",
            Some("2027-01-01"),
            Some("2026-12-24"),
        ),
        ("labels", "big, hot", Some("cold"), Some("big, hot")),
    ];
    assert_eq!(told(&items), expected);
}

#[tokio::test]
async fn without_an_export_or_with_one_that_runs_there_is_nothing_to_compare() {
    use docket::sandbox::{Action, Fault, Operation};
    let bench = Bench::new(Kind::Sqlite, vec![ticket("a")]).await;
    assert_eq!(
        reason(&bench.drift().await.unwrap_err()),
        "EXPORT_NOT_STARTED"
    );
    bench
        .jira
        .order(Fault::on(Operation::CreateIssue, Action::Hang));
    let start = v1::StartExportRequest {
        session_id: bench.session.clone(),
        ..Default::default()
    };
    bench.exports().start_export(start).await.unwrap();
    let running = bench.drift().await.unwrap_err();
    assert_eq!(
        (running.code(), reason(&running).as_str()),
        (Code::Aborted, "EXPORT_RUNNING")
    );
}

#[rstest]
#[tokio::test]
async fn a_sprint_that_another_one_has_taken_the_name_of_between_two_attempts_is_no_drift(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    use docket::sandbox::{Action, Fault, Operation};
    let bench = Bench::new(kind, vec![full("a")]).await;
    let revoked = Fault::on(Operation::MoveToSprint, Action::status(401));
    bench.jira.order(revoked);
    assert_eq!(bench.run().await.status(), v1::ExportStatus::Failed);
    bench.jira.change_site(|site| {
        let project = site.projects.iter_mut().find(|it| it.key == "DEMO");
        let sprints = &mut project.unwrap().board.as_mut().unwrap().sprints;
        sprints[1].name = "Sprint of old".to_owned();
        sprints[2].name = "DEMO Sprint 2".to_owned();
    });
    let retry = v1::RetryExportRequest {
        session_id: bench.session.clone(),
        ..Default::default()
    };
    bench.exports().retry_export(retry).await.unwrap();
    assert_eq!(bench.follow().await.status(), v1::ExportStatus::Completed);
    assert_eq!(bench.drift().await.unwrap(), []);
}
