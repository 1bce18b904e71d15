//! Webhooks from Jira: signed ones have the issue read again, once each and however late; all others change nothing.

use docket::{
    domain::actor::Role,
    proto::v1::{self, credentials::Platform as Secret},
    sandbox::{Action, Fault, Operation, Options, Person, Sandbox, Touch},
};
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

use super::inbound::{SECRET, get, signature, status};
use crate::{
    attachments::{header, upload},
    support::{database::Kind, eventually, server::TestServer},
};

/// An integration with the site, and a ticket that has become an issue there.
async fn dispatched(server: &TestServer, jira: &Sandbox) -> (String, v1::Ticket) {
    let request = v1::CreateIntegrationRequest {
        credentials: Some(v1::Credentials {
            platform: Some(Secret::Jira(v1::JiraCredentials {
                email: Options::EMAIL.to_owned(),
                api_token: Options::TOKEN.to_owned(),
                webhook_secret: SECRET.to_owned(),
            })),
        }),
        ..crate::api::an_integration("Jira", &jira.url())
    };
    let mut integrations = server.integrations(Role::Manager);
    let made = integrations.create_integration(request).await.unwrap();
    let id = made.into_inner().integration.unwrap().id;
    let request = v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            title: "Printer jams".to_owned(),
            integration_id: Some(id.clone()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut tickets = server.tickets(Role::Manager);
    let ticket = tickets.create_ticket(request).await.unwrap().into_inner();
    (id, ticket.ticket.unwrap())
}

/// As Jira sends one.
async fn send(url: &str, delivery: &str, secret: &str, body: &Value) -> (StatusCode, String) {
    let body = body.to_string();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client
        .post(url)
        .header("x-atlassian-webhook-identifier", delivery)
        .header("x-hub-signature", signature(secret, &body))
        .body(body);
    let answer = request.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

fn body(issue: &str, sent: i64) -> Value {
    json!({
        "timestamp": sent,
        "webhookEvent": "jira:issue_updated",
        "issue": { "id": issue, "fields": { "status": { "name": "what the body says does not count" } } },
    })
}

#[rstest]
#[tokio::test]
async fn a_signed_webhook_of_jira_has_the_issue_read_again_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let jira = Sandbox::start(Options::default()).await.unwrap();
    let (id, ticket) = dispatched(&server, &jira).await;
    let result = ticket.integration_result.clone().unwrap();
    assert!(result.success, "{result:?}");
    let key = result.external_ticket_id.unwrap();
    let issue = result.response.unwrap().id;
    let url = format!("{}/webhooks/jira/{id}", server.url());
    let now = chrono::Utc::now().timestamp_millis();
    let reads = || jira.requests_of(Operation::FetchIssues).len();
    let before = reads();
    let move_to = |status: &str| {
        let status = status.to_owned();
        assert!(jira.touch(&key, Person::Other, &Touch::Transition { status }));
    };
    move_to("In Progress");

    // A wrong signature, none, another platform's path.
    let (code, _) = send(&url, "d-0", "another-secret-of-hooks", &body(&issue, now)).await;
    assert_eq!(code, StatusCode::UNAUTHORIZED);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let bare = client.post(&url).body(body(&issue, now).to_string());
    assert_eq!(
        bare.send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    let elsewhere = format!("{}/webhooks/github/{id}", server.url());
    let (code, _) = send(&elsewhere, "d-0", SECRET, &body(&issue, now)).await;
    assert_eq!(code, StatusCode::UNAUTHORIZED);
    // An issue that docket has not made, and a webhook of no issue.
    let (code, text) = send(&url, "d-1", SECRET, &body("424242", now)).await;
    assert_eq!((code, text.as_str()), (StatusCode::OK, "nothing new\n"));
    let (_, text) = send(&url, "d-2", SECRET, &json!({ "timestamp": now })).await;
    assert_eq!(text, "nothing new\n");
    assert_eq!(reads(), before, "nothing of that has the issue read");
    assert_eq!(get(&server, &ticket.id).await, ticket);

    let (code, text) = send(&url, "d-3", SECRET, &body(&issue, now)).await;
    assert_eq!((code, text.as_str()), (StatusCode::OK, "taken\n"));
    let after = get(&server, &ticket.id).await;
    assert_eq!(status(&after).as_deref(), Some("In Progress"));
    let asked = reads();
    // The same again, under its own name and under another.
    for delivery in ["d-3", "d-4"] {
        let (code, text) = send(&url, delivery, SECRET, &body(&issue, now)).await;
        assert_eq!((code, text.as_str()), (StatusCode::OK, "taken before\n"));
    }
    assert_eq!(reads(), asked);
    // One that comes for the first time days after it was sent, since docket was away: the issue is read as it is now.
    move_to("Done");
    let late = body(&issue, now - 7 * 24 * 3600 * 1000);
    let (code, text) = send(&url, "d-5", SECRET, &late).await;
    assert_eq!((code, text.as_str()), (StatusCode::OK, "taken\n"));
    let after = get(&server, &ticket.id).await;
    assert_eq!(status(&after).as_deref(), Some("Done"));
    // A later one, that has no name, tells what came of the issue; that it is gone, too.
    assert!(jira.touch(&key, Person::Other, &Touch::Delete));
    let (_, text) = send(&url, "", SECRET, &body(&issue, now + 1)).await;
    assert_eq!(text, "taken\n");
    let after = get(&server, &ticket.id).await;
    assert_eq!(status(&after).as_deref(), Some("gone"));
    let told = after.integration_result.unwrap();
    assert!(!told.success, "{told:?}");
    let why = told.error_message.unwrap();
    assert!(why.contains("no longer there"), "{why}");
    assert_eq!(told.external_ticket_id, Some(key), "which one it was");
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_a_webhook_tells_while_files_go_to_the_issue_is_not_forgotten(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let patient = [
        ("DISPATCH_WAIT_SECONDS", "0"),
        ("OUTBOUND_TIMEOUT_SECONDS", "300"),
    ];
    let server = TestServer::start_set(kind, &patient).await;
    let jira = Sandbox::start(Options::default()).await.unwrap();
    let (id, ticket) = dispatched(&server, &jira).await;
    eventually("it is there", async || {
        let now = get(&server, &ticket.id).await;
        now.integration_result.is_some_and(|told| told.success)
    })
    .await;
    let result = get(&server, &ticket.id).await.integration_result.unwrap();
    let (key, issue) = (
        result.external_ticket_id.unwrap(),
        result.response.unwrap().id,
    );
    let mut tickets = server.tickets(Role::Manager);
    let file = upload(&mut tickets, header(&ticket.id, "a.txt"), b"one");
    file.await.unwrap();
    let slow = Action::Delay { ms: 1500 };
    jira.order(Fault::on(Operation::AddAttachments, slow));
    let request = v1::DispatchTicketRequest {
        id: ticket.id.clone(),
        ..Default::default()
    };
    tickets.dispatch_ticket(request).await.unwrap();
    eventually("the file is on its way", async || {
        !jira.requests_of(Operation::AddAttachments).is_empty()
    })
    .await;
    let status_now = "In Progress".to_owned();
    let touch = Touch::Transition { status: status_now };
    assert!(jira.touch(&key, Person::Other, &touch));
    let url = format!("{}/webhooks/jira/{id}", server.url());
    let now = chrono::Utc::now().timestamp_millis();
    let (_, text) = send(&url, "d-1", SECRET, &body(&issue, now)).await;
    assert_eq!(text, "taken\n");
    let told = get(&server, &ticket.id).await;
    assert_eq!(status(&told).as_deref(), Some("In Progress"));
    eventually("the file is there", async || {
        let now = get(&server, &ticket.id).await;
        let files = now.integration_result.unwrap().response.unwrap();
        files.attachments.iter().any(|file| file.success)
    })
    .await;
    let told = get(&server, &ticket.id).await;
    assert_eq!(status(&told).as_deref(), Some("In Progress"));
    server.stop().await;
}
