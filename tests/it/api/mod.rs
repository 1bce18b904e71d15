//! The contract's RPCs through a real client, on both databases.

mod exports;
mod filters;
mod integration_edit;
mod integration_platforms;
mod integrations;
mod paging;
mod session_tickets;
mod sessions;
mod tickets;

use docket::{
    domain::actor::Role,
    proto::v1::{self, integration::Config},
    sandbox::{Options, Sandbox},
};
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::support::server::TestServer;

/// The reason that a program acts on.
fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    let info = details.error_info().expect("every error has an ErrorInfo");
    assert_eq!(info.domain, "docket");
    info.reason.clone()
}

/// The paths of the violated fields, in the order told.
fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let bad = details.bad_request().expect("a BadRequest");
    let fields = bad.field_violations.iter();
    fields.map(|violation| violation.field.clone()).collect()
}

/// A ticket with the fewest fields.
fn a_ticket(title: &str) -> v1::CreateTicketRequest {
    v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            title: title.to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// An integration on a Jira at this address, with the sandbox's credentials and no pace.
pub(crate) fn an_integration(name: &str, site_url: &str) -> v1::CreateIntegrationRequest {
    v1::CreateIntegrationRequest {
        integration: Some(v1::Integration {
            name: name.to_owned(),
            enabled: true,
            config: Some(Config::Jira(v1::JiraConfig {
                site_url: site_url.to_owned(),
                project_key: "DEMO".to_owned(),
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
    }
}

/// A session with the fewest fields.
fn a_session(name: &str) -> v1::CreateSessionRequest {
    v1::CreateSessionRequest {
        session: Some(v1::Session {
            name: name.to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// A ticket of a session with the fewest fields.
fn of_session(reference: &str, depends_on: &[&str]) -> v1::NewSessionTicket {
    v1::NewSessionTicket {
        r#ref: reference.to_owned(),
        title: format!("Ticket {reference}"),
        depends_on_refs: depends_on.iter().map(|&text| text.to_owned()).collect(),
        ..Default::default()
    }
}

async fn new_integration(server: &TestServer, site_url: &str) -> v1::Integration {
    let request = an_integration("Jira", site_url);
    let mut integrations = server.integrations(Role::Manager);
    let answer = integrations.create_integration(request);
    answer.await.unwrap().into_inner().integration.unwrap()
}

/// A session of the senior engineer's.
async fn new_session(server: &TestServer) -> v1::Session {
    let mut exports = server.exports(Role::SeniorEngineer);
    let answer = exports.create_session(a_session("Release 7"));
    answer.await.unwrap().into_inner().session.unwrap()
}

/// A session of the senior engineer's with these tickets, ready to be exported to the sandbox.
async fn filled_session(
    server: &TestServer,
    sandbox: &Sandbox,
    tickets: Vec<v1::NewSessionTicket>,
) -> v1::Session {
    let integration = new_integration(server, &sandbox.url()).await;
    let mut request = a_session("Release 7");
    request.session.as_mut().unwrap().integration_id = integration.id;
    let mut exports = server.exports(Role::SeniorEngineer);
    let session = exports.create_session(request).await.unwrap().into_inner();
    let request = v1::AddSessionTicketsRequest {
        session_id: session.session.unwrap().id,
        tickets,
        ..Default::default()
    };
    let added = exports.add_session_tickets(request).await.unwrap();
    added.into_inner().session.unwrap()
}
