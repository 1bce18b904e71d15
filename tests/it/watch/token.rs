//! A watch ends with the token that it was opened with.

use docket::domain::actor::Role;
use rstest::rstest;
use tonic::Code;

use super::*;
use crate::support::database::Kind;

/// How much longer the token is good for: enough to open the watch with.
const LEFT: Duration = Duration::from_secs(4);

#[rstest]
#[tokio::test]
async fn a_watch_ends_with_its_token_and_a_new_one_goes_on(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    // With somebody watching, the next one begins at once; the first may have to wait for what others do on the same PostgreSQL.
    let mut first = Watcher::behind(&mut server.tickets(Role::Admin), None).await;
    first.position().await;
    let mut tickets = server.tickets_for(Role::Admin, LEFT);
    let mut watcher = Watcher::behind(&mut tickets, None).await;
    let place = watcher.position().await;
    let ended = loop {
        match watcher.message().await {
            Ok(told) => assert!(told.is_some(), "it does not end as if all were told"),
            Err(status) => break status,
        }
    };
    assert_eq!(ended.code(), Code::Unauthenticated);
    let ticket = filed(&server, Role::Admin, "told to the next").await;
    let mut tickets = server.tickets(Role::Admin);
    let mut watcher = Watcher::behind(&mut tickets, Some(place)).await;
    assert_eq!(watcher.event().await.ticket_id, ticket.id);
}
