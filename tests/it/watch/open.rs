//! Where a watch begins, and transactions that are open for long, on PostgreSQL: lower numbers that are committed after higher ones.

use docket::{
    db::history::{self, Entry},
    domain::{actor::Role, history::HistoryEventType, ids::UserId},
};
use rstest::rstest;
use sea_orm::TransactionTrait as _;
use serde_json::json;

use super::{Watcher, filed};
use crate::support::{database::Kind, server::TestServer};

#[rstest]
#[case::committed(true)]
#[case::taken_back(false)]
#[tokio::test]
async fn an_open_transaction_holds_back_what_follows_and_nothing_is_skipped(#[case] commits: bool) {
    let server = TestServer::start(Kind::Postgres).await;
    let mut admin = server.tickets(Role::Admin);
    let ticket = filed(&server, Role::Admin, "Held").await;
    let mut watcher = Watcher::behind(&mut admin, None).await;
    watcher.position().await;
    let open = server.database().read().begin().await.unwrap();
    let entry = Entry::event(
        ticket.id.parse().unwrap(),
        HistoryEventType::Updated,
        UserId("admin".to_owned()),
        None,
        json!({}),
        chrono::Utc::now(),
    );
    history::append(&open, vec![entry]).await.unwrap();
    let mut expected = Vec::new();
    for index in 0..20 {
        expected.push(
            filed(&server, Role::Admin, &format!("After {index}"))
                .await
                .id,
        );
    }
    // One who comes meanwhile waits for the same transaction and sees the same.
    let mut late = Watcher::behind(&mut admin, None).await;
    let before = late.position().await;
    match commits {
        true => {
            open.commit().await.unwrap();
            expected.insert(0, ticket.id);
        }
        false => open.rollback().await.unwrap(),
    }
    let mut last = before;
    for id in expected {
        let event = watcher.event().await;
        assert_eq!(event.ticket_id, id);
        assert!(event.sequence > last);
        last = event.sequence;
        assert_eq!(late.event().await, event);
    }
}

#[rstest]
#[tokio::test]
async fn what_is_written_once_a_watch_is_open_is_told(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut admin = server.tickets(Role::Admin);
    // The first of all, for which the feed only begins.
    let mut watcher = Watcher::behind(&mut admin, None).await;
    let ticket = filed(&server, Role::Admin, "Early").await;
    let place = watcher.position().await;
    let event = watcher.event().await;
    assert_eq!(event.ticket_id, ticket.id);
    assert!(event.sequence > place);
}
