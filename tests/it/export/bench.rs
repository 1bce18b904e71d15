//! A server, a Jira and a session between them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use docket::{
    domain::actor::Role,
    proto::v1::{
        CreateIntegrationRequest, CreateSessionRequest, Credentials, Export, ExportEvent,
        ExportStatus, GetExportResultsRequest, GetExportResultsResponse, GetSessionRequest,
        Integration, JiraConfig, JiraCredentials, NewSessionTicket, RetryExportRequest,
        RetryExportResponse, Session, SessionStatus, StartExportRequest, StartExportResponse,
        WatchExportRequest, credentials, export_event::Detail, integration,
    },
    sandbox::{Operation, Options, Sandbox},
};
use tonic::Status;

use super::SteppingClock;
use crate::support::{
    database::Kind,
    server::{Exports, TestServer},
};

/// A server with an integration to a sandbox, and a session to export.
pub(super) struct Bench {
    pub(super) server: TestServer,
    pub(super) jira: Sandbox,
    pub(super) clock: Arc<SteppingClock>,
    pub(super) integration: String,
    pub(super) session: String,
}

impl Bench {
    /// With these tickets, `(ref, refs it depends on)`, and no delay between creates.
    pub(super) async fn new(kind: Kind, tickets: &[(&str, &[&str])]) -> Self {
        Self::with(kind, Options::default(), Duration::ZERO, chain(tickets)).await
    }

    pub(super) async fn with(
        kind: Kind,
        options: Options,
        delay: Duration,
        tickets: Vec<NewSessionTicket>,
    ) -> Self {
        Self::working(kind, options, (delay, 1), tickets, Default::default()).await
    }

    /// With this delay between creates, and so many tickets on their way at once.
    pub(super) async fn in_lanes(
        kind: Kind,
        options: Options,
        pace: (Duration, i32),
        tickets: Vec<NewSessionTicket>,
    ) -> Self {
        Self::working(kind, options, pace, tickets, Default::default()).await
    }

    /// With a server that works on nothing.
    pub(super) async fn idle(kind: Kind, tickets: &[(&str, &[&str])]) -> Self {
        let workers = docket::worker::Settings {
            runs: 0,
            ..Default::default()
        };
        let (options, pace) = (Options::default(), (Duration::ZERO, 1));
        Self::working(kind, options, pace, chain(tickets), workers).await
    }

    async fn working(
        kind: Kind,
        options: Options,
        pace: (Duration, i32),
        tickets: Vec<NewSessionTicket>,
        workers: docket::worker::Settings,
    ) -> Self {
        let clock = SteppingClock::new();
        let server = TestServer::start_working(kind, clock.clone(), workers).await;
        Self::on(server, clock, options, pace, tickets).await
    }

    /// With a server that has these settings besides.
    pub(super) async fn set(kind: Kind, set: &[(&str, &str)], tickets: &[(&str, &[&str])]) -> Self {
        let clock = SteppingClock::new();
        let server = TestServer::start_set_with(kind, set, clock.clone()).await;
        let pace = (Duration::ZERO, 1);
        Self::on(server, clock, Options::default(), pace, chain(tickets)).await
    }

    async fn on(
        server: TestServer,
        clock: Arc<SteppingClock>,
        options: Options,
        pace: (Duration, i32),
        tickets: Vec<NewSessionTicket>,
    ) -> Self {
        let jira = Sandbox::start(options).await.unwrap();
        let integration = integrate(&server, "Jira", &jira.url(), pace).await;
        let session = open_session(&server, &integration, tickets).await;
        Self {
            server,
            jira,
            clock,
            integration,
            session,
        }
    }

    /// Stops the server and starts it again on the same database.
    pub(super) async fn restart(self) -> Self {
        let server = self.server.restart(self.clock.clone()).await;
        Self { server, ..self }
    }

    /// The session as it stands.
    pub(super) async fn session(&self) -> Session {
        let id = self.session.clone();
        let session = self.exports().get_session(GetSessionRequest { id }).await;
        session.unwrap().into_inner().session.unwrap()
    }

    /// The session's status.
    pub(super) async fn session_status(&self) -> SessionStatus {
        self.session().await.status()
    }

    /// The session's owner.
    pub(super) fn exports(&self) -> Exports {
        self.server.exports(Role::SeniorEngineer)
    }

    pub(super) async fn start(&self) -> Result<StartExportResponse, Status> {
        let request = StartExportRequest {
            session_id: self.session.clone(),
            ..Default::default()
        };
        Ok(self.exports().start_export(request).await?.into_inner())
    }

    pub(super) async fn retry(&self) -> Result<RetryExportResponse, Status> {
        let request = RetryExportRequest {
            session_id: self.session.clone(),
            ..Default::default()
        };
        Ok(self.exports().retry_export(request).await?.into_inner())
    }

    /// Every event behind `after`, to the end of the stream.
    pub(super) async fn events(&self, after: i64) -> Vec<ExportEvent> {
        self.events_of(&self.session, after).await
    }

    async fn events_of(&self, session: &str, after: i64) -> Vec<ExportEvent> {
        let request = WatchExportRequest {
            session_id: session.to_owned(),
            after_sequence: Some(after),
        };
        let mut stream = self
            .exports()
            .watch_export(request)
            .await
            .unwrap()
            .into_inner();
        let mut events = Vec::new();
        while let Some(message) = stream.message().await.unwrap() {
            events.push(message.event.unwrap());
        }
        events
    }

    /// Exports another session to another site, from its start to its end: the worker has looked for whatever there was to do since.
    pub(super) async fn another_export(&self) {
        let jira = Sandbox::start(Options::default()).await.unwrap();
        let pace = (Duration::ZERO, 1);
        let integration = integrate(&self.server, "Another", &jira.url(), pace).await;
        let session = open_session(&self.server, &integration, chain(&[("other", &[])])).await;
        let request = StartExportRequest {
            session_id: session.clone(),
            ..Default::default()
        };
        self.exports().start_export(request).await.unwrap();
        assert_completed(&self.events_of(&session, 0).await);
    }

    /// Starts and follows to the end.
    pub(super) async fn run(&self) -> Vec<ExportEvent> {
        self.start().await.unwrap();
        self.events(0).await
    }

    pub(super) async fn results(&self) -> GetExportResultsResponse {
        let request = GetExportResultsRequest {
            session_id: self.session.clone(),
        };
        self.exports()
            .get_export_results(request)
            .await
            .unwrap()
            .into_inner()
    }

    /// How many issues each ticket of docket's has in Jira.
    pub(super) fn issues_by_ticket(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for issue in self.jira.issues() {
            if let Some(mark) = issue.properties.get("docket") {
                *counts
                    .entry(mark["ticket"].as_str().unwrap().to_owned())
                    .or_default() += 1;
            }
        }
        counts
    }

    /// Jira has one issue for each of `tickets` tickets, and docket knows their keys.
    pub(super) async fn assert_whole(&self, tickets: usize) {
        let counts = self.issues_by_ticket();
        assert_eq!(counts.len(), tickets, "tickets with issues");
        assert!(
            counts.values().all(|&count| count == 1),
            "no ticket has two issues: {counts:?}"
        );
        let made: BTreeSet<String> = self
            .jira
            .issues()
            .into_iter()
            .filter(|issue| issue.properties.contains_key("docket"))
            .map(|issue| issue.key)
            .collect();
        let known: BTreeSet<String> = self
            .results()
            .await
            .jira_tickets
            .into_iter()
            .map(|ticket| ticket.jira_key)
            .collect();
        assert_eq!(known, made, "docket knows the keys that Jira has");
    }

    /// How many creates Jira was sent.
    pub(super) fn creates(&self) -> usize {
        self.jira.requests_of(Operation::CreateIssue).len()
    }
}

/// The latest snapshot.
pub(super) fn last(events: &[ExportEvent]) -> Export {
    events.last().unwrap().export.clone().unwrap()
}

/// The kinds of the events, in order.
pub(super) fn kinds(events: &[ExportEvent]) -> Vec<&'static str> {
    let kind = |event: &ExportEvent| match event.detail.as_ref().unwrap() {
        Detail::Started(_) => "started",
        Detail::TicketExported(_) => "ticket_exported",
        Detail::FieldFallback(_) => "field_fallback",
        Detail::AttachmentUploaded(_) => "attachment_uploaded",
        Detail::DependencyCreated(_) => "dependency_created",
        Detail::Throttled(_) => "throttled",
        Detail::Resumed(_) => "resumed",
        Detail::Paused(_) => "paused",
        Detail::Cancelled(_) => "cancelled",
        Detail::Completed(_) => "completed",
        Detail::Failed(_) => "failed",
        Detail::Heartbeat(_) => "heartbeat",
    };
    events.iter().map(kind).collect()
}

pub(super) fn assert_completed(events: &[ExportEvent]) {
    let export = last(events);
    assert_eq!(
        export.status(),
        ExportStatus::Completed,
        "{:?}",
        export.failure
    );
}

/// Tickets by ref and dependencies, otherwise as plain as can be.
pub(crate) fn chain(tickets: &[(&str, &[&str])]) -> Vec<NewSessionTicket> {
    let ticket = |(reference, depends_on): &(&str, &[&str])| NewSessionTicket {
        r#ref: (*reference).to_owned(),
        depends_on_refs: depends_on.iter().map(|&r| r.to_owned()).collect(),
        title: format!("The work on {reference}"),
        description: format!("<p>What is to be done about <strong>{reference}</strong>.</p>"),
        issue_type: "Task".to_owned(),
        ..Default::default()
    };
    tickets.iter().map(ticket).collect()
}

pub(super) async fn integrate(
    server: &TestServer,
    name: &str,
    url: &str,
    (delay, concurrency): (Duration, i32),
) -> String {
    let request = CreateIntegrationRequest {
        integration: Some(Integration {
            name: name.to_owned(),
            enabled: true,
            config: Some(integration::Config::Jira(JiraConfig {
                site_url: url.to_owned(),
                export_delay: Some(delay.try_into().unwrap()),
                concurrency,
                ..Default::default()
            })),
            ..Default::default()
        }),
        credentials: Some(Credentials {
            platform: Some(credentials::Platform::Jira(JiraCredentials {
                email: Options::EMAIL.to_owned(),
                api_token: Options::TOKEN.to_owned(),
                ..Default::default()
            })),
        }),
        ..Default::default()
    };
    let made = server
        .integrations(Role::Manager)
        .create_integration(request)
        .await;
    made.unwrap().into_inner().integration.unwrap().id
}

pub(crate) async fn open_session(
    server: &TestServer,
    integration: &str,
    tickets: Vec<NewSessionTicket>,
) -> String {
    let mut exports = server.exports(Role::SeniorEngineer);
    let request = CreateSessionRequest {
        session: Some(Session {
            name: "Everything".to_owned(),
            integration_id: integration.to_owned(),
            jira_project_key: "DEMO".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let session = exports
        .create_session(request)
        .await
        .unwrap()
        .into_inner()
        .session
        .unwrap()
        .id;
    if !tickets.is_empty() {
        let request = docket::proto::v1::AddSessionTicketsRequest {
            session_id: session.clone(),
            tickets,
            ..Default::default()
        };
        exports.add_session_tickets(request).await.unwrap();
    }
    session
}
