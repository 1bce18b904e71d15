//! What a person is told by docket of what came of a hand-over or of a test: what happened, what to do, and what docket does by itself.

use docket::{
    domain::actor::Role,
    proto::v1::{self, credentials::Platform as Secret, integration::Config},
};
use rstest::rstest;
use serde_json::json;

use super::{
    github::{self, Github, ISSUES},
    slack::{self, POST, Slack},
    stand_in::{Act, Reply, StandIn},
    webhook::{Receiver, SECRETS},
};
use crate::support::{database::Kind, server::TestServer};

const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

async fn integrate(server: &TestServer, config: Config, secret: Secret) -> String {
    let request = v1::CreateIntegrationRequest {
        integration: Some(v1::Integration {
            name: "Platform".to_owned(),
            enabled: true,
            config: Some(config),
            ..Default::default()
        }),
        credentials: Some(v1::Credentials {
            platform: Some(secret),
        }),
        ..Default::default()
    };
    let mut integrations = server.integrations(Role::Manager);
    let made = integrations.create_integration(request).await.unwrap();
    made.into_inner().integration.unwrap().id
}

async fn on_github(server: &TestServer, stand_in: &StandIn) -> String {
    let config = v1::GithubConfig {
        owner: "acme".to_owned(),
        repository: "app".to_owned(),
        api_url: stand_in.url.clone(),
        ..Default::default()
    };
    let secret = v1::GithubCredentials {
        token: github::TOKEN.to_owned(),
        ..Default::default()
    };
    integrate(server, Config::Github(config), Secret::Github(secret)).await
}

pub(super) async fn on_slack(server: &TestServer, stand_in: &StandIn, channel: &str) -> String {
    let config = v1::SlackConfig {
        channel: channel.to_owned(),
        api_url: format!("{}/api", stand_in.url),
    };
    let secret = v1::SlackCredentials {
        bot_token: slack::TOKEN.to_owned(),
    };
    integrate(server, Config::Slack(config), Secret::Slack(secret)).await
}

async fn on_webhook(server: &TestServer, stand_in: &StandIn) -> String {
    let config = v1::WebhookConfig {
        url: format!("{}/in?team=ops", stand_in.url),
        headers: [("x-team".to_owned(), "ops".to_owned())].into(),
    };
    let secret = v1::WebhookCredentials {
        secrets: SECRETS.map(str::to_owned).to_vec(),
    };
    integrate(server, Config::Webhook(config), Secret::Webhook(secret)).await
}

/// Files a ticket for the integration.
async fn create(
    server: &TestServer,
    integration: &str,
    description: &str,
) -> v1::IntegrationResult {
    let request = v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            title: "Printer jams".to_owned(),
            description: description.to_owned(),
            integration_id: Some(integration.to_owned()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut tickets = server.tickets(Role::Manager);
    let answer = tickets.create_ticket(request).await.unwrap();
    let ticket = answer.into_inner().ticket.unwrap();
    ticket.integration_result.expect("a result")
}

async fn test(server: &TestServer, integration: &str) -> (String, String) {
    let request = v1::TestIntegrationRequest {
        id: integration.to_owned(),
    };
    let mut integrations = server.integrations(Role::Manager);
    let tested = integrations.test_integration(request).await.unwrap();
    let problem = tested.into_inner().problems.swap_remove(0);
    (problem.message, problem.recommended_action)
}

#[rstest]
#[tokio::test]
async fn a_hand_over_that_nobody_knows_the_end_of_says_where_to_look_and_what_comes_next(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let slack = Slack::start().await;
    let id = on_slack(&server, &slack.stand_in, "#ops").await;
    slack.stand_in.order(POST, Act::DoAndDrop);
    let told = create(&server, &id, "").await.error_message.unwrap();
    assert_eq!(
        told,
        "The ticket may have arrived: look in the Slack channel #ops. The connection to Slack was lost before its answer was complete. \
         docket cannot look for the message itself: the channel is configured by its name, and Slack tells of messages by a channel's id \
         alone. docket does not send the ticket again by itself; if it has not arrived, \
         DispatchTicket, 10 seconds after this or later, sends it again."
    );
    let receiver = Receiver::start().await;
    let mut integrations = server.integrations(Role::Manager);
    let delete = v1::DeleteIntegrationRequest { id, etag: None };
    integrations.delete_integration(delete).await.unwrap();
    let id = on_webhook(&server, &receiver.stand_in).await;
    receiver.stand_in.order("POST", Act::DoAndDrop);
    let told = create(&server, &id, "").await.error_message.unwrap();
    assert_eq!(
        told,
        "The ticket may have arrived: look in what the webhook's receiver 127.0.0.1 has taken. The connection to the webhook's receiver was \
         lost before its answer was complete. If it stays so, have the receiver looked at. While the integration is switched on, docket \
         tries again by itself, and sees to it that nothing is made twice."
    );
    server.stop().await;
}

#[tokio::test]
async fn a_test_speaks_of_the_test_and_not_of_a_ticket() {
    let server = TestServer::start(Kind::Sqlite).await;
    let receiver = Receiver::start().await;
    let id = on_webhook(&server, &receiver.stand_in).await;
    let cases = [
        (
            401,
            "The webhook's receiver refused docket's signature (status 401).",
            "Have the receiver know one of the integration's secrets, then test the integration again.",
        ),
        (
            404,
            "The webhook's receiver does not know the address in the integration's settings (status 404).",
            "Check the address in the integration's settings, and have the receiver looked at, then test the integration again.",
        ),
        (
            503,
            "The webhook's receiver has a problem of its own (status 503).",
            "Test the integration again in a few minutes; if it stays so, have the receiver looked at.",
        ),
    ];
    for (status, message, action) in cases {
        let reply = Reply {
            body: Vec::new(),
            ..Reply::json(status, &json!({}))
        };
        receiver.stand_in.order("POST", Act::Answer(reply));
        let told = test(&server, &id).await;
        assert_eq!(told, (message.to_owned(), action.to_owned()));
    }
    receiver.stand_in.order("POST", Act::Drop);
    let (message, _) = test(&server, &id).await;
    assert_eq!(
        message,
        "The connection to the webhook's receiver was lost before its answer was complete."
    );
    server.stop().await;
}

/// A picture that is part of the text is a file where the platform takes files, and else is told as one that stays.
#[rstest]
#[tokio::test]
async fn a_picture_in_the_text_goes_along_or_is_told_as_left_behind(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let picture = format!("<p>See</p><img alt=\"the jam\" src=\"data:image/png;base64,{PIXEL}\">");
    let slack = Slack::start().await;
    let id = on_slack(&server, &slack.stand_in, "C0123ABCDE").await;
    let told = create(&server, &id, &picture).await.response.unwrap();
    let file = &told.attachments[0];
    assert!(file.success && file.filename == "image-1.png", "{file:?}");
    let posted = slack.messages()[0]["blocks"].to_string();
    assert!(posted.contains("[image-1.png: the jam]"), "{posted}");
    assert_eq!(slack.stand_in.asked_for("/upload/").len(), 1);

    let mut integrations = server.integrations(Role::Manager);
    let delete = v1::DeleteIntegrationRequest { id, etag: None };
    integrations.delete_integration(delete).await.unwrap();
    let github = Github::start().await;
    let id = on_github(&server, &github.stand_in).await;
    let told = create(&server, &id, &picture).await.response.unwrap();
    let file = &told.attachments[0];
    assert!(!file.success && file.filename == "image-1.png", "{file:?}");
    let why = file.error_message.as_deref().unwrap();
    assert!(why.contains("stay in docket"), "{why}");
    assert_eq!(told.attachment_summary.unwrap().failed_uploads, 1);
    let issue = &github.stand_in.asked_for(ISSUES)[0].json();
    let body = issue["body"].as_str().unwrap();
    assert!(body.contains("image-1.png: the jam"), "{body}");
    server.stop().await;
}
