//! Whatever happens to a ticket and its integration, every call shows the same result of the hand-over: that of the ledger's latest entry.

use std::{collections::BTreeMap, time::Duration};

use docket::{
    domain::actor::Role,
    proto::v1::{self, DispatchOutcome},
    sandbox::{Action, Fault, Operation},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use rstest::rstest;

use super::bench::{Bench, integrate};
use crate::support::database::Kind;

/// How many things happen in a history, and how many histories there are.
const STEPS: usize = 40;
const SEEDS: [u64; 2] = [1, 2];
const TICKETS: usize = 4;

/// What may go wrong with a create.
fn fault(rng: &mut StdRng) -> Option<Action> {
    Some(match rng.random_range(0..9) {
        0 => Action::status(401),
        1 => Action::status(404),
        2 => Action::status(500),
        3 => Action::DropAfter,
        4 => Action::DropBefore,
        5 => Action::Malformed,
        6 => Action::Throttle {
            retry_after: Some(60),
            reason: None,
        },
        7 => Action::Status {
            status: 400,
            body: Some(serde_json::json!({ "errorMessages": ["no"], "errors": {} })),
            headers: BTreeMap::new(),
        },
        _ => return None,
    })
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn all_calls_show_the_result_of_the_latest_entry(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    for seed in SEEDS {
        println!("{kind:?}, seed {seed}");
        history(kind, seed).await;
    }
}

async fn history(kind: Kind, seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut bench = Bench::set(kind, &[("DISPATCH_DISABLE_AFTER_HOURS", "20")]).await;
    let url = bench.jira.url();
    let mut ids: Vec<String> = Vec::new();
    let mut attempts_seen = 0;
    for step in 0..STEPS {
        if let Some(action) = fault(&mut rng) {
            bench.order(action);
        }
        if rng.random_bool(0.1) {
            let blind = Fault::on(Operation::FetchIssues, Action::status(503));
            bench.jira.order(blind.times(20));
        }
        let some = |rng: &mut StdRng| ids.get(rng.random_range(0..TICKETS)).cloned();
        match (rng.random_range(0..10), some(&mut rng)) {
            (0..=2, _) if ids.len() < TICKETS => {
                let made = bench.create(&format!("Ticket {step}")).await;
                ids.extend(made.ok().map(|ticket| ticket.id));
            }
            (3..=4, Some(id)) => drop(bench.dispatch(&id, None).await),
            (5, Some(id)) => edit(&bench, &id, step).await,
            (6, _) => {
                let enabled = rng.random_bool(0.7);
                bench.switch(enabled).await;
            }
            (7, Some(id)) if rng.random_bool(0.3) => delete(&bench, &id).await,
            (8, _) if rng.random_bool(0.2) => {
                remove(&bench).await;
                let name = format!("Jira {step}");
                bench.integration = integrate(&bench.server, &name, &url).await;
            }
            (8, Some(id)) => {
                let integration = bench.integration.clone();
                drop(bench.dispatch(&id, Some(&integration)).await);
            }
            _ => bench.pass(Duration::from_secs(rng.random_range(1..12 * 3600))),
        }
        attempts_seen = attempts_seen.max(settle(&bench, &ids).await);
        check(&bench, &ids).await;
    }
    assert!(attempts_seen > 3, "the history is no history");
    bench.jira.clear_orders();
    check(&bench, &ids).await;
    for id in &ids {
        // One for each integration that the ticket was pointed at, at the most.
        let marks: Vec<_> = bench
            .jira
            .issues()
            .into_iter()
            .filter_map(|issue| {
                let mark = issue.properties.get("docket")?.clone();
                (mark["ticket"] == **id).then(|| mark["dispatch"].to_string())
            })
            .collect();
        let mut distinct = marks.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(
            marks.len(),
            distinct.len(),
            "a copy too many of {id}: {marks:?}"
        );
    }
}

/// Waits until no attempt is under way; how many there are of the ticket that has most.
async fn settle(bench: &Bench, ids: &[String]) -> usize {
    let mut most = 0;
    for id in ids {
        most = most.max(bench.until_ended(id, 0).await.len());
    }
    most
}

/// Every call against every other, and against the ledger.
async fn check(bench: &Bench, ids: &[String]) {
    let mut admin = bench.server.tickets(Role::Admin);
    let listed = v1::ListTicketsRequest {
        page_size: 100,
        show_deleted: true,
        ..Default::default()
    };
    let listed = admin
        .list_tickets(listed)
        .await
        .unwrap()
        .into_inner()
        .tickets;
    for id in ids {
        // Retries go on by themselves: what is compared has to be of one version.
        let (got, attempts) = loop {
            let before = bench.get(id).await;
            let attempts = bench.until_ended(id, 0).await;
            if bench.get(id).await == before {
                break (before, attempts);
            }
        };
        let shown = got.integration_result.clone();
        if let Some(same) = listed
            .iter()
            .find(|ticket| ticket.id == *id && ticket.etag == got.etag)
        {
            assert_eq!(same, &got, "list and get");
        }
        if got.delete_time.is_none() {
            let request = v1::BatchGetTicketsRequest {
                ids: vec![id.clone()],
            };
            let batch = admin.batch_get_tickets(request).await.unwrap().into_inner();
            if batch.tickets[0].etag == got.etag {
                assert_eq!(batch.tickets[0], got, "batch and get");
            }
            let watched = watched(&mut admin, id).await;
            if watched.etag == got.etag {
                assert_eq!(watched, got, "watch and get");
            }
        }
        if got.delete_time.is_some() {
            // Its ledger is out of sight, as it is itself.
            continue;
        }
        let latest = attempts
            .iter()
            .rev()
            .find(|attempt| attempt.latency.is_some());
        let Some(latest) = latest else {
            assert_eq!(shown, None);
            continue;
        };
        let shown = shown.expect("a result");
        let created = latest.outcome() == DispatchOutcome::Created;
        assert_eq!(shown.success, created, "{attempts:?}");
        assert_eq!(shown.integration_id, latest.integration_id);
        assert_eq!(shown.error_message, latest.error_message);
        assert_eq!(shown.external_ticket_id.is_some(), created);
        assert_eq!(shown.response.is_some(), created);
    }
}

/// The ticket as the latest event about it shows it.
async fn watched(tickets: &mut crate::support::server::Tickets, id: &str) -> v1::Ticket {
    let history = v1::ListTicketHistoryRequest {
        ticket_id: id.to_owned(),
        page_size: 100,
        ..Default::default()
    };
    let history = tickets
        .list_ticket_history(history)
        .await
        .unwrap()
        .into_inner();
    let last = history.entries.last().unwrap().sequence;
    let request = v1::WatchTicketsRequest {
        after_sequence: Some(last - 1),
        ..Default::default()
    };
    let mut stream = tickets.watch_tickets(request).await.unwrap().into_inner();
    loop {
        let message = tokio::time::timeout(Duration::from_secs(30), stream.message()).await;
        let message = message.expect("in time").unwrap().unwrap();
        if let Some(ticket) = message.ticket.filter(|ticket| ticket.id == id) {
            return ticket;
        }
    }
}

async fn edit(bench: &Bench, id: &str, step: usize) {
    let request = v1::UpdateTicketRequest {
        ticket: Some(v1::Ticket {
            id: id.to_owned(),
            title: format!("Changed at {step}"),
            ..Default::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["title".to_owned()],
        }),
        ..Default::default()
    };
    let before = bench.get(id).await;
    if let Ok(answer) = bench.tickets().update_ticket(request).await {
        let after = answer.into_inner().ticket.unwrap();
        if bench.get(id).await.etag == after.etag && before.delete_time.is_none() {
            assert_eq!(bench.get(id).await, after, "update and get");
        }
    }
}

async fn delete(bench: &Bench, id: &str) {
    let request = v1::DeleteTicketRequest {
        id: id.to_owned(),
        ..Default::default()
    };
    let mut admin = bench.server.tickets(Role::Admin);
    drop(admin.delete_ticket(request).await);
}

async fn remove(bench: &Bench) {
    let request = v1::DeleteIntegrationRequest {
        id: bench.integration.clone(),
        ..Default::default()
    };
    let mut integrations = bench.server.integrations(Role::Manager);
    drop(integrations.delete_integration(request).await);
}
