//! Verdicts on files whose bytes are attached elsewhere, too.

use docket::domain::actor::Role;
use rstest::rstest;

use super::{
    scan::{Clamd, EVIL, port, until},
    *,
};
use crate::support::database::Kind;

/// Nobody gets through another attachment what nobody gets through the one that was scanned.
#[rstest]
#[tokio::test]
async fn what_is_found_in_a_file_is_found_in_all_with_its_bytes(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (server, mut tickets, id) = bench(TestServer::start(kind).await).await;
    let before = upload(&mut tickets, header(&id, "before.txt"), EVIL).await;
    let before = before.unwrap();
    assert_eq!(before.scan_status(), v1::ScanStatus::Skipped);
    let other = ticket(&mut tickets).await.id;
    let (address, listener) = port().await;
    let clamd = Clamd::new(100);
    clamd.on_tcp(listener);
    let set = [("SCAN_CLAMD", address.as_str())];
    let server = server.restart_set(&set).await;
    let mut tickets = server.tickets(Role::SeniorEngineer);
    let found = upload(&mut tickets, header(&other, "found.txt"), EVIL).await;
    let found = found.unwrap();
    until(&mut tickets, &other, &found.id, v1::ScanStatus::Infected).await;
    for file in [&before, &found] {
        let refused = download(&mut tickets, &file.id, None).await.unwrap_err();
        assert_eq!(reason(&refused), "ATTACHMENT_INFECTED");
    }
    let request = v1::ListTicketHistoryRequest {
        ticket_id: id.clone(),
        ..Default::default()
    };
    let told = tickets.list_ticket_history(request.clone()).await.unwrap();
    let told = told.into_inner().entries.pop().unwrap();
    assert_eq!(told.old_value.as_deref(), Some("SKIPPED"));
    assert_eq!(told.new_value.as_deref(), Some("INFECTED"));
    // It is known once there is no scanner any more, and the file is deleted, too.
    let server = server.restart_set(&[]).await;
    let mut tickets = server.tickets(Role::SeniorEngineer);
    for file in [&before, &found] {
        delete(&mut tickets, &file.id).await.unwrap();
    }
    let known = upload(&mut tickets, header(&id, "known.txt"), EVIL).await;
    assert_eq!(known.unwrap().scan_status(), v1::ScanStatus::Infected);
    // A scanner that finds nothing in them changes nothing, and the history says why.
    let server = server.restart_set(&[("SCAN_COMMAND", "wc -c")]).await;
    let mut tickets = server.tickets(Role::SeniorEngineer);
    let passed = upload(&mut tickets, header(&id, "passed.txt"), EVIL).await;
    let passed = passed.unwrap();
    until(&mut tickets, &id, &passed.id, v1::ScanStatus::Infected).await;
    let told = tickets.list_ticket_history(request).await.unwrap();
    let told = told.into_inner().entries.pop().unwrap();
    assert_eq!(told.new_value.as_deref(), Some("INFECTED"));
    let metadata = format!("{:?}", told.metadata);
    assert!(
        metadata.contains("another file with the same bytes"),
        "{metadata}"
    );
    server.stop().await;
}
