//! A database and the settings of the processes that work on it, for tests of single tickets.

use std::{future::Future, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use docket::proto::v1;
use tokio::time::{Instant, sleep};
use tonic::service::interceptor::InterceptedService;
use uuid::Uuid;

use super::{
    bench::{admin, start},
    process::Docket,
};
use crate::support::{
    database::{Kind, TestDatabase},
    server::{Bearer, Integrations, Tickets},
};

/// How long the last ticket may take: a look for what an interrupted send may have made goes on for half a minute.
const SOON: Duration = Duration::from_secs(90);

/// Everything but the processes and the platform.
pub(super) struct Office {
    pub(super) database: TestDatabase,
    settings: Vec<(&'static str, String)>,
    pub(super) bearer: Bearer,
}

impl Office {
    /// With a first process that ends itself at this place.
    pub(super) async fn open(kind: Kind, place: Option<&str>) -> (Self, Docket) {
        let database = TestDatabase::empty(kind).await;
        let secret = format!("{}{}", Uuid::new_v4(), Uuid::new_v4());
        let folder = database.folder().display().to_string();
        let mut settings = vec![
            ("DATA_DIR", format!("{folder}/data")),
            ("DATABASE_URL", database.url.clone()),
            ("JWT_SECRET_KEY", secret.clone()),
            (
                "CREDENTIALS_KEY",
                STANDARD.encode(rand::random::<[u8; 32]>()),
            ),
            ("OUTBOUND_ALLOW", "127.0.0.0/8".to_owned()),
            ("EXPORT_LEASE_SECONDS", "2".to_owned()),
            // Longer than a process is held up for: what it waits for is there when it goes on.
            ("OUTBOUND_TIMEOUT_SECONDS", "120".to_owned()),
        ];
        if let Some(place) = place {
            settings.push(("FAILPOINTS", format!("dispatch.{place}=1*return")));
        }
        let process = start(&settings).await;
        settings.retain(|(name, _)| *name != "FAILPOINTS");
        let bearer = Bearer::new(&admin(&secret));
        let office = Self {
            database,
            settings,
            bearer,
        };
        (office, process)
    }

    /// One more process.
    pub(super) async fn process(&self) -> Docket {
        start(&self.settings).await
    }

    pub(super) fn tickets(&self, process: &Docket) -> Tickets {
        Tickets::new(InterceptedService::new(
            process.channel(),
            self.bearer.clone(),
        ))
    }

    pub(super) fn integrations(&self, process: &Docket) -> Integrations {
        Integrations::new(InterceptedService::new(
            process.channel(),
            self.bearer.clone(),
        ))
    }

    /// The ticket once it has arrived.
    pub(super) async fn arrived(&self, process: &Docket, id: &str) -> v1::Ticket {
        let give_up = Instant::now() + SOON;
        let mut tickets = self.tickets(process);
        loop {
            // First, so that nothing is under way any more when the ticket is read.
            let open = ledger(&mut tickets, id)
                .await
                .iter()
                .any(|row| row.latency.is_none());
            let request = v1::GetTicketRequest {
                id: Some(id.to_owned()),
                number: None,
            };
            let got = tickets.get_ticket(request).await.expect("it is there");
            let ticket = got.into_inner().ticket.expect("a ticket");
            let result = ticket.integration_result.as_ref();
            if result.is_some_and(|result| result.success) && !open {
                return ticket;
            }
            assert!(Instant::now() < give_up, "it does not arrive: {result:?}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Files tickets for the integration, and kills the process each time at the moment that `reach` waits for; then asks again, as a
    /// client does that got no answer. The tickets' ids, and how many hand-overs another process has gone on with.
    pub(super) async fn kill_between<F: Future<Output = ()>>(
        &self,
        mut process: Docket,
        integration: &str,
        kills: u32,
        mut reach: impl FnMut() -> F,
    ) -> (Docket, Vec<String>, usize) {
        let mut ids: Vec<String> = Vec::new();
        for kill in 0..kills {
            let request = a_ticket(&format!("Ticket {kill}"), Some(integration));
            let moment = reach();
            let mut tickets = self.tickets(&process);
            let call = tokio::spawn({
                let request = request.clone();
                async move { tickets.create_ticket(request).await }
            });
            moment.await;
            process.kill();
            drop(call.await);
            process = self.process().await;
            let again = self.tickets(&process).create_ticket(request).await;
            let ticket = again.expect("an answer").into_inner().ticket;
            ids.push(ticket.expect("a ticket").id);
            // What is cut short more often than this waits for minutes.
            if (kill + 1) % SETTLE == 0 {
                for id in &ids {
                    self.arrived(&process, id).await;
                }
            }
        }
        let mut recovered = 0;
        for id in &ids {
            self.arrived(&process, id).await;
            let rows = ledger(&mut self.tickets(&process), id).await;
            recovered += usize::from(rows.len() > 1);
        }
        (process, ids, recovered)
    }
}

/// After how many kills all tickets are waited for.
const SETTLE: u32 = 6;

/// A ticket's ledger, first attempt first.
pub(super) async fn ledger(tickets: &mut Tickets, id: &str) -> Vec<v1::DispatchAttempt> {
    let request = v1::ListDispatchAttemptsRequest {
        ticket_id: id.to_owned(),
        page_size: 100,
        ..Default::default()
    };
    let listed = tickets.list_dispatch_attempts(request).await;
    let mut rows = listed.expect("a ledger").into_inner().attempts;
    rows.reverse();
    rows
}

pub(super) fn a_ticket(title: &str, integration: Option<&str>) -> v1::CreateTicketRequest {
    v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            title: title.to_owned(),
            integration_id: integration.map(str::to_owned),
            ..Default::default()
        }),
        request_id: Some(Uuid::new_v4().to_string()),
        ..Default::default()
    }
}
