//! What a platform's wish to be left alone outlives, and what it does not: somebody's word stands through it, and a new account is not held
//! to what the one before it was told.

use std::{sync::Arc, time::Duration};

use docket::{
    app::clock::Clock as _,
    domain::actor::Role,
    proto::v1::{
        self, DispatchOutcome, DispatchTrigger, IntegrationStatus, credentials::Platform as Secret,
    },
    worker::Settings,
};
use rstest::rstest;
use serde_json::json;
use tokio::sync::Notify;

use super::{
    gone::integrate,
    inbound::get,
    slack::{CHANNEL, POST, Slack},
    stand_in::{Act, Reply, StandIn},
    told::on_slack,
    webhook::SECRETS,
};
use crate::{
    attachments::{header, upload},
    dispatch::held::replay,
    export::SteppingClock,
    support::{database::Kind, eventually, server::TestServer},
};

/// For how long platforms ask to wait here.
const HOUR: u64 = 3600;

async fn serve(kind: Kind, set: &[(&str, &str)]) -> (TestServer, Arc<SteppingClock>) {
    let clock = SteppingClock::new();
    let workers = Settings {
        sweep: Duration::from_millis(50),
        lease: Duration::from_secs(30 * 24 * 3600),
        ..Settings::default()
    };
    let server = TestServer::start_all(kind, set, clock.clone(), workers).await;
    (server, clock)
}

async fn create(server: &TestServer, integration: &str) -> v1::Ticket {
    let request = v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            title: "Printer jams".to_owned(),
            integration_id: Some(integration.to_owned()),
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut tickets = server.tickets(Role::Manager);
    let answer = tickets.create_ticket(request).await.unwrap();
    answer.into_inner().ticket.unwrap()
}

fn throttled() -> Reply {
    Reply::json(429, &json!({})).with("retry-after", HOUR)
}

/// What caused each attempt and what came of it, first attempt first.
async fn told(server: &TestServer, id: &str) -> Vec<(DispatchTrigger, DispatchOutcome)> {
    let request = v1::ListDispatchAttemptsRequest {
        ticket_id: id.to_owned(),
        ..Default::default()
    };
    let mut tickets = server.tickets(Role::Manager);
    let listed = tickets.list_dispatch_attempts(request).await.unwrap();
    let attempts = listed.into_inner().attempts;
    let told = attempts.iter().map(|row| (row.trigger(), row.outcome()));
    told.rev().collect()
}

#[rstest]
#[tokio::test]
async fn somebodys_word_to_send_it_again_stands_while_the_platform_asks_to_wait(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (server, clock) = serve(kind, &[]).await;
    let slack = Slack::start().await;
    // By its name alone docket cannot look for the message.
    let id = on_slack(&server, &slack.stand_in, "#ops").await;
    slack.stand_in.order(POST, Act::Drop);
    let ticket = create(&server, &id).await;
    slack.stand_in.order(POST, Act::Answer(throttled()));
    create(&server, &id).await;

    // A client that repeats its call is not somebody who has looked, however often it does so while the platform asks to wait.
    for _ in 0..4 {
        clock.advance(Duration::from_secs(6));
        ask_in_vain(&server, &ticket.id).await;
    }
    clock.advance(Duration::from_secs(HOUR + 1));
    let mut expected = vec![(DispatchTrigger::Create, DispatchOutcome::Uncertain)];
    expected.extend([(DispatchTrigger::Request, DispatchOutcome::Uncertain); 4]);
    expected.push((DispatchTrigger::Retry, DispatchOutcome::Uncertain));
    eventually("it is told again", async || {
        // The other ticket goes out meanwhile.
        let sent = slack.stand_in.asked_for(POST).len();
        sent == 3 && told(&server, &ticket.id).await == expected
    })
    .await;
    assert_eq!(slack.messages().len(), 1, "the other ticket's");

    // Somebody who has read it is, and their word is kept.
    clock.advance(Duration::from_secs(10));
    slack.stand_in.order(POST, Act::Answer(throttled()));
    create(&server, &id).await;
    ask_in_vain(&server, &ticket.id).await;
    assert_eq!(slack.stand_in.asked_for(POST).len(), 4);
    clock.advance(Duration::from_secs(HOUR + 1));
    eventually("it is sent again", async || {
        let now = get(&server, &ticket.id).await;
        now.integration_result.unwrap().success
    })
    .await;
    expected.extend([
        (DispatchTrigger::Request, DispatchOutcome::Uncertain),
        (DispatchTrigger::Request, DispatchOutcome::Created),
    ]);
    assert_eq!(told(&server, &ticket.id).await, expected);
    server.stop().await;
}

/// Asks for a ticket to be handed over while its platform asks to wait.
async fn ask_in_vain(server: &TestServer, id: &str) {
    let request = v1::DispatchTicketRequest {
        id: id.to_owned(),
        ..Default::default()
    };
    let mut tickets = server.tickets(Role::Manager);
    let asked = tickets.dispatch_ticket(request).await.unwrap();
    let result = asked.into_inner().ticket.unwrap().integration_result;
    let why = result.unwrap().error_message.unwrap();
    assert!(why.contains("has asked docket to wait"), "{why}");
}

/// Nobody's word stands for what they were not told.
#[rstest]
#[tokio::test]
async fn what_cannot_be_looked_for_is_told_before_it_is_sent_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (server, clock) = serve(kind, &[]).await;
    let slack = Slack::start().await;
    let id = on_slack(&server, &slack.stand_in, CHANNEL).await;
    slack.stand_in.order(POST, Act::DoAndDrop);
    for _ in 0..6 {
        let ill = Act::Answer(Reply::json(503, &json!({})));
        slack.stand_in.order("conversations.history", ill);
    }
    let ticket = create(&server, &id).await;
    eventually("the looks are over", async || {
        let told = told(&server, &ticket.id).await;
        told == [(DispatchTrigger::Create, DispatchOutcome::Uncertain)]
    })
    .await;
    slack.forbid_reading();
    let mut tickets = server.tickets(Role::Manager);
    let mut dispatch = async || {
        let request = v1::DispatchTicketRequest {
            id: ticket.id.clone(),
            ..Default::default()
        };
        let sent = tickets.dispatch_ticket(request).await.unwrap();
        sent.into_inner()
            .ticket
            .unwrap()
            .integration_result
            .unwrap()
    };
    let why = dispatch().await.error_message.unwrap();
    assert!(why.contains("may not read the channel"), "{why}");
    // Neither an administrator's word for all tickets nor a client that repeats its call is that of somebody who has looked.
    assert_eq!(replay(&server, clock.now()).await, 1);
    eventually("it is told again", async || {
        let told = told(&server, &ticket.id).await;
        told.len() == 3 && told[2] == (DispatchTrigger::Retry, DispatchOutcome::Uncertain)
    })
    .await;
    // However often it does so.
    for _ in 0..3 {
        clock.advance(Duration::from_secs(9));
        assert!(!dispatch().await.success);
    }
    assert_eq!(slack.messages().len(), 1);
    // That docket has asked again by itself holds nobody up who has looked.
    clock.advance(Duration::from_secs(9));
    assert_eq!(replay(&server, clock.now()).await, 1);
    eventually("it is told once more", async || {
        let told = told(&server, &ticket.id).await;
        told.len() == 7 && told[6] == (DispatchTrigger::Retry, DispatchOutcome::Uncertain)
    })
    .await;
    clock.advance(Duration::from_secs(1));
    assert!(dispatch().await.success);
    assert_eq!(slack.messages().len(), 2);
    server.stop().await;
}

/// The right to read is good for nothing but to look for what is in doubt.
#[rstest]
#[tokio::test]
async fn files_follow_their_message_also_where_docket_may_not_read_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (server, _clock) = serve(kind, &[]).await;
    let slack = Slack::start().await;
    slack.forbid_reading();
    let id = on_slack(&server, &slack.stand_in, CHANNEL).await;
    let ticket = create(&server, &id).await;
    let mut tickets = server.tickets(Role::Manager);
    let made = upload(&mut tickets, header(&ticket.id, "a.txt"), b"one").await;
    made.unwrap();
    let request = v1::DispatchTicketRequest {
        id: ticket.id,
        ..Default::default()
    };
    let asked = tickets.dispatch_ticket(request).await.unwrap();
    let result = asked.into_inner().ticket.unwrap().integration_result;
    let files = result.unwrap().response.unwrap().attachments;
    assert!(files[0].success, "{files:?}");
    assert_eq!(slack.files(), ["a.txt"]);
    server.stop().await;
}

#[rstest]
#[case::asked_to_wait(throttled())]
#[case::gone(Reply::json(410, &json!({})))]
#[tokio::test]
async fn what_the_account_before_it_was_answered_does_not_count_for_the_new_one(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] late: Reply,
) {
    let impatient = [
        ("DISPATCH_WAIT_SECONDS", "0"),
        ("OUTBOUND_TIMEOUT_SECONDS", "300"),
    ];
    let (server, _clock) = serve(kind, &impatient).await;
    let receiver = StandIn::start(|_| Reply::json(202, &json!({}))).await;
    let id = integrate(&server, &receiver.url).await;
    let answer = Arc::new(Notify::new());
    receiver.order("POST", Act::AnswerWhen(late, Arc::clone(&answer)));
    let first = create(&server, &id).await;
    eventually("it is on its way", async || receiver.asked().len() == 1).await;
    let update = v1::UpdateIntegrationRequest {
        integration: Some(v1::Integration {
            id: id.clone(),
            ..Default::default()
        }),
        credentials: Some(v1::Credentials {
            platform: Some(Secret::Webhook(v1::WebhookCredentials {
                secrets: vec![SECRETS[1].to_owned()],
            })),
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["credentials".to_owned()],
        }),
        ..Default::default()
    };
    let mut integrations = server.integrations(Role::Manager);
    integrations.update_integration(update).await.unwrap();
    answer.notify_one();
    eventually("it is answered", async || {
        told(&server, &first.id).await[0].1 != DispatchOutcome::Unspecified
    })
    .await;

    let read = v1::GetIntegrationRequest { id: id.clone() };
    let now = integrations.get_integration(read).await.unwrap();
    let now = now.into_inner().integration.unwrap();
    assert!(now.enabled && now.status() == IntegrationStatus::Pending);
    let second = create(&server, &id).await;
    eventually("the new account is not asked to wait", async || {
        let now = get(&server, &second.id).await;
        now.integration_result.is_some_and(|result| result.success)
    })
    .await;
    server.stop().await;
}
