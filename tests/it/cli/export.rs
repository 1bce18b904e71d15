//! `docket export`: start, join, follow through a server's crash, and exit as the export ends.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use docket::{
    proto::v1::{
        CreateIntegrationRequest, Credentials, Integration, JiraConfig, JiraCredentials,
        credentials, integration, integration_service_client::IntegrationServiceClient,
    },
    sandbox::{Action, Calls, Fault, Operation, Options, Sandbox},
};
use tonic::Request;

use super::{
    Said,
    server::{Office, Server, example, jira},
};

/// A session of six tickets that is to go to this Jira, one ticket each so many milliseconds; its id.
pub(super) async fn session(office: &Office, jira: &Sandbox, pace: u16) -> String {
    session_in_lanes(office, jira, pace, 1).await
}

/// As [`session`], with so many tickets at once.
async fn session_in_lanes(office: &Office, jira: &Sandbox, pace: u16, lanes: i32) -> String {
    let url = office.server.url.clone();
    let mut client = IntegrationServiceClient::connect(url).await.unwrap();
    let config = JiraConfig {
        site_url: jira.url(),
        project_key: "DEMO".to_owned(),
        export_delay: Some(prost_types::Duration {
            seconds: (pace / 1000).into(),
            nanos: i32::from(pace % 1000) * 1_000_000,
        }),
        concurrency: lanes,
        ..JiraConfig::default()
    };
    let credentials = JiraCredentials {
        email: Options::EMAIL.to_owned(),
        api_token: Options::TOKEN.to_owned(),
        ..Default::default()
    };
    let mut request = Request::new(CreateIntegrationRequest {
        integration: Some(Integration {
            name: "Jira".to_owned(),
            enabled: true,
            config: Some(integration::Config::Jira(config)),
            ..Integration::default()
        }),
        credentials: Some(Credentials {
            platform: Some(credentials::Platform::Jira(credentials)),
        }),
        ..CreateIntegrationRequest::default()
    });
    let token = format!("Bearer {}", office.token("ADMIN"));
    request
        .metadata_mut()
        .insert("authorization", token.parse().unwrap());
    let made = client
        .create_integration(request)
        .await
        .unwrap()
        .into_inner();
    let id = made.integration.unwrap().id;
    let path = example("session.json").display().to_string();
    let said = office.run(&["session", "import", &path, "--integration", &id]);
    said.succeeded().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_followed_to_its_end_and_told_again() {
    let (office, jira) = (Office::open(), jira().await);
    let session = session_in_lanes(&office, &jira, 0, 4).await;
    let said = office.run(&["export", &session]);
    let table = said.succeeded();
    for issue in jira.issues() {
        let line = said.err.lines().find(|line| {
            line.contains(&format!("  {} ", issue.key))
                && line.ends_with(issue.fields["summary"].as_str().unwrap())
        });
        assert!(line.is_some(), "{}: {said:?}", issue.key);
        assert!(
            table.contains(&format!("{}/browse/{}", jira.url(), issue.key)),
            "{said:?}"
        );
        assert!(said.err.contains(&issue.key), "{said:?}");
    }
    assert_eq!(jira.issues().len(), 6);
    assert!(table.contains("COMPLETED: 6 of 6 tickets"), "{said:?}");

    let again = office.run(&["export", &session, "--no-progress"]);
    assert!(
        again.succeeded().contains("COMPLETED: 6 of 6 tickets"),
        "{again:?}"
    );
    assert_eq!(jira.issues().len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_fails_exits_with_1_and_a_retry_goes_on() {
    let (office, jira) = (Office::open(), jira().await);
    let session = session(&office, &jira, 0).await;
    jira.order(Fault {
        on: Calls {
            operation: Some(Operation::CreateIssue),
            ..Calls::default()
        },
        skip: 2,
        times: None,
        action: Action::Status {
            status: 403,
            body: None,
            headers: Default::default(),
        },
    });
    let said = office.run(&["export", &session]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("docket: at ticket "), "{said:?}");
    assert!(said.err.contains("docket:   - "), "{said:?}");
    assert!(
        said.err
            .contains(&format!("docket export {session} --retry")),
        "{said:?}"
    );
    assert!(said.out.contains("FAILED: 2 of 6 tickets"), "{said:?}");

    jira.clear_orders();
    let retried = office.run(&["export", &session, "--retry"]);
    assert!(
        retried.succeeded().contains("COMPLETED: 6 of 6 tickets"),
        "{retried:?}"
    );
    assert_eq!(jira.issues().len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_and_comes_back_loses_nothing_and_doubles_nothing() {
    let (mut office, jira) = (Office::open(), jira().await);
    let session = session(&office, &jira, 500).await;
    let mut command = office.command(&["export", &session]);
    let mut watcher = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(watcher.stderr.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let first: Vec<String> = told
        .by_ref()
        .take_while(|line| !line.contains("2/6"))
        .collect();
    let port = office.server.port();
    // The old one is gone, port and all, before the new one comes.
    let folder = office.folder.path().to_owned();
    drop(office.server);
    office.server = Server::start(&folder, port);
    let rest: Vec<String> = told.collect();
    let said = Said::by_child(watcher);
    assert!(
        said.succeeded().contains("COMPLETED: 6 of 6 tickets"),
        "{said:?} {first:?} {rest:?}"
    );
    assert!(
        rest.iter().any(|line| line.contains("connection lost")),
        "{rest:?}"
    );
    let keys = |lines: &[String]| lines.iter().filter(|line| line.contains("/6 ")).count();
    assert_eq!(keys(&first) + 1 + keys(&rest), 6, "{first:?} {rest:?}");
    assert_eq!(jira.issues().len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_leaves_the_export_running() {
    let (office, jira) = (Office::open(), jira().await);
    let session = session(&office, &jira, 400).await;
    let mut command = office.command(&["export", &session]);
    let mut watcher = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(watcher.stderr.take().unwrap())
        .lines()
        .map(Result::unwrap);
    assert!(told.any(|line| line.contains("1/6")));
    let interrupt = ["-INT", &watcher.id().to_string()];
    assert!(
        Command::new("kill")
            .args(interrupt)
            .status()
            .unwrap()
            .success()
    );
    let rest: Vec<String> = told.collect();
    assert_eq!(watcher.wait().unwrap().code(), Some(130));
    let rejoin = format!("docket export {session}");
    assert!(rest.iter().any(|line| line.contains(&rejoin)), "{rest:?}");

    let joined = office.run(&["export", &session]);
    assert!(
        joined.succeeded().contains("COMPLETED: 6 of 6 tickets"),
        "{joined:?}"
    );
    assert!(
        joined.err.contains("joined the export that is running"),
        "{joined:?}"
    );
    assert_eq!(jira.issues().len(), 6);
}
