//! Changing, deleting and ordering sessions.

use docket::{
    domain::actor::Role,
    proto::v1,
    sandbox::{Project, Site},
};
use rstest::rstest;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::bench::{Bench, fields, reason, ticket};
use crate::support::database::Kind;

impl Bench {
    pub(super) async fn session(&self) -> v1::Session {
        let request = v1::GetSessionRequest {
            id: self.session.clone(),
        };
        let session = self.exports().get_session(request).await.unwrap();
        session.into_inner().session.unwrap()
    }

    async fn update(
        &self,
        paths: &[&str],
        change: impl FnOnce(&mut v1::UpdateSessionRequest),
    ) -> Result<v1::Session, Status> {
        let mut request = v1::UpdateSessionRequest {
            session: Some(v1::Session {
                id: self.session.clone(),
                ..Default::default()
            }),
            update_mask: Some(prost_types::FieldMask {
                paths: paths.iter().map(|&path| path.to_owned()).collect(),
            }),
            ..Default::default()
        };
        change(&mut request);
        let updated = self.exports().update_session(request).await?;
        Ok(updated.into_inner().session.unwrap())
    }
}

pub(super) fn metadata(status: &Status, key: &str) -> String {
    let info = status.get_details_error_info().unwrap();
    info.metadata.get(key).cloned().unwrap_or_default()
}

fn given(request: &mut v1::UpdateSessionRequest) -> &mut v1::Session {
    request.session.as_mut().unwrap()
}

#[rstest]
#[tokio::test]
async fn only_what_the_mask_names_is_changed(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let bench = Bench::new(kind, vec![ticket("a")]).await;
    let before = bench.session().await;
    let renamed = bench.update(&["name"], |it| {
        given(it).name = "Another".to_owned();
        given(it).jira_project_key = "OTHER".to_owned();
    });
    let renamed = renamed.await.unwrap();
    let expected = v1::Session {
        name: "Another".to_owned(),
        etag: renamed.etag.clone(),
        update_time: renamed.update_time,
        ..before.clone()
    };
    assert_eq!(renamed, expected);
    assert_ne!(renamed.etag, before.etag);
    assert_eq!(bench.session().await, renamed);
    let same = bench.update(&["name"], |it| given(it).name = "Another".to_owned());
    assert_eq!(same.await.unwrap(), renamed, "nothing is different");

    let planned = bench.update(&["stage"], |it| {
        given(it).stage = v1::SessionStage::Review.into();
        it.validate_only = true;
    });
    assert_eq!(planned.await.unwrap().stage(), v1::SessionStage::Review);
    assert_eq!(bench.session().await, renamed);
    for mask in [&[][..], &["*"][..]] {
        let whole = bench.update(mask, |it| given(it).name = format!("Whole {}", mask.len()));
        let whole = whole.await.unwrap();
        assert_eq!(whole.integration_id, "");
        assert_eq!(
            (whole.jira_project_key.as_str(), whole.stage()),
            ("", v1::SessionStage::Upload)
        );
    }
}

#[rstest]
#[tokio::test]
async fn what_breaks_a_rule_or_was_not_seen_is_refused(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, vec![ticket("a")]).await;
    let broken = bench.update(&["name", "status", "stage", "integration_id"], |it| {
        given(it).integration_id = "x".to_owned();
        given(it).stage = 99;
    });
    let mut told = fields(&broken.await.unwrap_err());
    told.sort();
    let expected = [
        "session.integration_id",
        "session.name",
        "session.stage",
        "update_mask.paths[1]",
    ];
    assert_eq!(told, expected);
    let stage = bench.update(&["stage"], |it| {
        given(it).stage = v1::SessionStage::Completed.into()
    });
    assert_eq!(fields(&stage.await.unwrap_err()), ["session.stage"]);
    let unknown = bench.update(&["integration_id"], |it| {
        given(it).integration_id = uuid::Uuid::now_v7().to_string();
    });
    assert_eq!(
        fields(&unknown.await.unwrap_err()),
        ["session.integration_id"]
    );

    let seen = bench.session().await.etag;
    bench
        .update(&["name"], |it| given(it).name = "Another".to_owned())
        .await
        .unwrap();
    let tickets = v1::AddSessionTicketsRequest {
        session_id: bench.session.clone(),
        tickets: vec![ticket("b")],
        ..Default::default()
    };
    bench.exports().add_session_tickets(tickets).await.unwrap();
    let stale = bench.update(&["stage"], |it| {
        given(it).stage = v1::SessionStage::Review.into();
        it.etag = Some(seen);
    });
    let stale = stale.await.unwrap_err();
    assert_eq!(
        (stale.code(), reason(&stale).as_str()),
        (Code::Aborted, "ETAG_MISMATCH")
    );
    assert_eq!(metadata(&stale, "changed_fields"), "name,tickets");
    assert_eq!(metadata(&stale, "etag"), bench.session().await.etag);

    let request = v1::UpdateSessionRequest {
        session: Some(bench.session().await),
        ..Default::default()
    };
    let mut stranger = bench.server.exports(("somebody", Role::SeniorEngineer));
    let denied = stranger.update_session(request).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
}

#[rstest]
#[tokio::test]
async fn a_session_follows_its_export_in_what_can_be_changed(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, vec![ticket("a"), ticket("b")]).await;
    let project = |key: &str| {
        let key = key.to_owned();
        bench.update(&["jira_project_key"], move |it| {
            given(it).jira_project_key = key
        })
    };
    project("WRONG").await.unwrap();
    let failed = bench.run().await;
    assert_eq!(failed.failure.unwrap().reason, "JIRA_PROJECT_NOT_FOUND");
    let emptied = project("").await.unwrap_err();
    assert_eq!(fields(&emptied), ["session.jira_project_key"]);
    project("DEMO").await.unwrap();
    bench.jira.change_site(|site| {
        let demo = site.projects[0].clone();
        site.projects[0] = demo.requiring(Some("Bug"), "duedate");
    });
    let retry = || v1::RetryExportRequest {
        session_id: bench.session.clone(),
        ..Default::default()
    };
    bench.exports().retry_export(retry()).await.unwrap();
    let done = bench.follow().await;
    assert_eq!(
        (done.status(), done.jira_project_key.as_str()),
        (v1::ExportStatus::Completed, "DEMO")
    );
    let closed = project("OTHER").await.unwrap_err();
    assert_eq!(reason(&closed), "SESSION_NOT_EDITABLE");
    let ids: Vec<String> = bench.tickets().await.into_iter().map(|it| it.id).collect();
    let closed = bench.reorder(&[&ids[1], &ids[0]]).await.unwrap_err();
    assert_eq!(reason(&closed), "SESSION_NOT_EDITABLE");
    let closed = bench.depend(&ids[1], &[&ids[0]], None).await.unwrap_err();
    assert_eq!(reason(&closed), "SESSION_NOT_EDITABLE");
}

#[tokio::test]
async fn a_session_with_issues_stays_where_it_is_and_can_be_renamed() {
    let project = Project::new("DEMO", "Strict").requiring(Some("Bug"), "duedate");
    let options = docket::sandbox::Options {
        site: Site::new("strict").with_project(project),
        ..Default::default()
    };
    let bad = v1::NewSessionTicket {
        issue_type: "Bug".to_owned(),
        ..ticket("bad")
    };
    let bench = Bench::with(Kind::Sqlite, options, vec![ticket("good"), bad]).await;
    assert!(bench.run().await.failure.is_some());
    let moved = bench.update(&["jira_project_key"], |it| {
        given(it).jira_project_key = "OTHER".to_owned()
    });
    assert_eq!(reason(&moved.await.unwrap_err()), "SESSION_NOT_EDITABLE");
    let renamed = bench.update(&["name"], |it| given(it).name = "Halfway".to_owned());
    assert_eq!(renamed.await.unwrap().name, "Halfway");
}

#[rstest]
#[tokio::test]
async fn a_deleted_session_leaves_its_tickets(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let mut second = ticket("b");
    second.depends_on_refs = vec!["a".to_owned()];
    let bench = Bench::new(kind, vec![ticket("a"), second]).await;
    bench.run().await;
    let before = bench.tickets().await;
    let delete = |etag: Option<&str>| {
        let request = v1::DeleteSessionRequest {
            id: bench.session.clone(),
            etag: etag.map(str::to_owned),
        };
        let mut exports = bench.exports();
        async move { exports.delete_session(request).await }
    };
    let stale = delete(Some("\"1\"")).await.unwrap_err();
    assert_eq!(reason(&stale), "ETAG_MISMATCH");
    delete(Some(&bench.session().await.etag)).await.unwrap();
    assert_eq!(delete(None).await.unwrap_err().code(), Code::NotFound);
    for ticket in &before {
        let request = v1::GetTicketRequest {
            id: Some(ticket.id.clone()),
            number: None,
        };
        let left = bench
            .server
            .tickets(Role::Manager)
            .get_ticket(request)
            .await;
        let left = left.unwrap().into_inner().ticket.unwrap();
        assert_eq!((left.export, &left.title), (None, &ticket.title));
        let request = v1::ListTicketHistoryRequest {
            ticket_id: ticket.id.clone(),
            ..Default::default()
        };
        let history = bench
            .server
            .tickets(Role::Manager)
            .list_ticket_history(request)
            .await;
        let entries = history.unwrap().into_inner().entries;
        assert!(
            entries
                .iter()
                .any(|it| it.field.as_deref() == Some("export.session_id")),
            "{entries:?}"
        );
    }
    assert_eq!(bench.jira.issues().len(), 2, "the issues stay");
    let gone = v1::GetExportResultsRequest {
        session_id: bench.session.clone(),
    };
    assert_eq!(
        bench
            .exports()
            .get_export_results(gone)
            .await
            .unwrap_err()
            .code(),
        Code::NotFound
    );
}
