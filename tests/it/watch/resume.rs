//! Resuming: across reconnects while others write, restarts, and replicas.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use docket::{app::clock::SystemClock, db::history_feed, domain::actor::Role, proto::v1};
use futures::future::join_all;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use rstest::rstest;

use super::{Watcher, comment, filed};
use crate::support::{
    database::Kind,
    server::{TestServer, Tickets},
};

/// Files tickets and talks about them.
async fn write(server: &TestServer, name: &str, count: usize) {
    let mut tickets = server.tickets((name, Role::SeniorEngineer));
    for index in 0..count {
        let ticket = filed(
            server,
            (name, Role::SeniorEngineer),
            &format!("{name} {index}"),
        )
        .await;
        comment(&mut tickets, &ticket, v1::CommentVisibility::Public).await;
    }
}

/// All numbers behind `after`, by a watcher that leaves after a few messages and comes back, until `end` is true and it has `last`.
async fn follow(
    mut tickets: Vec<Tickets>,
    after: i64,
    done: Arc<AtomicBool>,
    last: impl AsyncFn() -> i64,
    seed: u64,
) -> Vec<i64> {
    let (mut seen, mut place, mut random) = (Vec::new(), after, StdRng::seed_from_u64(seed));
    loop {
        let replica = random.random_range(0..tickets.len());
        let mut watcher = Watcher::behind(&mut tickets[replica], Some(place)).await;
        for _ in 0..random.random_range(1..12) {
            // Read before the last number: what is written in between is not missed.
            let is_done = done.load(Ordering::SeqCst);
            if is_done && place >= last().await {
                return seen;
            }
            let message = watcher.message().await.unwrap().unwrap();
            assert!(message.sequence >= place, "it never falls");
            if message.history_entry.is_some() {
                assert!(message.sequence > place, "nothing comes twice");
                seen.push(message.sequence);
            }
            place = message.sequence;
        }
    }
}

/// Writers on every server while watchers come and go, on every server too.
async fn all_see_all(servers: &[TestServer]) {
    let first = &servers[0];
    filed(first, Role::SeniorEngineer, "Before").await;
    let rows = first.database().read();
    let after = history_feed::last(rows).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let last = async || history_feed::last(rows).await.unwrap();
    let watchers = (0..4).map(|seed| {
        let tickets = servers
            .iter()
            .map(|server| server.tickets(Role::Admin))
            .collect();
        follow(tickets, after, Arc::clone(&done), last, seed)
    });
    let writing = async {
        let writers = (0..6).map(|n| {
            let server = &servers[n % servers.len()];
            async move { write(server, &format!("writer{n}"), 8).await }
        });
        join_all(writers).await;
        done.store(true, Ordering::SeqCst);
    };
    let (watched, ()) = tokio::join!(join_all(watchers), writing);
    let rows = history_feed::between(rows, after, i64::MAX, 10_000)
        .await
        .unwrap();
    let expected: Vec<i64> = rows.iter().map(|row| row.sequence).collect();
    assert!(expected.len() >= 6 * 8 * 2);
    for seen in watched {
        assert_eq!(seen, expected);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn every_event_comes_once_and_in_order_while_others_write(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    all_see_all(&[server]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_comes_once_and_in_order_from_two_replicas() {
    let one = TestServer::start(Kind::Postgres).await;
    let two = one.replica().await;
    all_see_all(&[one, two]).await;
}

#[rstest]
#[tokio::test]
async fn a_watcher_goes_on_after_a_restart(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let server = TestServer::start(kind).await;
    let mut watcher = Watcher::behind(&mut server.tickets(Role::Admin), None).await;
    let begin = watcher.position().await;
    let ticket = filed(&server, Role::Admin, "One").await;
    let seen = watcher.event().await;
    assert_eq!((&seen.ticket_id, seen.sequence > begin), (&ticket.id, true));
    comment(
        &mut server.tickets(Role::Admin),
        &ticket,
        v1::CommentVisibility::Internal,
    )
    .await;
    let server = server.restart(Arc::new(SystemClock)).await;
    filed(&server, Role::Admin, "Two").await;
    let mut watcher = Watcher::behind(&mut server.tickets(Role::Admin), Some(seen.sequence)).await;
    assert_eq!(watcher.position().await, seen.sequence);
    let (missed, new) = (watcher.event().await, watcher.event().await);
    assert_eq!(missed.event_type(), v1::HistoryEventType::CommentAdded);
    assert_eq!(new.event_type(), v1::HistoryEventType::Created);
    let mut all = Watcher::behind(&mut server.tickets(Role::Admin), Some(0)).await;
    assert_eq!(all.event().await, seen);
    assert_eq!(all.event().await, missed);
    assert_eq!(all.event().await, new);
}
