//! A server, a Jira and a session between them, and shorthands for what is looked at.

use std::{sync::Arc, time::Duration};

use docket::{
    app::clock::SystemClock,
    db::attachment,
    domain::{
        actor::Role,
        ids::{AttachmentId, TicketId, UserId},
        ticket::ScanStatus,
    },
    proto::v1::{self, integration::Config},
    sandbox::{Action, Field, FieldKind, Options, Project, Sandbox, Site},
};
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::support::{
    database::Kind,
    server::{Exports, TestServer},
};

/// A server with an integration to a sandbox, and a session of the senior engineer's.
pub(super) struct Bench {
    pub(super) server: TestServer,
    pub(super) jira: Sandbox,
    pub(super) integration: String,
    pub(super) session: String,
}

impl Bench {
    pub(super) async fn new(kind: Kind, tickets: Vec<v1::NewSessionTicket>) -> Self {
        Self::with(kind, Options::default(), tickets).await
    }

    pub(super) async fn with(
        kind: Kind,
        options: Options,
        tickets: Vec<v1::NewSessionTicket>,
    ) -> Self {
        let jira = Sandbox::start(options).await.unwrap();
        let server = TestServer::start_with(kind, Arc::new(SystemClock)).await;
        let integration = integrate_as(&server, "Jira", &jira.url()).await;
        let mut bench = Self {
            server,
            jira,
            integration,
            session: String::new(),
        };
        bench.session = bench.open(tickets).await;
        bench
    }

    /// The session's owner.
    pub(super) fn exports(&self) -> Exports {
        self.server.exports(Role::SeniorEngineer)
    }

    /// One more session to the same project.
    pub(super) async fn open(&self, tickets: Vec<v1::NewSessionTicket>) -> String {
        let request = v1::CreateSessionRequest {
            session: Some(v1::Session {
                name: "Everything".to_owned(),
                integration_id: self.integration.clone(),
                jira_project_key: "DEMO".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let made = self.exports().create_session(request).await.unwrap();
        let session = made.into_inner().session.unwrap().id;
        for some in tickets.chunks(500) {
            let request = v1::AddSessionTicketsRequest {
                session_id: session.clone(),
                tickets: some.to_vec(),
                ..Default::default()
            };
            self.exports().add_session_tickets(request).await.unwrap();
        }
        session
    }

    /// The session's tickets by order.
    pub(super) async fn tickets(&self) -> Vec<v1::Ticket> {
        let request = v1::ListSessionTicketsRequest {
            session_id: self.session.clone(),
            page_size: 100,
            ..Default::default()
        };
        let page = self.exports().list_session_tickets(request).await.unwrap();
        page.into_inner().tickets
    }

    /// The row of a file that was uploaded to a ticket.
    pub(super) async fn attach(&self, ticket: &str, filename: &str, size: i64, scan: ScanStatus) {
        let now = docket::domain::time::cut(chrono::Utc::now());
        let row = attachment::Model {
            id: AttachmentId::at(now),
            ticket_id: ticket.parse::<TicketId>().unwrap(),
            uploader_id: UserId("senior_engineer".to_owned()),
            filename: filename.to_owned(),
            content_type: "text/plain".to_owned(),
            size_bytes: size,
            sha256: "0123456789abcdef".repeat(4),
            scan_status: scan,
            create_time: now,
            delete_time: None,
        };
        self.server.test_database().insert(row).await;
    }

    /// Starts an export and follows it to its end.
    pub(super) async fn run(&self) -> v1::Export {
        let request = v1::StartExportRequest {
            session_id: self.session.clone(),
            ..Default::default()
        };
        self.exports().start_export(request).await.unwrap();
        self.follow().await
    }

    /// As [`Bench::run`], of an export that comes to its end with every ticket.
    pub(super) async fn complete(&self) -> v1::Export {
        let export = self.run().await;
        let why = &export.failure;
        assert_eq!(export.status(), v1::ExportStatus::Completed, "{why:?}");
        export
    }

    /// The export at its end.
    pub(super) async fn follow(&self) -> v1::Export {
        let request = v1::WatchExportRequest {
            session_id: self.session.clone(),
            after_sequence: None,
        };
        let follow = async {
            let stream = self.exports().watch_export(request).await;
            let mut stream = stream.unwrap().into_inner();
            let mut last = None;
            while let Some(message) = stream.message().await.unwrap() {
                last = message.event.unwrap().export;
            }
            last.unwrap()
        };
        let limit = Duration::from_secs(60);
        let last = tokio::time::timeout(limit, follow).await;
        last.expect("the export ends within a minute")
    }

    pub(super) async fn results(&self) -> v1::GetExportResultsResponse {
        let request = v1::GetExportResultsRequest {
            session_id: self.session.clone(),
        };
        let results = self.exports().get_export_results(request).await;
        results.unwrap().into_inner()
    }
}

/// An integration with the Jira at this address, by this name.
pub(super) async fn integrate_as(server: &TestServer, name: &str, url: &str) -> String {
    let request = v1::CreateIntegrationRequest {
        integration: Some(v1::Integration {
            name: name.to_owned(),
            enabled: true,
            config: Some(Config::Jira(v1::JiraConfig {
                site_url: url.to_owned(),
                export_delay: Some(prost_types::Duration::default()),
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
    };
    let mut integrations = server.integrations(Role::Manager);
    let made = integrations.create_integration(request).await.unwrap();
    made.into_inner().integration.unwrap().id
}

/// A field with the values Red and Blue.
pub(super) fn colour() -> Field {
    let colours = FieldKind::Option(vec!["Red".to_owned(), "Blue".to_owned()]);
    Field::new("customfield_10100", "Colour", colours)
}

/// A site with this project alone.
pub(super) fn site_of(project: Project) -> Options {
    Options {
        site: Site::new("custom").with_project(project),
        ..Options::default()
    }
}

/// Jira's refusal in these words.
pub(super) fn refusal(said: serde_json::Value) -> Action {
    Action::Status {
        status: 400,
        body: Some(said),
        headers: Default::default(),
    }
}

/// A plain ticket.
pub(super) fn ticket(reference: &str) -> v1::NewSessionTicket {
    v1::NewSessionTicket {
        r#ref: reference.to_owned(),
        title: format!("The work on {reference}"),
        description: format!("<p>What is to be done about <strong>{reference}</strong>.</p>"),
        issue_type: "Task".to_owned(),
        ..Default::default()
    }
}

/// The reason that a program acts on.
pub(super) fn reason(status: &Status) -> String {
    let info = status.get_details_error_info();
    info.expect("every error has an ErrorInfo").reason
}

/// The paths of the violated fields.
pub(super) fn fields(status: &Status) -> Vec<String> {
    let bad = status.get_details_bad_request().expect("a BadRequest");
    let fields = bad.field_violations.into_iter();
    fields.map(|violation| violation.field).collect()
}
