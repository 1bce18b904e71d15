//! What crashes and uploads that never ended leave behind goes after a day, and nothing else does.

use std::{fs::File, path::Path, time::SystemTime};

use docket::{domain::actor::Role, proto::v1};
use rstest::rstest;

use super::*;
use crate::support::{database::Kind, server::TestClock};

/// A file that was written so many hours ago.
fn leave(folder: &Path, name: &str, hours: u64) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "left").unwrap();
    let written = SystemTime::now() - Duration::from_secs(hours * 3600);
    File::open(&path).unwrap().set_modified(written).unwrap();
}

#[rstest]
#[tokio::test]
async fn files_without_a_row_go_after_a_day(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let clock = TestClock::new();
    let server = TestServer::start_with(kind, clock.clone()).await;
    let (server, mut tickets, id) = bench(server).await;
    let made = upload(&mut tickets, header(&id, "a.txt"), b"precious")
        .await
        .unwrap();
    let kept = stored(&server).await;
    let started = tickets.start_upload(v1::StartUploadRequest {
        ticket_id: id.clone(),
        filename: "b.txt".to_owned(),
        size_bytes: 10,
        ..Default::default()
    });
    let upload_id = started.await.unwrap().into_inner().upload_id;
    let part = v1::UploadChunkRequest {
        upload_id,
        offset: 0,
        data: b"half".as_slice().into(),
    };
    tickets.upload_chunk(part).await.unwrap();
    for (name, hours) in [
        ("sha256/ab/old", 25),
        ("sha256/ab/young", 23),
        ("incoming/old", 26),
        ("incoming/young", 24),
        ("incoming/killed#1", 26),
        ("incoming/writing#1", 24),
        ("parts/killed#2", 26),
    ] {
        leave(server.uploads(), name, hours);
    }
    let server = server.restart(clock.clone()).await;
    until_stored(&server, kept.len() + 4).await;
    let young: Vec<String> = stored(&server)
        .await
        .into_iter()
        .filter(|name| !kept.contains(name) && !name.starts_with("parts/"))
        .collect();
    assert_eq!(
        young,
        ["incoming/writing#1", "incoming/young", "sha256/ab/young"]
    );

    clock.advance(Duration::from_secs(26 * 3600));
    let server = server.restart(clock.clone()).await;
    until_stored(&server, kept.len()).await;
    assert_eq!(stored(&server).await, kept);
    let mut tickets = server.tickets(Role::SeniorEngineer);
    let (_, got) = download(&mut tickets, &made.id, None).await.unwrap();
    assert_eq!(got, b"precious");
    server.stop().await;
}

#[tokio::test]
async fn objects_without_a_row_go_after_a_day() {
    let clock = TestClock::new();
    let server = serving_at(Place::Bucket, clock.clone()).await;
    let (server, mut tickets, id) = bench(server).await;
    let made = upload(&mut tickets, header(&id, "a.txt"), b"precious")
        .await
        .unwrap();
    let kept = stored(&server).await;
    assert_eq!(kept.len(), 1, "{kept:?}");
    for name in ["sha256/ab/old", "incoming/old", "parts/old"] {
        place::leave_object(&server, name).await;
    }
    assert_eq!(stored(&server).await.len(), 4);
    clock.advance(Duration::from_secs(26 * 3600));
    let server = server.restart(clock.clone()).await;
    until_stored(&server, 1).await;
    assert_eq!(stored(&server).await, kept);
    let mut tickets = server.tickets(Role::SeniorEngineer);
    let (_, got) = download(&mut tickets, &made.id, None).await.unwrap();
    assert_eq!(got, b"precious");
    server.stop().await;
}
