//! A webhook that is sent again: the same message to the byte for as long as an earlier one may have been taken.

use std::{sync::Arc, time::Duration};

use docket::{
    domain::actor::Role,
    proto::v1::{self, DispatchOutcome},
    worker::Settings,
};
use rstest::rstest;
use serde_json::json;

use super::{
    gone::integrate,
    inbound::get,
    stand_in::{Act, Reply, StandIn},
};
use crate::{
    attachments::{
        header,
        scan::{Clamd, EVIL, port, until},
        upload,
    },
    export::SteppingClock,
    support::{database::Kind, eventually, server::TestServer},
};

struct Bench {
    server: TestServer,
    clock: Arc<SteppingClock>,
    receiver: StandIn,
    integration: String,
}

impl Bench {
    async fn new(kind: Kind, set: &[(&str, &str)]) -> Self {
        let clock = SteppingClock::new();
        let workers = Settings {
            sweep: Duration::from_millis(50),
            lease: Duration::from_secs(30 * 24 * 3600),
            ..Settings::default()
        };
        let server = TestServer::start_all(kind, set, clock.clone(), workers).await;
        let receiver = StandIn::start(|_| Reply::json(202, &json!({}))).await;
        let integration = integrate(&server, &receiver.url).await;
        Self {
            server,
            clock,
            receiver,
            integration,
        }
    }

    async fn create(&self, integration: Option<&str>) -> v1::Ticket {
        let request = v1::CreateTicketRequest {
            ticket: Some(v1::Ticket {
                title: "Printer jams".to_owned(),
                integration_id: integration.map(str::to_owned),
                ..Default::default()
            }),
            ..Default::default()
        };
        let mut tickets = self.server.tickets(Role::Manager);
        let answer = tickets.create_ticket(request).await.unwrap();
        answer.into_inner().ticket.unwrap()
    }

    async fn rename(&self, id: &str, title: &str) {
        let request = v1::UpdateTicketRequest {
            ticket: Some(v1::Ticket {
                id: id.to_owned(),
                title: title.to_owned(),
                ..Default::default()
            }),
            update_mask: Some(prost_types::FieldMask {
                paths: vec!["title".to_owned()],
            }),
            ..Default::default()
        };
        let mut tickets = self.server.tickets(Role::Manager);
        tickets.update_ticket(request).await.unwrap();
    }

    async fn dispatch(&self, id: &str) -> v1::Ticket {
        let request = v1::DispatchTicketRequest {
            id: id.to_owned(),
            integration_id: Some(self.integration.clone()),
            request_id: None,
        };
        let mut tickets = self.server.tickets(Role::Manager);
        let answer = tickets.dispatch_ticket(request).await.unwrap();
        answer.into_inner().ticket.unwrap()
    }

    /// The ledger, latest attempt first.
    async fn attempts(&self, id: &str) -> Vec<v1::DispatchAttempt> {
        let request = v1::ListDispatchAttemptsRequest {
            ticket_id: id.to_owned(),
            ..Default::default()
        };
        let mut tickets = self.server.tickets(Role::Manager);
        let listed = tickets.list_dispatch_attempts(request).await.unwrap();
        listed.into_inner().attempts
    }

    fn refuse(&self, status: u16) {
        let refused = Act::Answer(Reply::json(status, &json!({})));
        self.receiver.order("POST", refused);
    }
}

#[rstest]
#[tokio::test]
async fn what_may_have_been_taken_is_sent_again_as_it_was_whatever_became_of_its_ticket(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, &[]).await;
    bench.receiver.order("POST", Act::DoAndDrop);
    let ticket = bench.create(Some(&bench.integration)).await;
    bench.rename(&ticket.id, "Printer burns").await;
    // A refusal says nothing of the message before it.
    bench.refuse(401);
    let refused = bench.dispatch(&ticket.id).await;
    let why = refused.integration_result.unwrap().error_message.unwrap();
    assert!(why.starts_with("The ticket may have arrived"), "{why}");
    bench.rename(&ticket.id, "Printer is ash").await;
    bench.clock.advance(Duration::from_secs(7));
    eventually("it is sent again by itself", async || {
        let now = get(&bench.server, &ticket.id).await;
        now.integration_result.unwrap().success
    })
    .await;
    let asked = bench.receiver.asked();
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[0].json()["data"]["title"], "Printer jams");
    for again in &asked[1..] {
        assert_eq!(again.header("webhook-id"), asked[0].header("webhook-id"));
        assert!(again.body == asked[0].body, "{:?}", again.json());
    }
    bench.server.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_was_not_taken_for_certain_is_sent_again_as_the_ticket_is_by_then(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, &[]).await;
    bench.refuse(401);
    let ticket = bench.create(Some(&bench.integration)).await;
    bench.rename(&ticket.id, "Printer burns").await;
    assert_eq!(
        bench.attempts(&ticket.id).await[0].outcome(),
        DispatchOutcome::RetryLater
    );
    bench.dispatch(&ticket.id).await;
    let asked = bench.receiver.asked();
    assert_eq!(asked[1].json()["data"]["title"], "Printer burns");
    bench.server.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_receiver_is_told_of_no_infected_file_and_is_not_sent_the_message_for_files_again(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (address, listener) = port().await;
    let clamd = Clamd::new(2);
    clamd.on_tcp(listener);
    let bench = Bench::new(kind, &[("SCAN_CLAMD", &address)]).await;
    let ticket = bench.create(None).await;
    let mut tickets = bench.server.tickets(Role::Manager);
    for (name, bytes, verdict) in [
        ("good.txt", b"good".as_slice(), v1::ScanStatus::Clean),
        ("evil.txt", EVIL, v1::ScanStatus::Infected),
    ] {
        let made = upload(&mut tickets, header(&ticket.id, name), bytes).await;
        until(&mut tickets, &ticket.id, &made.unwrap().id, verdict).await;
    }
    bench.dispatch(&ticket.id).await;
    let asked = bench.receiver.asked();
    let told = asked[0].json()["data"]["attachments"].clone();
    let told = told.as_array().unwrap();
    assert_eq!((told.len(), &told[0]["filename"]), (1, &json!("good.txt")));
    bench.dispatch(&ticket.id).await;
    assert_eq!(bench.attempts(&ticket.id).await.len(), 1);
    assert_eq!(bench.receiver.asked().len(), 1);
    bench.server.stop().await;
}
