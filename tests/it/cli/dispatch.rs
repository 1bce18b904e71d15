//! `docket dispatch replay`: what was given up on is handed over again, while the server runs.

use docket::{
    proto::v1::{self, ticket_service_client::TicketServiceClient},
    sandbox::{Action, Fault, Operation},
};
use serde_json::json;
use tonic::service::interceptor::InterceptedService;

use super::server::{Office, jira};
use crate::support::{
    eventually,
    server::{Bearer, Integrations, Tickets},
};

async fn clients(office: &Office) -> (Tickets, Integrations) {
    let endpoint = tonic::transport::Endpoint::from_shared(office.server.url.clone());
    let channel = endpoint.unwrap().connect().await.unwrap();
    let bearer = Bearer::new(&office.token("ADMIN"));
    let channel = InterceptedService::new(channel, bearer);
    (
        TicketServiceClient::new(channel.clone()),
        Integrations::new(channel),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_handed_over_again() {
    let (office, jira) = (Office::open(), jira().await);
    let (mut tickets, mut integrations) = clients(&office).await;
    let request = crate::api::an_integration("Jira", &jira.url());
    let made = integrations.create_integration(request).await.unwrap();
    let integration = made.into_inner().integration.unwrap().id;
    let refused = Action::Status {
        status: 400,
        body: Some(json!({ "errorMessages": [], "errors": { "summary": "not today" } })),
        headers: Default::default(),
    };
    jira.order(Fault::on(Operation::CreateIssue, refused));
    let create = |title: &str| v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            title: title.to_owned(),
            integration_id: Some(integration.clone()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let failed = tickets.create_ticket(create("Refused")).await.unwrap();
    let failed = failed.into_inner().ticket.unwrap();
    assert!(!failed.integration_result.unwrap().success);
    let arrived = tickets.create_ticket(create("Taken")).await.unwrap();
    assert!(
        arrived
            .into_inner()
            .ticket
            .unwrap()
            .integration_result
            .unwrap()
            .success
    );

    // One that is deleted, and one that goes elsewhere by now.
    for title in ["Gone", "Moved"] {
        let refused = Action::Status {
            status: 400,
            body: Some(json!({ "errorMessages": [], "errors": { "summary": "not today" } })),
            headers: Default::default(),
        };
        jira.order(Fault::on(Operation::CreateIssue, refused));
        let ticket = tickets.create_ticket(create(title)).await.unwrap();
        let id = ticket.into_inner().ticket.unwrap().id;
        if title == "Gone" {
            let delete = v1::DeleteTicketRequest { id, etag: None };
            tickets.delete_ticket(delete).await.unwrap();
        } else {
            let update = v1::UpdateTicketRequest {
                ticket: Some(v1::Ticket {
                    id,
                    ..Default::default()
                }),
                update_mask: Some(prost_types::FieldMask {
                    paths: vec!["integration_id".to_owned()],
                }),
                ..Default::default()
            };
            tickets.update_ticket(update).await.unwrap();
        }
    }
    let said = office.run(&["dispatch", "replay", "--since", "2999-01-01T00:00:00Z"]);
    assert_eq!(said.succeeded(), "0 tickets are to be handed over again\n");
    let since = ["dispatch", "replay", "--since", "2020-01-01T00:00:00Z"];
    // What nobody may hand over stays as it is.
    for enabled in [false, true] {
        let request = v1::SetIntegrationEnabledRequest {
            id: integration.clone(),
            enabled,
        };
        integrations.set_integration_enabled(request).await.unwrap();
        if !enabled {
            let said = office.run(&since);
            assert_eq!(said.succeeded(), "0 tickets are to be handed over again\n");
        }
    }
    assert_eq!(
        office.run(&since).succeeded(),
        "1 ticket is to be handed over again\n"
    );
    eventually("it is handed over again", async || {
        let request = v1::GetTicketRequest {
            id: Some(failed.id.clone()),
            number: None,
        };
        let got = tickets.get_ticket(request).await.unwrap().into_inner();
        got.ticket.unwrap().integration_result.unwrap().success
    })
    .await;
    assert_eq!(jira.issues().len(), 2);
    let request = v1::ListDispatchAttemptsRequest {
        ticket_id: failed.id.clone(),
        ..Default::default()
    };
    let listed = tickets.list_dispatch_attempts(request).await.unwrap();
    let latest = &listed.into_inner().attempts[0];
    assert_eq!(
        (latest.number, latest.trigger()),
        (2, v1::DispatchTrigger::Retry)
    );
    assert_eq!(
        office.run(&since).succeeded(),
        "0 tickets are to be handed over again\n"
    );
    let wrong = office.run(&["dispatch", "replay", "--since", "yesterday"]);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
}
