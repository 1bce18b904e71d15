//! Changing and deleting integrations, and what platforms tell of themselves.

use docket::{
    domain::actor::Role,
    proto::v1::{self, integration::Config},
    sandbox::{Options, Sandbox},
};
use rstest::rstest;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::{an_integration, fields, new_integration, reason};
use crate::support::{
    database::Kind,
    server::{Integrations, TestServer},
};

const SITE: &str = "https://acme.atlassian.net";

fn jira(integration: &v1::Integration) -> v1::JiraConfig {
    match &integration.config {
        Some(Config::Jira(jira)) => jira.clone(),
        other => panic!("no Jira: {other:?}"),
    }
}

fn change(id: &str, paths: &[&str]) -> v1::UpdateIntegrationRequest {
    v1::UpdateIntegrationRequest {
        integration: Some(v1::Integration {
            id: id.to_owned(),
            ..an_integration("Another", SITE).integration.unwrap()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: paths.iter().map(|&path| path.to_owned()).collect(),
        }),
        ..Default::default()
    }
}

async fn update(
    integrations: &mut Integrations,
    request: v1::UpdateIntegrationRequest,
) -> Result<v1::Integration, Status> {
    let answer = integrations.update_integration(request).await?;
    Ok(answer.into_inner().integration.unwrap())
}

async fn get(integrations: &mut Integrations, id: &str) -> Result<v1::Integration, Status> {
    let request = v1::GetIntegrationRequest { id: id.to_owned() };
    let answer = integrations.get_integration(request).await?;
    Ok(answer.into_inner().integration.unwrap())
}

async fn delete(integrations: &mut Integrations, id: &str) -> Result<(), Status> {
    let request = v1::DeleteIntegrationRequest {
        id: id.to_owned(),
        etag: None,
    };
    integrations.delete_integration(request).await.map(drop)
}

#[rstest]
#[tokio::test]
async fn only_what_the_mask_names_is_changed_and_has_to_be_checked_anew(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let mut integrations = server.integrations(Role::Manager);
    let made = new_integration(&server, &sandbox.url()).await;
    let checked = v1::TestIntegrationRequest {
        id: made.id.clone(),
    };
    assert!(
        integrations
            .test_integration(checked)
            .await
            .unwrap()
            .into_inner()
            .ok
    );
    let active = get(&mut integrations, &made.id).await.unwrap();

    let renamed = update(&mut integrations, change(&made.id, &["name"]))
        .await
        .unwrap();
    assert_eq!(renamed.name, "Another");
    assert_eq!(
        renamed.status(),
        v1::IntegrationStatus::Active,
        "it reaches the same"
    );
    assert_eq!(jira(&renamed), jira(&made));
    assert_ne!(renamed.etag, active.etag);

    let mut request = change(&made.id, &["jira.project_key"]);
    request.integration.as_mut().unwrap().config = Some(Config::Jira(v1::JiraConfig {
        project_key: "OPS".to_owned(),
        ..Default::default()
    }));
    let planned = v1::UpdateIntegrationRequest {
        validate_only: true,
        ..request.clone()
    };
    let planned = update(&mut integrations, planned).await.unwrap();
    assert_eq!(get(&mut integrations, &made.id).await.unwrap(), renamed);
    let moved = update(&mut integrations, request.clone()).await.unwrap();
    let expected = v1::JiraConfig {
        project_key: "OPS".to_owned(),
        ..jira(&made)
    };
    assert_eq!((jira(&moved), jira(&planned)), (expected.clone(), expected));
    assert_eq!(moved.status(), v1::IntegrationStatus::Pending);
    assert!(moved.has_credentials);

    // The same once more changes nothing.
    assert_eq!(
        update(&mut integrations, request.clone()).await.unwrap(),
        moved
    );
    request.etag = Some(active.etag.clone());
    let stale = update(&mut integrations, request).await.unwrap_err();
    assert_eq!(
        (stale.code(), reason(&stale).as_str()),
        (Code::Aborted, "ETAG_MISMATCH")
    );
    let info = stale.get_details_error_info().unwrap();
    assert_eq!(info.metadata["changed_fields"], "name,jira,status");
    assert_eq!(info.metadata["etag"], moved.etag);

    // All of it, and credentials that the Jira does not take.
    let mut whole = change(&made.id, &[]);
    let token = "a-planted-token";
    whole.credentials = Some(v1::Credentials {
        platform: Some(v1::credentials::Platform::Jira(v1::JiraCredentials {
            email: "b@example.com".to_owned(),
            api_token: token.to_owned(),
            ..Default::default()
        })),
    });
    let replaced = update(&mut integrations, whole.clone()).await.unwrap();
    assert_eq!(
        (jira(&replaced).site_url, jira(&replaced).project_key),
        (SITE.to_owned(), "DEMO".to_owned())
    );
    let mut back = change(&made.id, &["jira.site_url"]);
    back.credentials = whole.credentials.clone();
    back.integration.as_mut().unwrap().config = Some(Config::Jira(v1::JiraConfig {
        site_url: sandbox.url(),
        ..Default::default()
    }));
    update(&mut integrations, back).await.unwrap();
    let checked = v1::TestIntegrationRequest { id: made.id };
    let checked = integrations.test_integration(checked).await.unwrap();
    let checked = checked.into_inner();
    assert_eq!(checked.problems[0].reason, "JIRA_UNAUTHORIZED");
    assert!(!format!("{replaced:?}{checked:?}").contains(token));
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_breaks_a_rule_is_told_at_once(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let server = TestServer::start(kind).await;
    let mut integrations = server.integrations(Role::Admin);
    let made = new_integration(&server, SITE).await;
    let taken = integrations.create_integration(an_integration("Taken", SITE));
    taken.await.unwrap();
    let mut same = change(&made.id, &["name"]);
    same.integration.as_mut().unwrap().name = "TAKEN".to_owned();
    for validate_only in [true, false] {
        same.validate_only = validate_only;
        let taken = update(&mut integrations, same.clone()).await.unwrap_err();
        assert_eq!(taken.code(), Code::AlreadyExists);
    }
    let mut broken = change(
        &made.id,
        &["name", "jira.site_url", "status", "slack.team", "jira.x"],
    );
    let given = broken.integration.as_mut().unwrap();
    given.name = " ".to_owned();
    given.config = Some(Config::Jira(v1::JiraConfig {
        site_url: "ftp://x".to_owned(),
        project_key: "not looked at".to_owned(),
        ..Default::default()
    }));
    let broken = update(&mut integrations, broken).await.unwrap_err();
    let expected = [
        "update_mask.paths[2]",
        "update_mask.paths[3]",
        "update_mask.paths[4]",
        "integration.name",
        "integration.jira.site_url",
    ];
    assert_eq!(fields(&broken), expected);
    let unknown = change(&made.id, &["platform_config.github.nope", "github.nope"]);
    let unknown = update(&mut integrations, unknown).await.unwrap_err();
    let details = unknown.get_error_details();
    let rules = &details.bad_request().unwrap().field_violations;
    assert_eq!(
        rules[0].description,
        "platform_config.github.nope is no field that this method changes; there are name, credentials, jira, slack, github, webhook"
    );
    assert_eq!(
        rules[1].description,
        "github.nope is no field of github; there are github.owner, github.repository, github.api_url, github.labels"
    );
    let other = change(&made.id, &["jira.site_url", "github.labels"]);
    let other = update(&mut integrations, other).await.unwrap_err();
    assert_eq!(fields(&other), ["integration.config"]);
    let mut without = change(&made.id, &[]);
    without.integration.as_mut().unwrap().config = None;
    let without = update(&mut integrations, without).await.unwrap_err();
    assert_eq!(fields(&without), ["integration.config"]);
    let unknown = uuid::Uuid::now_v7().to_string();
    let missing = update(&mut integrations, change(&unknown, &["name"])).await;
    assert_eq!(missing.unwrap_err().code(), Code::NotFound);
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_deleted_integration_is_gone_and_its_name_is_free(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut integrations = server.integrations(Role::Manager);
    let made = new_integration(&server, SITE).await;
    let mut exports = server.exports(Role::SeniorEngineer);
    let session = exports.create_session(v1::CreateSessionRequest {
        session: Some(v1::Session {
            name: "Left behind".to_owned(),
            integration_id: made.id.clone(),
            jira_project_key: "DEMO".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    });
    let session = session.await.unwrap().into_inner().session.unwrap();
    let tickets = v1::AddSessionTicketsRequest {
        session_id: session.id.clone(),
        tickets: vec![v1::NewSessionTicket {
            r#ref: "a".to_owned(),
            title: "One".to_owned(),
            ..Default::default()
        }],
        ..Default::default()
    };
    exports.add_session_tickets(tickets).await.unwrap();
    let stale = v1::DeleteIntegrationRequest {
        id: made.id.clone(),
        etag: Some("\"0\"".to_owned()),
    };
    let stale = integrations.delete_integration(stale).await.unwrap_err();
    assert_eq!(reason(&stale), "ETAG_MISMATCH");
    delete(&mut integrations, &made.id).await.unwrap();
    let gone = get(&mut integrations, &made.id).await.unwrap_err();
    assert_eq!(gone.code(), Code::NotFound);
    assert_eq!(
        delete(&mut integrations, &made.id)
            .await
            .unwrap_err()
            .code(),
        Code::NotFound
    );
    let listed = integrations.list_integrations(v1::ListIntegrationsRequest::default());
    assert!(listed.await.unwrap().into_inner().integrations.is_empty());
    let start = v1::StartExportRequest {
        session_id: session.id,
        ..Default::default()
    };
    let refused = exports.start_export(start).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refused), "SESSION_WITHOUT_INTEGRATION");
    let again = new_integration(&server, SITE).await;
    assert_eq!(again.name, made.name);
    assert_ne!(again.id, made.id);
    server.stop().await;
}

#[tokio::test]
async fn platforms_tell_what_a_form_for_them_asks() {
    let server = TestServer::start(Kind::Sqlite).await;
    let mut integrations = server.integrations(Role::DevopsEngineer);
    let platforms = integrations
        .list_platforms(v1::ListPlatformsRequest {})
        .await;
    let platforms = platforms.unwrap().into_inner().platforms;
    let names: Vec<&str> = platforms.iter().map(|p| p.platform_name.as_str()).collect();
    assert_eq!(names, ["github", "jira", "slack", "webhook"]);
    let jira = platforms
        .iter()
        .find(|p| p.platform_name == "jira")
        .unwrap();
    assert_eq!(jira.category(), v1::IntegrationCategory::Ticketing);
    let secret = jira.credential_fields.iter().filter(|field| field.secret);
    assert_eq!(
        secret.map(|field| field.name.as_str()).collect::<Vec<_>>(),
        ["api_token", "webhook_secret"]
    );
    let asked = jira.config_fields.iter().filter(|field| field.required);
    assert_eq!(
        asked.map(|field| field.name.as_str()).collect::<Vec<_>>(),
        ["site_url"]
    );

    let mut request = an_integration("Desk", SITE);
    let given = request.integration.as_mut().unwrap();
    (given.platform_name, given.config) = ("zendesk".to_owned(), None);
    let mut manager = server.integrations(Role::Manager);
    let refused = manager.create_integration(request).await.unwrap_err();
    assert_eq!(reason(&refused), "PLATFORM_UNSUPPORTED");
    assert!(refused.message().contains("zendesk"), "{refused:?}");
    server.stop().await;
}

#[tokio::test]
async fn the_fields_of_a_project_are_found_by_type_and_over_all_types() {
    let server = TestServer::start(Kind::Sqlite).await;
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let made = new_integration(&server, &sandbox.url()).await;
    let mut integrations = server.integrations(Role::DevopsEngineer);
    let ask = |issue_type: Option<&str>, project: &str| v1::DiscoverFieldsRequest {
        id: made.id.clone(),
        project_key: project.to_owned(),
        issue_type: issue_type.map(str::to_owned),
    };
    let task = integrations
        .discover_fields(ask(Some("task"), "DEMO"))
        .await;
    let task = task.unwrap().into_inner().fields;
    let summary = task.iter().find(|field| field.id == "summary").unwrap();
    assert!(
        summary.required && summary.r#type == "string",
        "{summary:?}"
    );
    let priority = task.iter().find(|field| field.id == "priority").unwrap();
    assert!(!priority.required);
    assert!(
        priority
            .allowed_values
            .iter()
            .any(|value| value.name == "High" && !value.id.is_empty())
    );
    assert!(task.is_sorted_by_key(|field| (field.name.clone(), field.id.clone())));
    let all = integrations
        .discover_fields(ask(None, "DEMO"))
        .await
        .unwrap()
        .into_inner()
        .fields;
    let of_task = task.iter().map(|field| &field.id);
    assert!(
        of_task
            .clone()
            .all(|id| all.iter().filter(|field| field.id == *id).count() == 1)
    );
    let missing = integrations
        .discover_fields(ask(Some("Nothing"), "DEMO"))
        .await
        .unwrap_err();
    assert_eq!(reason(&missing), "JIRA_ISSUE_TYPE_NOT_FOUND");
    assert!(missing.message().contains("Task"), "{missing:?}");
    let missing = integrations
        .discover_fields(ask(None, "NOPE"))
        .await
        .unwrap_err();
    assert_eq!(reason(&missing), "JIRA_PROJECT_NOT_FOUND");
    let broken = v1::DiscoverFieldsRequest {
        id: "x".to_owned(),
        ..ask(Some(""), "demo")
    };
    let broken = integrations.discover_fields(broken).await.unwrap_err();
    assert_eq!(fields(&broken), ["id", "project_key", "issue_type"]);
    server.stop().await;
}
