//! Keys of credentials change while a server runs, and no credentials are lost by it.

use std::process::Command;

use docket::{
    domain::actor::Role,
    proto::v1,
    sandbox::{Options, Sandbox},
};
use rstest::rstest;
use sea_orm::ConnectionTrait as _;
use secrecy::ExposeSecret as _;

use crate::support::{
    database::Kind,
    server::{Integrations, TestServer},
};

fn rotate(server: &TestServer) -> String {
    let config = server.settings();
    let output = Command::new(env!("CARGO_BIN_EXE_docket"))
        .args(["keys", "rotate"])
        .env_clear()
        .env("DATA_DIR", &config.data_dir)
        .env("DATABASE_URL", config.database_url.expose_secret())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn jira(name: &str, site_url: &str) -> v1::CreateIntegrationRequest {
    v1::CreateIntegrationRequest {
        integration: Some(v1::Integration {
            name: name.to_owned(),
            enabled: true,
            config: Some(v1::integration::Config::Jira(v1::JiraConfig {
                site_url: site_url.to_owned(),
                ..Default::default()
            })),
            ..Default::default()
        }),
        credentials: Some(v1::Credentials {
            platform: Some(v1::credentials::Platform::Jira(v1::JiraCredentials {
                email: Options::EMAIL.to_owned(),
                api_token: Options::TOKEN.to_owned(),
                ..Default::default()
            })),
        }),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_rotate_one_after_the_other_whoever_asks() {
    let server = TestServer::start(Kind::Postgres).await;
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let mut integrations = server.integrations(Role::Admin);
    let mut ids = Vec::new();
    for n in 0..8 {
        let made = integrations.create_integration(jira(&format!("{n}"), &sandbox.url()));
        ids.push(made.await.unwrap().into_inner().integration.unwrap().id);
    }
    const AT_ONCE: usize = 4;
    let said: Vec<String> = std::thread::scope(|scope| {
        let rotations: Vec<_> = (0..AT_ONCE)
            .map(|_| scope.spawn(|| rotate(&server)))
            .collect();
        let said = rotations
            .into_iter()
            .map(|rotation| rotation.join().unwrap());
        said.collect()
    });
    for said in said {
        assert!(said.contains("no credentials need an older key"), "{said}");
    }
    let older = server.settings().data_dir.join("credentials-keys-old");
    let older = std::fs::read_to_string(older).unwrap();
    assert_eq!(older.lines().count(), AT_ONCE, "each key is kept");
    for id in &ids {
        assert!(works(&mut integrations, id).await);
    }
    server.stop().await;
}

async fn works(integrations: &mut Integrations, id: &str) -> bool {
    let request = v1::TestIntegrationRequest { id: id.to_owned() };
    let tested = integrations.test_integration(request).await.unwrap();
    tested.into_inner().ok
}

#[rstest]
#[tokio::test]
async fn a_check_without_the_key_of_the_credentials_says_what_to_do(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let mut integrations = server.integrations(Role::Admin);
    let made = integrations.create_integration(jira("Jira", &sandbox.url()));
    let id = made.await.unwrap().into_inner().integration.unwrap().id;
    assert!(works(&mut integrations, &id).await);
    let lost = server.database().write(|tx| {
        Box::pin(async move {
            tx.execute_unprepared("UPDATE integration SET credentials_key_id = 'lost'")
                .await?;
            Ok(())
        })
    });
    lost.await.unwrap();
    let request = v1::TestIntegrationRequest { id: id.clone() };
    let refused = integrations.test_integration(request).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
    let got = integrations.get_integration(v1::GetIntegrationRequest { id });
    let got = got.await.unwrap().into_inner().integration.unwrap();
    assert_eq!(got.status(), v1::IntegrationStatus::Error);
    assert!(!got.has_credentials && got.last_check_time.is_some());
    let told = got.last_error.unwrap();
    assert!(
        told.contains("UpdateIntegration") && told.contains("put back the key"),
        "{told}"
    );
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn keys_rotate_while_a_server_runs(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let server = TestServer::start(kind).await;
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let mut integrations = server.integrations(Role::Admin);
    let mut ids = Vec::new();
    for name in ["one", "two"] {
        let made = integrations.create_integration(jira(name, &sandbox.url()));
        ids.push(made.await.unwrap().into_inner().integration.unwrap().id);
    }
    let said = rotate(&server);
    assert!(
        said.starts_with("2 integrations' credentials sealed anew with the new key"),
        "{said}"
    );
    assert!(said.contains("no credentials need an older key"), "{said}");
    // The server that began with the older key opens what the new one has sealed, and seals with the new one.
    for id in &ids {
        assert!(works(&mut integrations, id).await);
    }
    let made = integrations.create_integration(jira("three", &sandbox.url()));
    ids.push(made.await.unwrap().into_inner().integration.unwrap().id);
    let older = server.settings().data_dir.join("credentials-keys-old");
    std::fs::remove_file(&older).unwrap();
    for id in &ids {
        assert!(
            works(&mut integrations, id).await,
            "an older key was still needed"
        );
    }
    let said = rotate(&server);
    assert!(
        said.starts_with("3 integrations' credentials sealed anew"),
        "{said}"
    );
    let listed = integrations.list_integrations(v1::ListIntegrationsRequest::default());
    let listed = listed.await.unwrap().into_inner().integrations;
    assert!(listed.iter().all(|integration| integration.has_credentials));
    server.stop().await;
}
