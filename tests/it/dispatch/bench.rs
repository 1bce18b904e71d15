//! A server and a Jira that tickets are handed to.

use std::{sync::Arc, time::Duration};

use docket::{
    app::clock::Clock,
    domain::actor::Role,
    proto::v1::{self, DispatchOutcome, DispatchTrigger},
    sandbox::{Action, Fault, Operation, Options, Sandbox},
    worker::Settings,
};
use tokio::time::{Instant, sleep};
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::{
    export::SteppingClock,
    support::{
        database::Kind,
        server::{TestServer, Tickets},
    },
};

/// How long anything may take that happens by itself, on a machine that is busy with other tests.
const SOON: Duration = Duration::from_secs(30);

/// A server with an integration to a sandbox.
pub(super) struct Bench {
    pub(super) server: TestServer,
    pub(super) jira: Sandbox,
    pub(super) clock: Arc<SteppingClock>,
    pub(super) integration: String,
}

impl Bench {
    pub(super) async fn new(kind: Kind) -> Self {
        Self::set(kind, &[]).await
    }

    /// With these settings besides.
    pub(super) async fn set(kind: Kind, set: &[(&str, &str)]) -> Self {
        let clock = SteppingClock::new();
        let workers = Settings {
            sweep: Duration::from_millis(50),
            // Days pass here within the blink of an eye, and nobody dies.
            lease: Duration::from_secs(30 * 24 * 3600),
            ..Settings::default()
        };
        let server = TestServer::start_all(kind, set, clock.clone(), workers).await;
        let jira = Sandbox::start(Options::default()).await.unwrap();
        let integration = integrate(&server, "Jira", &jira.url()).await;
        Self {
            server,
            jira,
            clock,
            integration,
        }
    }

    /// Somebody who may change every ticket.
    pub(super) fn tickets(&self) -> Tickets {
        self.server.tickets(Role::SeniorEngineer)
    }

    /// Files a ticket for the integration.
    pub(super) async fn create(&self, title: &str) -> Result<v1::Ticket, Status> {
        let request = self.request(title);
        let answer = self.tickets().create_ticket(request).await?;
        Ok(answer.into_inner().ticket.unwrap())
    }

    pub(super) fn request(&self, title: &str) -> v1::CreateTicketRequest {
        v1::CreateTicketRequest {
            ticket: Some(v1::Ticket {
                integration_id: Some(self.integration.clone()),
                ..plain(title)
            }),
            ..Default::default()
        }
    }

    /// Files a ticket for nobody.
    pub(super) async fn file(&self, title: &str) -> v1::Ticket {
        let request = v1::CreateTicketRequest {
            ticket: Some(plain(title)),
            ..Default::default()
        };
        let answer = self.tickets().create_ticket(request).await;
        answer.unwrap().into_inner().ticket.unwrap()
    }

    pub(super) async fn dispatch(
        &self,
        id: &str,
        integration: Option<&str>,
    ) -> Result<v1::Ticket, Status> {
        let request = v1::DispatchTicketRequest {
            id: id.to_owned(),
            integration_id: integration.map(str::to_owned),
            request_id: None,
        };
        let answer = self.tickets().dispatch_ticket(request).await?;
        Ok(answer.into_inner().ticket.unwrap())
    }

    pub(super) async fn get(&self, id: &str) -> v1::Ticket {
        let request = v1::GetTicketRequest {
            id: Some(id.to_owned()),
            number: None,
        };
        let mut tickets = self.server.tickets(Role::Admin);
        let answer = tickets.get_ticket(request).await.unwrap();
        answer.into_inner().ticket.unwrap()
    }

    /// The ledger, first attempt first.
    pub(super) async fn attempts(&self, id: &str) -> Vec<v1::DispatchAttempt> {
        let request = v1::ListDispatchAttemptsRequest {
            ticket_id: id.to_owned(),
            page_size: 100,
            ..Default::default()
        };
        let mut tickets = self.server.tickets(Role::Admin);
        let listed = tickets.list_dispatch_attempts(request).await;
        let mut attempts = listed
            .map(|answer| answer.into_inner().attempts)
            .unwrap_or_default();
        attempts.reverse();
        attempts
    }

    /// What caused each attempt and what came of it, first attempt first.
    pub(super) async fn told(&self, id: &str) -> Vec<(DispatchTrigger, DispatchOutcome)> {
        let attempts = self.attempts(id).await;
        let told = attempts.iter().map(|row| (row.trigger(), row.outcome()));
        told.collect()
    }

    /// Waits until so many attempts have ended.
    pub(super) async fn until_ended(&self, id: &str, count: usize) -> Vec<v1::DispatchAttempt> {
        let give_up = Instant::now() + SOON;
        loop {
            let attempts = self.attempts(id).await;
            let ended = attempts.iter().filter(|row| row.latency.is_some()).count();
            if ended >= count && ended == attempts.len() {
                return attempts;
            }
            assert!(Instant::now() < give_up, "{ended} of {count}: {attempts:?}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    pub(super) async fn integration(&self) -> v1::Integration {
        let request = v1::GetIntegrationRequest {
            id: self.integration.clone(),
        };
        let mut integrations = self.server.integrations(Role::Manager);
        let answer = integrations.get_integration(request).await.unwrap();
        answer.into_inner().integration.unwrap()
    }

    pub(super) async fn switch(&self, enabled: bool) {
        let request = v1::SetIntegrationEnabledRequest {
            id: self.integration.clone(),
            enabled,
        };
        let mut integrations = self.server.integrations(Role::Manager);
        integrations.set_integration_enabled(request).await.unwrap();
    }

    pub(super) async fn history(&self, id: &str) -> Vec<v1::HistoryEntry> {
        let request = v1::ListTicketHistoryRequest {
            ticket_id: id.to_owned(),
            page_size: 100,
            ..Default::default()
        };
        let listed = self.tickets().list_ticket_history(request).await.unwrap();
        listed.into_inner().entries
    }

    /// What goes wrong with the next create.
    pub(super) fn order(&self, action: Action) {
        self.jira.order(Fault::on(Operation::CreateIssue, action));
    }

    /// The keys of the issues that docket made of this ticket.
    pub(super) fn issues_of(&self, id: &str) -> Vec<String> {
        let issues = self.jira.issues().into_iter();
        let of_ticket = issues.filter(|issue| {
            let mark = issue.properties.get("docket");
            mark.is_some_and(|mark| mark["ticket"] == id)
        });
        of_ticket.map(|issue| issue.key).collect()
    }

    /// How many creates Jira was sent.
    pub(super) fn creates(&self) -> usize {
        self.jira.requests_of(Operation::CreateIssue).len()
    }

    /// Lets time pass, and waits until the workers have seen it.
    pub(super) fn pass(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// How long after `now` the next attempt is to be.
    pub(super) fn wait_of(&self, attempt: &v1::DispatchAttempt) -> i64 {
        let next = attempt.next_attempt_time.expect("another attempt");
        next.seconds - self.clock.now().timestamp()
    }
}

pub(super) fn plain(title: &str) -> v1::Ticket {
    v1::Ticket {
        title: title.to_owned(),
        description: format!("<p>All about <b>{title}</b></p>"),
        ..Default::default()
    }
}

pub(super) async fn integrate(server: &TestServer, name: &str, url: &str) -> String {
    let request = crate::api::an_integration(name, url);
    let mut integrations = server.integrations(Role::Manager);
    let made = integrations.create_integration(request).await.unwrap();
    made.into_inner().integration.unwrap().id
}

pub(super) fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    details.error_info().expect("a reason").reason.clone()
}

pub(super) fn result(ticket: &v1::Ticket) -> &v1::IntegrationResult {
    ticket.integration_result.as_ref().expect("a result")
}
