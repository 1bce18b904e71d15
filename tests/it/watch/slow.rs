//! A watcher that reads more slowly than events come is told so, and where to go on.

use docket::{
    db::history::{self, Entry},
    domain::{actor::Role, history::HistoryEventType, ids::UserId},
    proto::v1,
};
use rstest::rstest;
use serde_json::json;
use tonic::Code;
use tonic_types::StatusExt as _;

use super::{Watcher, comment, filed};
use crate::support::{database::Kind, server::TestServer};

/// So many times so many events of that many bytes are more than the server keeps and the connection holds.
const ROUNDS: usize = 40;
const EVENTS: usize = 11;
const BYTES: usize = 100 * 1024;
const ALL: usize = ROUNDS * EVENTS;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_is_ended_and_goes_on_without_a_gap(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let mut admin = server.tickets(Role::Admin);
    let ticket = filed(&server, Role::Admin, "Long").await;
    let (mut slow, mut quick) = (
        Watcher::behind(&mut admin, None).await,
        Watcher::behind(&mut server.tickets(("q", Role::Admin)), None).await,
    );
    let mut place = slow.position().await;
    quick.position().await;
    for _ in 0..ROUNDS {
        let id = ticket.id.parse().unwrap();
        let write = server.database().write(move |tx| {
            let entry = Entry {
                field: Some("description".to_owned()),
                new_value: Some("x".repeat(BYTES)),
                ..Entry::event(
                    id,
                    HistoryEventType::Updated,
                    UserId("admin".to_owned()),
                    None,
                    json!({}),
                    chrono::Utc::now(),
                )
            };
            Box::pin(async move { history::append(tx, vec![entry; EVENTS - 1]).await })
        });
        write.await.unwrap();
        // By the server itself, which so looks at once.
        comment(&mut admin, &ticket, v1::CommentVisibility::Public).await;
        // Who reads is not let go.
        quick.kinds(EVENTS).await;
    }
    let mut seen = 0;
    let status = loop {
        match slow.message().await {
            Ok(message) => {
                let message = message.expect("it does not just end");
                place = message.sequence;
                seen += usize::from(message.history_entry.is_some());
            }
            Err(status) => break status,
        }
    };
    assert_eq!(status.code(), Code::ResourceExhausted);
    let details = status.get_error_details();
    let info = details.error_info().unwrap();
    assert_eq!(info.reason, "WATCH_TOO_SLOW");
    assert_eq!(info.metadata["sequence"], place.to_string());
    assert!(details.retry_info().is_some());
    assert!(seen < ALL);
    let mut again = Watcher::behind(&mut admin, Some(place)).await;
    assert_eq!(again.kinds(ALL - seen).await.len(), ALL - seen);
    let after = filed(&server, Role::Admin, "After").await;
    assert_eq!(again.event().await.ticket_id, after.id);
}
