//! Webhooks from platforms: signed ones that were not taken yet have the issue read again, and the ticket tells where it stands.

use std::{sync::Arc, time::Duration};

use docket::{
    domain::actor::Role,
    proto::v1::{self, credentials::Platform as Secret, integration::Config},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::json;
use sha2::Sha256;
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};

use super::{
    github::{Github, TOKEN},
    stand_in::{Act, Reply},
};
use crate::support::{database::Kind, server::TestServer};

pub(super) const SECRET: &str = "a-secret-of-hooks";

pub(super) fn signature(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let digest = mac.finalize().into_bytes();
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={digits}")
}

pub(super) async fn send(
    url: &str,
    delivery: &str,
    secret: &str,
    body: &str,
) -> (StatusCode, String) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client
        .post(url)
        .header("x-github-delivery", delivery)
        .header("x-github-event", "issues")
        .header("x-hub-signature-256", signature(secret, body))
        .body(body.to_owned());
    let answer = request.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

/// An integration with the repository, and a ticket that has become an issue of it.
async fn dispatched(server: &TestServer, github: &Github) -> (String, v1::Ticket) {
    let request = v1::CreateIntegrationRequest {
        integration: Some(v1::Integration {
            name: "GitHub".to_owned(),
            enabled: true,
            config: Some(Config::Github(v1::GithubConfig {
                owner: "acme".to_owned(),
                repository: "app".to_owned(),
                api_url: github.stand_in.url.clone(),
                ..Default::default()
            })),
            ..Default::default()
        }),
        credentials: Some(v1::Credentials {
            platform: Some(Secret::Github(v1::GithubCredentials {
                token: TOKEN.to_owned(),
                webhook_secret: SECRET.to_owned(),
            })),
        }),
        ..Default::default()
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

pub(super) async fn get(server: &TestServer, id: &str) -> v1::Ticket {
    let request = v1::GetTicketRequest {
        id: Some(id.to_owned()),
        ..Default::default()
    };
    let mut tickets = server.tickets(Role::Manager);
    let answer = tickets.get_ticket(request).await.unwrap();
    answer.into_inner().ticket.unwrap()
}

pub(super) fn status(ticket: &v1::Ticket) -> Option<String> {
    raw(ticket, "external_status")
}

fn raw(ticket: &v1::Ticket, name: &str) -> Option<String> {
    let result = ticket.integration_result.clone()?;
    let raw = result.response?.raw?;
    let value = raw.fields.get(name)?.kind.clone()?;
    match value {
        prost_types::value::Kind::StringValue(text) => Some(text),
        _ => None,
    }
}

#[rstest]
#[tokio::test]
async fn a_signed_webhook_has_the_issue_read_again_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let github = Github::start().await;
    let (id, ticket) = dispatched(&server, &github).await;
    let result = ticket.integration_result.clone().unwrap();
    assert!(result.success, "{result:?}");
    let url = format!("{}/webhooks/github/{id}", server.url());
    let body = json!({
        "action": "closed",
        "issue": { "id": 9_000_000_001_u64, "number": 1, "state": "what the body says does not count" },
        "repository": { "full_name": "acme/app" },
    });
    let body = body.to_string();
    // What is not signed by the integration's secret is refused, whatever else is right.
    for (secret, url) in [
        ("another-secret-of-hooks", url.clone()),
        (SECRET, format!("{}/webhooks/jira/{id}", server.url())),
        (SECRET, format!("{}/webhooks/github/x", server.url())),
        (
            SECRET,
            format!("{}/webhooks/github/{}", server.url(), ticket.id),
        ),
    ] {
        let (code, text) = send(&url, "d-0", secret, &body).await;
        assert_eq!(
            (code, text.as_str()),
            (StatusCode::UNAUTHORIZED, "not signed\n")
        );
    }
    let read = "GET /repos/acme/app/issues/1";
    assert_eq!(github.stand_in.asked_for(read).len(), 0);

    let closed = json!({ "id": 9_000_000_001_u64, "number": 1, "state": "closed", "state_reason": "completed" });
    // GitHub is away at first: the delivery may come again.
    github
        .stand_in
        .order(read, Act::Answer(Reply::json(500, &json!({}))));
    let (code, _) = send(&url, "d-1", SECRET, &body).await;
    assert_eq!(code, StatusCode::SERVICE_UNAVAILABLE);
    github
        .stand_in
        .order(read, Act::Answer(Reply::json(200, &closed)));
    let (code, text) = send(&url, "d-1", SECRET, &body).await;
    assert_eq!((code, text.as_str()), (StatusCode::OK, "taken\n"));
    let after = get(&server, &ticket.id).await;
    assert_eq!(status(&after).as_deref(), Some("closed (completed)"));
    // Nothing of the picture is older than the rest of it.
    assert_eq!(raw(&after, "state").as_deref(), Some("closed"));
    assert_eq!(raw(&after, "state_reason").as_deref(), Some("completed"));
    assert_ne!(after.etag, ticket.etag);

    // The same again, under its own name or another.
    let asked = github.stand_in.asked_for(read).len();
    for delivery in ["d-1", "d-2"] {
        let (code, text) = send(&url, delivery, SECRET, &body).await;
        assert_eq!((code, text.as_str()), (StatusCode::OK, "taken before\n"));
    }
    assert_eq!(github.stand_in.asked_for(read).len(), asked);
    // What docket has not sent there, and what is no webhook.
    let other =
        json!({ "issue": { "id": 5 }, "repository": { "full_name": "acme/app" } }).to_string();
    let (_, text) = send(&url, "d-3", SECRET, &other).await;
    assert_eq!(text, "nothing new\n");
    let (code, _) = send(&url, "d-4", SECRET, "no json").await;
    assert_eq!(code, StatusCode::BAD_REQUEST);

    // One that is gone has no state any more.
    let deleted = json!({ "action": "deleted", "issue": { "id": 9_000_000_001_u64 }, "repository": { "full_name": "acme/app" } });
    let (_, text) = send(&url, "d-5", SECRET, &deleted.to_string()).await;
    assert_eq!(text, "taken\n");
    let after = get(&server, &ticket.id).await;
    assert_eq!(status(&after).as_deref(), Some("gone"));
    assert_eq!(raw(&after, "state"), None);
    let told = after.integration_result.unwrap();
    assert!(!told.success && told.error_message.is_some(), "{told:?}");

    let request = v1::ListTicketHistoryRequest {
        ticket_id: ticket.id.clone(),
        ..Default::default()
    };
    let mut tickets = server.tickets(Role::Manager);
    let history = tickets.list_ticket_history(request).await.unwrap();
    let history = history.into_inner().entries;
    let told: Vec<_> = history
        .iter()
        .filter(|entry| entry.field.as_deref() == Some("external_status"))
        .map(|entry| entry.new_value.clone())
        .collect();
    let closed = Some("closed (completed)".to_owned());
    assert_eq!(told, [closed, Some("gone".to_owned())]);
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_webhook_may_be_a_form_and_its_address_end_in_a_slash(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let github = Github::start().await;
    let (id, ticket) = dispatched(&server, &github).await;
    let url = format!("{}/webhooks/github/{id}/", server.url());
    let issue = json!({ "id": 9_000_000_001_u64, "number": 1, "state": "closed" });
    let body = json!({ "issue": issue, "repository": { "full_name": "acme/app" } }).to_string();
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &body)
        .finish();
    let answer = Act::Answer(Reply::json(200, &issue));
    github
        .stand_in
        .order("GET /repos/acme/app/issues/1", answer);
    let (code, text) = send(&url, "d-1", SECRET, &form).await;
    assert_eq!((code, text.as_str()), (StatusCode::OK, "taken\n"));
    let after = get(&server, &ticket.id).await;
    assert_eq!(status(&after).as_deref(), Some("closed"));

    let large = "x".repeat(2 * 1024 * 1024 + 1);
    let (code, text) = send(&url, "d-2", SECRET, &large).await;
    let expected = (StatusCode::PAYLOAD_TOO_LARGE, "larger than 2 MiB\n");
    assert_eq!((code, text.as_str()), expected);
    server.stop().await;
}

/// A 4xx has most senders give a webhook up, and Jira repeat some of them in vain.
#[rstest]
#[tokio::test]
async fn a_webhook_that_cannot_be_taken_just_now_may_come_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let github = Github::start().await;
    let (id, ticket) = dispatched(&server, &github).await;
    let url = format!("{}/webhooks/github/{id}", server.url());
    let issue = json!({ "id": 9_000_000_001_u64, "number": 1, "state": "closed" });
    let body = json!({ "issue": issue, "repository": { "full_name": "acme/app" } }).to_string();
    let mut integrations = server.integrations(Role::Manager);
    let read = "GET /repos/acme/app/issues/1";
    for enabled in [false, true] {
        let request = v1::SetIntegrationEnabledRequest {
            id: id.clone(),
            enabled,
        };
        integrations.set_integration_enabled(request).await.unwrap();
        // Switched off; then not let in by GitHub.
        if enabled {
            let refused = Reply::json(401, &json!({ "message": "Bad credentials" }));
            github.stand_in.order(read, Act::Answer(refused));
        }
        let (code, text) = send(&url, "d-1", SECRET, &body).await;
        let expected = (StatusCode::SERVICE_UNAVAILABLE, "later\n");
        assert_eq!((code, text.as_str()), expected, "{enabled}");
    }
    github
        .stand_in
        .order(read, Act::Answer(Reply::json(200, &issue)));
    let (code, text) = send(&url, "d-1", SECRET, &body).await;
    assert_eq!((code, text.as_str()), (StatusCode::OK, "taken\n"));
    let after = get(&server, &ticket.id).await;
    assert_eq!(status(&after).as_deref(), Some("closed"));
    server.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_two_webhooks_that_cross_the_newer_status_stays(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let github = Github::start().await;
    let (id, ticket) = dispatched(&server, &github).await;
    let url = format!("{}/webhooks/github/{id}", server.url());
    let body = |action: &str| {
        let issue = json!({ "id": 9_000_000_001_u64, "number": 1 });
        let repository = json!({ "full_name": "acme/app" });
        json!({ "action": action, "issue": issue, "repository": repository }).to_string()
    };
    let read = "GET /repos/acme/app/issues/1";
    let issue = |state: &str, reason: &str| {
        let issue =
            json!({ "id": 9_000_000_001_u64, "number": 1, "state": state, "state_reason": reason });
        Reply::json(200, &issue)
    };
    // The first one reads the issue while it is open still, and gets its answer only after the second one has told that it is closed.
    let told = Arc::new(Notify::new());
    let late = Act::AnswerWhen(issue("open", "reopened"), Arc::clone(&told));
    github.stand_in.order(read, late);
    let first = {
        let (url, body) = (url.clone(), body("reopened"));
        tokio::spawn(async move { send(&url, "d-1", SECRET, &body).await })
    };
    let give_up = Instant::now() + Duration::from_secs(30);
    while github.stand_in.asked_for(read).is_empty() {
        assert!(Instant::now() < give_up, "the issue is not read");
        sleep(Duration::from_millis(5)).await;
    }
    let closed = || Act::Answer(issue("closed", "completed"));
    github.stand_in.order(read, closed());
    let (_, text) = send(&url, "d-2", SECRET, &body("closed")).await;
    assert_eq!(text, "taken\n");
    github.stand_in.order(read, closed());
    told.notify_one();
    let (code, text) = first.await.unwrap();
    assert_eq!((code, text.as_str()), (StatusCode::OK, "nothing new\n"));
    let after = get(&server, &ticket.id).await;
    assert_eq!(status(&after).as_deref(), Some("closed (completed)"));
    assert_eq!(github.stand_in.asked_for(read).len(), 3);
    server.stop().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_tells_nothing_new_keeps_an_older_answer_from_being_told(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let github = Github::start().await;
    let (id, ticket) = dispatched(&server, &github).await;
    let url = format!("{}/webhooks/github/{id}", server.url());
    let body = |action: &str| {
        let issue = json!({ "id": 9_000_000_001_u64, "number": 1 });
        let repository = json!({ "full_name": "acme/app" });
        json!({ "action": action, "issue": issue, "repository": repository }).to_string()
    };
    let read = "GET /repos/acme/app/issues/1";
    let issue = |state: &str, reason: &str| {
        let issue =
            json!({ "id": 9_000_000_001_u64, "number": 1, "state": state, "state_reason": reason });
        Reply::json(200, &issue)
    };
    let open = || Act::Answer(issue("open", "reopened"));
    github.stand_in.order(read, open());
    let (_, text) = send(&url, "d-1", SECRET, &body("reopened")).await;
    assert_eq!(text, "taken\n");
    let before = status(&get(&server, &ticket.id).await);
    assert!(before.is_some());
    // The issue is closed and opened once more; who reads it while it is closed gets that answer last.
    let told = Arc::new(Notify::new());
    let late = Act::AnswerWhen(issue("closed", "completed"), Arc::clone(&told));
    github.stand_in.order(read, late);
    let first = {
        let (url, body) = (url.clone(), body("closed"));
        tokio::spawn(async move { send(&url, "d-2", SECRET, &body).await })
    };
    let give_up = Instant::now() + Duration::from_secs(30);
    while github.stand_in.asked_for(read).len() < 2 {
        assert!(Instant::now() < give_up, "the issue is not read");
        sleep(Duration::from_millis(5)).await;
    }
    github.stand_in.order(read, open());
    let (_, text) = send(&url, "d-3", SECRET, &body("edited")).await;
    assert_eq!(text, "nothing new\n");
    github.stand_in.order(read, open());
    told.notify_one();
    let (code, text) = first.await.unwrap();
    assert_eq!((code, text.as_str()), (StatusCode::OK, "nothing new\n"));
    assert_eq!(status(&get(&server, &ticket.id).await), before);
    assert_eq!(github.stand_in.asked_for(read).len(), 4);
    server.stop().await;
}
