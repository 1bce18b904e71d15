//! Planted secrets are nowhere: not in the database, logs at any level, errors, history, answers.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use docket::{
    db::Db,
    domain::actor::Role,
    proto::v1::{self, credentials::Platform as Secret, integration::Config},
};
use rstest::rstest;
use sea_orm::{ConnectionTrait as _, Statement};
use secrecy::ExposeSecret as _;
use serde_json::json;
use tonic::Code;
use tonic_types::StatusExt as _;

use super::stand_in::{Asked, Reply, StandIn};
use crate::support::{database::Kind, logs::Logs, server::TestServer};

const EMAIL: &str = "planted@example.com";
const JIRA: &str = "ATATT3x-planted-jira-token";
const SLACK: &str = "xoxb-planted-slack-token";
const GITHUB: &str = "ghp_planted_github_token";
const HOOK: &str = "planted-secret-of-hooks";
const WHSEC: &str = "whsec_cGxhbnRlZC1zZWNyZXQtb2Ytd2ViaG9va3M=";

/// Repeats the secrets of whoever asks in whatever a platform's error may hold, and in what it tells of the account.
fn echo(asked: &Asked) -> Reply {
    let own = match asked.header("authorization").unwrap_or_default() {
        text if text.contains(SLACK) => SLACK.to_owned(),
        text if text.contains(GITHUB) => format!("{GITHUB} {HOOK}"),
        text if text.starts_with("Basic") => format!("{text} {JIRA} {HOOK}"),
        _ => WHSEC.to_owned(),
    };
    if asked.path.contains("auth.test") {
        let told = json!({ "ok": true, "url": format!("https://acme.example/{own}/"), "team": own, "user": own });
        return Reply::json(200, &told);
    }
    if asked.path.ends_with("/myself") {
        let told = json!({ "accountId": "1", "displayName": own, "active": true });
        return Reply::json(200, &told);
    }
    let status = 400;
    let body = json!({
        "ok": false, "error": own, "needed": own, "message": own,
        "errorMessages": [own], "errors": [{ "field": own, "message": own }],
    });
    Reply::json(status, &body)
}

fn integrations(url: &str) -> Vec<(v1::Integration, v1::Credentials)> {
    let of = |name: &str, config: Config, secret: Secret| {
        let integration = v1::Integration {
            name: name.to_owned(),
            enabled: true,
            config: Some(config),
            ..Default::default()
        };
        let platform = Some(secret);
        (integration, v1::Credentials { platform })
    };
    let jira = v1::JiraConfig {
        site_url: url.to_owned(),
        project_key: "DEMO".to_owned(),
        ..Default::default()
    };
    let slack = v1::SlackConfig {
        channel: "C0123ABCDE".to_owned(),
        api_url: format!("{url}/api"),
    };
    let github = v1::GithubConfig {
        owner: "acme".to_owned(),
        repository: "app".to_owned(),
        api_url: url.to_owned(),
        ..Default::default()
    };
    let webhook = v1::WebhookConfig {
        url: format!("{url}/in"),
        ..Default::default()
    };
    vec![
        of(
            "Jira",
            Config::Jira(jira),
            Secret::Jira(v1::JiraCredentials {
                email: EMAIL.to_owned(),
                api_token: JIRA.to_owned(),
                webhook_secret: HOOK.to_owned(),
            }),
        ),
        of(
            "Slack",
            Config::Slack(slack),
            Secret::Slack(v1::SlackCredentials {
                bot_token: SLACK.to_owned(),
            }),
        ),
        of(
            "GitHub",
            Config::Github(github),
            Secret::Github(v1::GithubCredentials {
                token: GITHUB.to_owned(),
                webhook_secret: HOOK.to_owned(),
            }),
        ),
        of(
            "Webhook",
            Config::Webhook(webhook),
            Secret::Webhook(v1::WebhookCredentials {
                secrets: vec![WHSEC.to_owned()],
            }),
        ),
    ]
}

/// The same settings at another address.
fn at(config: Option<Config>, url: &str) -> Option<Config> {
    let mut config = config?;
    match &mut config {
        Config::Jira(jira) => jira.site_url = url.to_owned(),
        Config::Slack(slack) => slack.api_url = url.to_owned(),
        Config::Github(github) => github.api_url = url.to_owned(),
        Config::Webhook(webhook) => webhook.url = url.to_owned(),
    }
    Some(config)
}

#[rstest]
#[tokio::test]
async fn stored_credentials_are_sent_nowhere_but_to_where_they_were_given_for(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let (platform, elsewhere) = (StandIn::start(echo).await, StandIn::start(echo).await);
    let mut manager = server.integrations(Role::Manager);
    for (integration, credentials) in integrations(&platform.url) {
        let create = v1::CreateIntegrationRequest {
            integration: Some(integration.clone()),
            credentials: Some(credentials.clone()),
            ..Default::default()
        };
        let made = manager.create_integration(create).await.unwrap();
        let made = made.into_inner().integration.unwrap();
        let to = |url: &str, credentials: Option<v1::Credentials>, validate_only: bool| {
            let field = match &made.config {
                Some(Config::Jira(_)) => "jira.site_url",
                Some(Config::Slack(_)) => "slack.api_url",
                Some(Config::Github(_)) => "github.api_url",
                _ => "webhook.url",
            };
            let request = v1::UpdateIntegrationRequest {
                integration: Some(v1::Integration {
                    config: at(made.config.clone(), url),
                    ..made.clone()
                }),
                credentials,
                update_mask: Some(prost_types::FieldMask {
                    paths: vec![field.to_owned()],
                }),
                validate_only,
                ..Default::default()
            };
            let mut manager = server.integrations(Role::Manager);
            async move { manager.update_integration(request).await }
        };
        let signs = made.platform_name == "webhook";
        let https = platform.url.replace("http:", "https:");
        for url in [&elsewhere.url, &https] {
            for validate_only in [true, false] {
                match to(url, None, validate_only).await {
                    Ok(_) => assert!(signs, "{url}: {}", made.platform_name),
                    Err(refused) => {
                        assert!(!signs && refused.code() == Code::InvalidArgument);
                        let details = refused.get_error_details();
                        let violations = &details.bad_request().unwrap().field_violations;
                        assert_eq!(violations[0].field, "credentials");
                        let rule = &violations[0].description;
                        assert!(rule.contains(&platform.url), "{rule}");
                        assert!(rule.contains("in the same request"), "{rule}");
                    }
                }
            }
        }
        // Another path is the same place.
        to(&format!("{}/path", platform.url), None, false)
            .await
            .unwrap();
        let id = made.id.clone();
        let test = || v1::TestIntegrationRequest { id: id.clone() };
        manager.test_integration(test()).await.unwrap();
        assert!(elsewhere.asked().is_empty());
        // With credentials that are meant for it, any place will do.
        to(&elsewhere.url, Some(credentials), false).await.unwrap();
        manager.test_integration(test()).await.unwrap();
        assert!(!elsewhere.asked().is_empty());
        assert_eq!(to(&platform.url, None, true).await.is_ok(), signs);
        elsewhere.forget();
    }
    server.stop().await;
}

/// All that a person can be answered about these integrations.
async fn answers(server: &TestServer, url: &str) -> String {
    let mut manager = server.integrations(Role::Manager);
    let mut seen = String::new();
    for (integration, credentials) in integrations(url) {
        let create = v1::CreateIntegrationRequest {
            integration: Some(integration.clone()),
            credentials: Some(credentials.clone()),
            request_id: Some(uuid::Uuid::new_v4().to_string()),
            ..Default::default()
        };
        let broken = v1::CreateIntegrationRequest {
            integration: Some(v1::Integration {
                name: String::new(),
                ..integration.clone()
            }),
            ..create.clone()
        };
        let refused = manager.create_integration(broken).await.unwrap_err();
        seen += &format!("{refused:?}{}", String::from_utf8_lossy(refused.details()));
        let made = manager.create_integration(create.clone()).await.unwrap();
        let again = manager.create_integration(create).await.unwrap();
        seen += &format!("{made:?}{again:?}");
        let made = made.into_inner().integration.unwrap();
        let id = made.id.clone();
        for _ in 0..2 {
            let test = v1::TestIntegrationRequest { id: id.clone() };
            let tested = manager.test_integration(test).await.unwrap().into_inner();
            assert!(format!("{tested:?}").contains("[redacted]"), "{tested:?}");
            seen += &format!("{tested:?}");
        }
        let fields = v1::DiscoverFieldsRequest {
            id: id.clone(),
            project_key: "DEMO".to_owned(),
            issue_type: None,
        };
        let refused = manager.discover_fields(fields).await.unwrap_err();
        seen += &format!("{refused:?}{}", String::from_utf8_lossy(refused.details()));
        let change = v1::UpdateIntegrationRequest {
            integration: Some(made),
            credentials: Some(credentials),
            update_mask: Some(prost_types::FieldMask {
                paths: vec!["name".to_owned()],
            }),
            ..Default::default()
        };
        seen += &format!("{:?}", manager.update_integration(change).await.unwrap());
        let got = manager.get_integration(v1::GetIntegrationRequest { id });
        seen += &format!("{:?}", got.await.unwrap());
    }
    let listed = manager.list_integrations(v1::ListIntegrationsRequest::default());
    seen + &format!("{:?}", listed.await.unwrap())
}

/// Everything that the database keeps, as text.
async fn dump(db: &Db, url: &str) -> String {
    if let Some(path) = url.strip_prefix("sqlite://") {
        let files = [path.to_owned(), format!("{path}-wal")];
        let read = files
            .iter()
            .map(|file| std::fs::read(file).unwrap_or_default());
        return read
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .collect();
    }
    let rows = |sql: String| async move {
        let statement = Statement::from_string(db.backend(), sql);
        let rows = db.read().query_all_raw(statement).await.unwrap();
        let texts = rows
            .iter()
            .map(|row| row.try_get_by_index::<String>(0).unwrap());
        texts.collect::<Vec<_>>()
    };
    let tables = rows("SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()".to_owned()).await;
    assert!(tables.len() > 10, "{tables:?}");
    let mut all = String::new();
    for table in tables {
        // Bytes are told in hexadecimal: decoded, so that a secret among them shows.
        let sql = format!("SELECT t::text FROM \"{table}\" AS t");
        for row in rows(sql).await {
            all += &row;
            for part in row.split("\\x").skip(1) {
                let digits: Vec<u8> = part.bytes().take_while(u8::is_ascii_hexdigit).collect();
                let pairs = digits.chunks_exact(2);
                let bytes: Vec<u8> = pairs
                    .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
                    .collect();
                all += &String::from_utf8_lossy(&bytes);
            }
        }
    }
    all
}

#[rstest]
#[tokio::test]
async fn planted_secrets_are_nowhere(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let logs = Logs::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(logs.clone())
        .finish();
    // With one subscriber alone in the process, whichever thread meets a log statement first decides for all whether it is caught, and
    // the other tests' threads have none. A second one lets each decide for itself.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = TestServer::start(kind).await;
    let platform = StandIn::start(echo).await;
    let answers = answers(&server, &platform.url).await;
    let url = server.settings().database_url.expose_secret().to_owned();
    let kept = dump(server.database(), &url).await;
    assert!(kept.contains("C0123ABCDE"), "the database was not read");
    let shown = format!("{:?}", server.settings());
    server.stop().await;
    let logs = String::from_utf8(logs.0.lock().unwrap().clone()).unwrap();
    assert!(
        logs.contains("slack answered") && logs.contains("TRACE"),
        "the logs were not caught"
    );
    let basic = BASE64_STANDARD.encode(format!("{EMAIL}:{JIRA}"));
    let bare = WHSEC.trim_start_matches("whsec_");
    for secret in [
        JIRA,
        SLACK,
        GITHUB,
        HOOK,
        bare,
        "planted-secret-of-webhooks",
        &basic,
    ] {
        for (place, text) in [
            ("answers", &answers),
            ("database", &kept),
            ("logs", &logs),
            ("settings", &shown),
        ] {
            let at = text.find(secret);
            let around = at.map(|at| text[at.saturating_sub(200)..at].to_owned());
            assert!(at.is_none(), "{secret} is in the {place}: {around:?}");
        }
    }
}
