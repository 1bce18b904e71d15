//! A receiver of webhooks that says that it is gone for good: its integration is switched off, and no ticket is lost by it.

use std::time::Duration;

use docket::{
    domain::actor::Role,
    proto::v1::{self, credentials::Platform as Secret, integration::Config},
    worker::Settings,
};
use rstest::rstest;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{
    inbound::get,
    stand_in::{Act, Reply, StandIn},
    webhook::SECRETS,
};
use crate::{
    export::SteppingClock,
    support::{database::Kind, server::TestServer},
};

pub(super) async fn integrate(server: &TestServer, url: &str) -> String {
    let request = v1::CreateIntegrationRequest {
        integration: Some(v1::Integration {
            name: "Receiver".to_owned(),
            enabled: true,
            config: Some(Config::Webhook(v1::WebhookConfig {
                url: url.to_owned(),
                ..Default::default()
            })),
            ..Default::default()
        }),
        credentials: Some(v1::Credentials {
            platform: Some(Secret::Webhook(v1::WebhookCredentials {
                secrets: vec![SECRETS[0].to_owned()],
            })),
        }),
        ..Default::default()
    };
    let mut integrations = server.integrations(Role::Manager);
    let made = integrations.create_integration(request).await.unwrap();
    made.into_inner().integration.unwrap().id
}

#[rstest]
#[tokio::test]
async fn an_integration_whose_receiver_is_gone_is_switched_off_and_its_ticket_waits(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let clock = SteppingClock::new();
    let workers = Settings {
        sweep: Duration::from_millis(50),
        lease: Duration::from_secs(24 * 3600),
        ..Settings::default()
    };
    let server = TestServer::start_all(kind, &[], clock.clone(), workers).await;
    let receiver = StandIn::start(|_| Reply::json(202, &json!({}))).await;
    let id = integrate(&server, &receiver.url).await;
    receiver.order("POST", Act::Answer(Reply::json(410, &json!({}))));
    let request = v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            title: "Printer jams".to_owned(),
            integration_id: Some(id.clone()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut tickets = server.tickets(Role::Manager);
    let ticket = tickets.create_ticket(request.clone()).await.unwrap();
    let ticket = ticket.into_inner().ticket.unwrap();
    let why = ticket.integration_result.unwrap().error_message.unwrap();
    assert!(
        why.contains("gone for good") && why.contains("UpdateIntegration"),
        "{why}"
    );

    let mut integrations = server.integrations(Role::Manager);
    let read = v1::GetIntegrationRequest { id: id.clone() };
    let off = integrations.get_integration(read).await.unwrap();
    let off = off.into_inner().integration.unwrap();
    assert!(!off.enabled, "{off:?}");
    assert_eq!(off.status(), v1::IntegrationStatus::Inactive);
    assert_eq!(off.last_error.as_deref(), Some(why.as_str()));
    let history = v1::ListTicketHistoryRequest {
        ticket_id: ticket.id.clone(),
        ..Default::default()
    };
    let history = tickets.list_ticket_history(history).await.unwrap();
    let history = history.into_inner().entries;
    let note = history
        .iter()
        .find(|entry| entry.field.as_deref() == Some("integration.enabled"));
    let note = note.expect("an entry, which watchers are sent too");
    assert_eq!(note.new_value.as_deref(), Some("false"));
    let refused = tickets.create_ticket(request).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
    assert_eq!(receiver.asked().len(), 1);

    // Nothing is sent there while it is off; then what waited goes out by itself.
    clock.advance(Duration::from_secs(13 * 3600));
    let request = v1::SetIntegrationEnabledRequest { id, enabled: true };
    integrations.set_integration_enabled(request).await.unwrap();
    let give_up = Instant::now() + Duration::from_secs(30);
    loop {
        let now = get(&server, &ticket.id).await;
        if now.integration_result.unwrap().success {
            break;
        }
        assert!(Instant::now() < give_up, "it does not go out");
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(receiver.asked().len(), 2);
    server.stop().await;
}
