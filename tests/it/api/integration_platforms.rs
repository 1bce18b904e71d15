//! Every platform's settings and credentials: kept, shown, changed, and refused rule by rule.

use docket::{
    domain::actor::Role,
    proto::v1::{self, credentials::Platform as Secret, integration::Config},
};
use rstest::rstest;
use tonic::Code;

use super::{a_session, an_integration, fields, new_integration, reason};
use crate::support::{
    database::Kind,
    server::{Integrations, TestServer},
};

const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn request(name: &str, config: Config, secret: Secret) -> v1::CreateIntegrationRequest {
    v1::CreateIntegrationRequest {
        integration: Some(v1::Integration {
            name: name.to_owned(),
            enabled: true,
            config: Some(config),
            ..Default::default()
        }),
        credentials: Some(v1::Credentials {
            platform: Some(secret),
        }),
        ..Default::default()
    }
}

fn slack() -> v1::CreateIntegrationRequest {
    let config = v1::SlackConfig {
        channel: "#ops".to_owned(),
        ..Default::default()
    };
    let secret = v1::SlackCredentials {
        bot_token: "xoxb-planted".to_owned(),
    };
    request("Slack", Config::Slack(config), Secret::Slack(secret))
}

fn github() -> v1::CreateIntegrationRequest {
    let config = v1::GithubConfig {
        owner: "acme".to_owned(),
        repository: "app".to_owned(),
        labels: vec!["from docket".to_owned()],
        ..Default::default()
    };
    let secret = v1::GithubCredentials {
        token: "ghp_planted".to_owned(),
        webhook_secret: "planted-hook-secret".to_owned(),
    };
    request("GitHub", Config::Github(config), Secret::Github(secret))
}

fn webhook() -> v1::CreateIntegrationRequest {
    let config = v1::WebhookConfig {
        url: "https://hooks.example.com/in?team=ops".to_owned(),
        headers: [("X-Team".to_owned(), "ops".to_owned())].into(),
    };
    let secret = v1::WebhookCredentials {
        secrets: vec![WHSEC.to_owned()],
    };
    request("Webhook", Config::Webhook(config), Secret::Webhook(secret))
}

async fn create(
    integrations: &mut Integrations,
    request: v1::CreateIntegrationRequest,
) -> v1::Integration {
    let made = integrations.create_integration(request).await.unwrap();
    made.into_inner().integration.unwrap()
}

#[rstest]
#[tokio::test]
async fn every_platform_is_kept_and_shown_without_its_secrets(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut integrations = server.integrations(Role::Manager);
    let made = create(&mut integrations, slack()).await;
    assert_eq!(made.category(), v1::IntegrationCategory::Messaging);
    let expected = v1::SlackConfig {
        channel: "#ops".to_owned(),
        api_url: "https://slack.com/api".to_owned(),
    };
    assert_eq!(made.config, Some(Config::Slack(expected)));
    let github = create(&mut integrations, github()).await;
    assert_eq!(github.category(), v1::IntegrationCategory::CodeRepository);
    let Some(Config::Github(config)) = &github.config else {
        panic!("no GitHub: {github:?}");
    };
    assert_eq!(config.api_url, "https://api.github.com");
    let webhook = create(&mut integrations, webhook()).await;
    assert_eq!(webhook.category(), v1::IntegrationCategory::Webhook);
    let Some(Config::Webhook(config)) = &webhook.config else {
        panic!("no webhook: {webhook:?}");
    };
    assert_eq!(config.url, "https://hooks.example.com/in?team=ops");
    assert_eq!(config.headers["x-team"], "ops");

    let mut changed = github.clone();
    changed.config = Some(Config::Github(v1::GithubConfig {
        repository: "other".to_owned(),
        owner: "not looked at!".to_owned(),
        ..Default::default()
    }));
    let change = v1::UpdateIntegrationRequest {
        integration: Some(changed),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["github.repository".to_owned(), "github.labels".to_owned()],
        }),
        ..Default::default()
    };
    let changed = integrations.update_integration(change).await.unwrap();
    let changed = changed.into_inner().integration.unwrap();
    let expected = v1::GithubConfig {
        owner: "acme".to_owned(),
        repository: "other".to_owned(),
        api_url: "https://api.github.com".to_owned(),
        labels: Vec::new(),
    };
    assert_eq!(changed.config, Some(Config::Github(expected)));
    assert!(changed.has_credentials && changed.etag != github.etag);
    let filter = v1::IntegrationFilter {
        platform_name: Some("webhook".to_owned()),
        ..Default::default()
    };
    let listed = integrations.list_integrations(v1::ListIntegrationsRequest {
        filter: Some(filter),
        ..Default::default()
    });
    let listed = listed.await.unwrap().into_inner().integrations;
    assert_eq!(listed, std::slice::from_ref(&webhook));
    for name in ["WEBHOOK", "webhook ", "unknown", ""] {
        let filter = v1::IntegrationFilter {
            platform_name: Some(name.to_owned()),
            ..Default::default()
        };
        let listed = integrations.list_integrations(v1::ListIntegrationsRequest {
            filter: Some(filter),
            ..Default::default()
        });
        let listed = listed.await.unwrap().into_inner().integrations;
        assert!(listed.is_empty(), "{name:?}");
    }
    let shown = format!("{made:?}{github:?}{webhook:?}{changed:?}");
    for secret in ["xoxb-planted", "ghp_planted", "planted-hook-secret", WHSEC] {
        assert!(!shown.contains(secret));
    }
    server.stop().await;
}

#[tokio::test]
async fn every_broken_rule_of_a_platform_is_told_at_once() {
    let server = TestServer::start(Kind::Sqlite).await;
    let mut integrations = server.integrations(Role::Manager);
    let slack = request(
        "Slack",
        Config::Slack(v1::SlackConfig {
            channel: "two words".to_owned(),
            api_url: "slack.com".to_owned(),
        }),
        Secret::Slack(v1::SlackCredentials::default()),
    );
    let github = request(
        "GitHub",
        Config::Github(v1::GithubConfig {
            owner: "a/b".to_owned(),
            repository: "..".to_owned(),
            api_url: "https://u:p@example.com".to_owned(),
            labels: vec!["a".to_owned(), String::new(), "A".to_owned()],
        }),
        Secret::Github(v1::GithubCredentials {
            token: "ok".to_owned(),
            webhook_secret: "short".to_owned(),
        }),
    );
    let webhook = request(
        "Webhook",
        Config::Webhook(v1::WebhookConfig {
            url: "https://hooks.example.com/#x".to_owned(),
            headers: [
                ("authorization".to_owned(), "x".to_owned()),
                ("x y".to_owned(), "x".to_owned()),
            ]
            .into(),
        }),
        Secret::Webhook(v1::WebhookCredentials {
            secrets: vec![WHSEC.to_owned(), "whsec_short".to_owned()],
        }),
    );
    let mut crossed = an_integration("Jira", "https://acme.atlassian.net");
    crossed.credentials = webhook.credentials.clone();
    crossed.credentials.as_mut().unwrap().platform = Some(Secret::Slack(v1::SlackCredentials {
        bot_token: "xoxb-1".to_owned(),
    }));
    let mut nameless = an_integration("Jira", "https://acme.atlassian.net");
    nameless.credentials = Some(v1::Credentials {
        platform: Some(Secret::Jira(v1::JiraCredentials {
            api_token: "t".to_owned(),
            ..Default::default()
        })),
    });
    let cases: [(v1::CreateIntegrationRequest, &[&str]); 5] = [
        (
            slack,
            &[
                "credentials.slack.bot_token",
                "integration.slack.channel",
                "integration.slack.api_url",
            ],
        ),
        (
            github,
            &[
                "credentials.github.webhook_secret",
                "integration.github.owner",
                "integration.github.repository",
                "integration.github.api_url",
                "integration.github.labels[1]",
                "integration.github.labels[2]",
            ],
        ),
        (
            webhook,
            &[
                "credentials.webhook.secrets[1]",
                "integration.webhook.url",
                "integration.webhook.headers",
                "integration.webhook.headers",
            ],
        ),
        (crossed, &["credentials"]),
        (nameless, &["credentials.jira.email"]),
    ];
    for (request, expected) in cases {
        let refused = integrations.create_integration(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(fields(&refused), expected);
    }
    server.stop().await;
}

#[tokio::test]
async fn sessions_are_exported_to_jira_cloud_and_nowhere_else() {
    let server = TestServer::start(Kind::Sqlite).await;
    let mut integrations = server.integrations(Role::Manager);
    let slack = create(&mut integrations, slack()).await;
    let mut exports = server.exports(Role::SeniorEngineer);
    let mut request = a_session("Release 7");
    request.session.as_mut().unwrap().integration_id = slack.id.clone();
    let refused = exports.create_session(request).await.unwrap_err();
    assert_eq!(fields(&refused), ["session.integration_id"]);
    let jira = new_integration(&server, "https://acme.atlassian.net").await;
    let mut request = a_session("Release 7");
    request.session.as_mut().unwrap().integration_id = jira.id;
    let made = exports.create_session(request).await.unwrap().into_inner();
    let moved = v1::UpdateSessionRequest {
        session: Some(v1::Session {
            integration_id: slack.id.clone(),
            ..made.session.unwrap()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["integration_id".to_owned()],
        }),
        ..Default::default()
    };
    let refused = exports.update_session(moved).await.unwrap_err();
    assert_eq!(fields(&refused), ["session.integration_id"]);
    let ask = v1::DiscoverFieldsRequest {
        id: slack.id,
        project_key: "DEMO".to_owned(),
        issue_type: None,
    };
    let refused = integrations.discover_fields(ask).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
    assert_eq!(reason(&refused), "UNIMPLEMENTED");
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn credentials_alone_are_replaced_where_the_mask_names_them(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let site = "https://acme.atlassian.net";
    let server = TestServer::start(kind).await;
    let mut integrations = server.integrations(Role::Manager);
    let made = new_integration(&server, site).await;
    let mut alone = v1::UpdateIntegrationRequest {
        integration: Some(v1::Integration {
            id: made.id.clone(),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["credentials".to_owned()],
        }),
        ..Default::default()
    };
    let missing = integrations.update_integration(alone.clone()).await;
    assert_eq!(fields(&missing.unwrap_err()), ["credentials"]);
    alone.credentials = an_integration("Jira", site).credentials;
    let replaced = integrations.update_integration(alone).await.unwrap();
    let replaced = replaced.into_inner().integration.unwrap();
    assert_ne!(replaced.etag, made.etag);
    assert_eq!(
        (&replaced.name, &replaced.config),
        (&made.name, &made.config)
    );
    server.stop().await;
}
