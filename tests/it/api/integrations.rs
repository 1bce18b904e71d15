//! Setting up and checking integrations.

use docket::{
    domain::actor::Role,
    proto::v1::{self, integration::Config},
    sandbox::{Options, Sandbox},
};
use rstest::rstest;
use strum::IntoEnumIterator as _;
use tonic::Code;

use super::{an_integration, fields, new_integration, reason};
use crate::support::{database::Kind, server::TestServer};

const SITE: &str = "https://acme.atlassian.net";

fn with(change: impl FnOnce(&mut v1::Integration)) -> v1::CreateIntegrationRequest {
    let mut request = an_integration("Jira", SITE);
    change(request.integration.as_mut().unwrap());
    request
}

#[rstest]
#[tokio::test]
async fn an_integration_is_made_switched_and_checked_and_keeps_its_secret(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let mut integrations = server.integrations(Role::Manager);
    let made = new_integration(&server, &sandbox.url()).await;
    assert_eq!(made.status(), v1::IntegrationStatus::Pending);
    assert_eq!(made.category(), v1::IntegrationCategory::Ticketing);
    assert_eq!(made.platform_name, "jira");
    assert!(made.has_credentials);
    let Some(Config::Jira(jira)) = &made.config else {
        panic!("no Jira: {made:?}");
    };
    assert_eq!(jira.site_url, sandbox.url());
    assert_eq!(jira.default_issue_type, "Task");
    assert_eq!(jira.deployment(), v1::JiraDeployment::Cloud);
    assert_eq!(jira.concurrency, 1);

    let id = made.id.clone();
    let checked = integrations.test_integration(v1::TestIntegrationRequest { id: id.clone() });
    let checked = checked.await.unwrap().into_inner();
    assert!(checked.ok, "{checked:?}");
    assert!(checked.problems.is_empty() && !checked.account.is_empty());
    let get = v1::GetIntegrationRequest { id: id.clone() };
    let active = integrations.get_integration(get.clone()).await.unwrap();
    let active = active.into_inner().integration.unwrap();
    assert_eq!(active.status(), v1::IntegrationStatus::Active);
    assert!(active.last_check_time.is_some());
    assert_eq!(active.etag, made.etag, "nobody has changed it");

    let off = v1::SetIntegrationEnabledRequest {
        id: id.clone(),
        enabled: false,
    };
    let off = integrations.set_integration_enabled(off).await.unwrap();
    let off = off.into_inner().integration.unwrap();
    assert_eq!(off.status(), v1::IntegrationStatus::Inactive);
    let listed = integrations.list_integrations(v1::ListIntegrationsRequest::default());
    let listed = listed.await.unwrap().into_inner().integrations;
    assert_eq!(listed, [off]);
    for shown in [
        format!("{made:?}"),
        format!("{active:?}"),
        format!("{checked:?}"),
    ] {
        assert!(!shown.contains(Options::TOKEN), "{shown}");
    }
}

#[tokio::test]
async fn a_check_that_fails_is_an_answer_with_its_problem() {
    let server = TestServer::start(Kind::Sqlite).await;
    let sandbox = Sandbox::start(Options {
        token: "another".into(),
        ..Options::default()
    });
    let sandbox = sandbox.await.unwrap();
    let made = new_integration(&server, &sandbox.url()).await;
    let mut integrations = server.integrations(Role::Admin);
    let checked = integrations.test_integration(v1::TestIntegrationRequest {
        id: made.id.clone(),
    });
    let checked = checked.await.unwrap().into_inner();
    assert!(!checked.ok);
    assert_eq!(checked.problems[0].reason, "JIRA_UNAUTHORIZED");
    assert_eq!(
        checked.problems[0].category(),
        v1::ErrorCategory::AdminRequired
    );
    let get = v1::GetIntegrationRequest { id: made.id };
    let after = integrations
        .get_integration(get)
        .await
        .unwrap()
        .into_inner();
    let after = after.integration.unwrap();
    assert_eq!(after.status(), v1::IntegrationStatus::Error);
    assert_eq!(
        after.last_error.as_ref(),
        Some(&checked.problems[0].message)
    );
}

#[rstest]
#[tokio::test]
async fn every_violation_is_told_at_once_and_no_secret_with_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut request = with(|integration| {
        integration.name = " ".to_owned();
        integration.platform_name = "slack".to_owned();
        integration.category = v1::IntegrationCategory::Crm.into();
        integration.config = Some(Config::Jira(v1::JiraConfig {
            site_url: "https://acme.atlassian.net/browse".to_owned(),
            project_key: "demo".to_owned(),
            default_issue_type: "two\nlines".to_owned(),
            deployment: 99,
            export_delay: Some(prost_types::Duration {
                seconds: 61,
                nanos: 0,
            }),
            concurrency: 11,
        }));
    });
    let secret = "a secret with blanks";
    request.credentials = Some(v1::Credentials {
        platform: Some(v1::credentials::Platform::Jira(v1::JiraCredentials {
            email: "ada@example.com".to_owned(),
            api_token: secret.to_owned(),
            ..Default::default()
        })),
    });
    request.request_id = Some("x".to_owned());
    let status = server
        .integrations(Role::Admin)
        .create_integration(request)
        .await;
    let status = status.unwrap_err();
    let mut told = fields(&status);
    told.sort();
    let expected = [
        "credentials.jira.api_token",
        "integration.category",
        "integration.jira.concurrency",
        "integration.jira.default_issue_type",
        "integration.jira.deployment",
        "integration.jira.export_delay",
        "integration.jira.project_key",
        "integration.jira.site_url",
        "integration.name",
        "integration.platform_name",
        "request_id",
    ];
    assert_eq!(told, expected);
    assert!(!format!("{status:?}").contains(secret));
    assert!(!String::from_utf8_lossy(status.details()).contains(secret));
}

#[tokio::test]
async fn what_there_is_no_connector_for_and_what_contradicts_itself_have_their_reasons() {
    let server = TestServer::start(Kind::Sqlite).await;
    let mut integrations = server.integrations(Role::Admin);
    let named = with(|i| (i.platform_name, i.config) = ("zendesk".to_owned(), None));
    let data_center = with(|i| {
        i.config = Some(Config::Jira(v1::JiraConfig {
            site_url: SITE.to_owned(),
            deployment: v1::JiraDeployment::DataCenter.into(),
            ..Default::default()
        }));
    });
    let status = integrations.create_integration(named).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(reason(&status), "PLATFORM_UNSUPPORTED");
    // A personal access token has no e-mail address.
    let status = integrations.create_integration(data_center).await;
    assert_eq!(fields(&status.unwrap_err()), ["credentials.jira.email"]);
    let crm = with(|i| i.category = v1::IntegrationCategory::Crm.into());
    let status = integrations.create_integration(crm).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(reason(&status), "PLATFORM_CATEGORY_MISMATCH");
    assert_eq!(fields(&status), ["integration.category"]);
    let mut none = with(|i| i.config = None);
    none.credentials = None;
    let status = integrations.create_integration(none).await.unwrap_err();
    assert_eq!(fields(&status), ["credentials", "integration.config"]);
}

#[rstest]
#[tokio::test]
async fn names_are_unique_and_order_the_list_page_by_page(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut integrations = server.integrations(Role::Manager);
    for name in ["charlie", "alpha", "bravo"] {
        let made = integrations.create_integration(an_integration(name, SITE));
        made.await.unwrap();
    }
    let taken = integrations.create_integration(an_integration("Alpha", SITE));
    let taken = taken.await.unwrap_err();
    assert_eq!(taken.code(), Code::AlreadyExists);
    let mut names = Vec::new();
    let mut request = v1::ListIntegrationsRequest {
        page_size: 1,
        ..Default::default()
    };
    loop {
        let page = integrations
            .list_integrations(request.clone())
            .await
            .unwrap()
            .into_inner();
        names.extend(page.integrations.into_iter().map(|i| i.name));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(names, ["alpha", "bravo", "charlie"]);
    let filtered = v1::ListIntegrationsRequest {
        filter: Some(v1::IntegrationFilter {
            query: Some("RAV".to_owned()),
            platform_name: Some("jira".to_owned()),
            enabled: Some(true),
            ..Default::default()
        }),
        ..Default::default()
    };
    let found = integrations
        .list_integrations(filtered)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found.integrations.len(), 1);
    assert_eq!(found.integrations[0].name, "bravo");
}

#[tokio::test]
async fn a_caller_without_the_right_is_denied_before_the_request_is_read() {
    let server = TestServer::start(Kind::Sqlite).await;
    for role in Role::iter() {
        let mut integrations = server.integrations(role);
        let broken = v1::CreateIntegrationRequest::default();
        let writes = integrations.create_integration(broken).await.unwrap_err();
        let may_write = role >= Role::Manager;
        let expected = if may_write {
            Code::InvalidArgument
        } else {
            Code::PermissionDenied
        };
        assert_eq!(writes.code(), expected, "{role}");
        let broken = v1::GetIntegrationRequest { id: "x".to_owned() };
        let reads = integrations.get_integration(broken).await.unwrap_err();
        let may_read = role != Role::EndUser;
        let expected = if may_read {
            Code::InvalidArgument
        } else {
            Code::PermissionDenied
        };
        assert_eq!(reads.code(), expected, "{role}");
    }
}
