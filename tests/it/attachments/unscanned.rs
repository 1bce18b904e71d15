//! Scans that come to nothing: they leave no wrong verdict, stand in nobody's way, and leave nothing behind.

use std::{io::Read as _, os::unix::fs::PermissionsExt as _, process::Command, thread};

use docket::app::clock::Clock as _;
use rstest::rstest;
use tokio::{net::TcpListener, sync::mpsc};

use super::{
    scan::{Clamd, attempts, port, status, until, until_attempts},
    *,
};
use crate::support::{database::Kind, server::TestClock};

#[tokio::test]
async fn a_file_that_has_become_shorter_is_never_clean() {
    let (address, listener) = port().await;
    drop(listener);
    let clock = TestClock::new();
    let set = [("SCAN_CLAMD", address.as_str())];
    let server = TestServer::start_set_with(Kind::Sqlite, &set, clock.clone()).await;
    let (server, mut tickets, id) = bench(server).await;
    let made = upload(&mut tickets, header(&id, "a.txt"), &text(700_000))
        .await
        .unwrap();
    until_attempts(&server, 1).await;
    for file in stored(&server).await {
        place::shorten(&server, &file).await;
    }
    let clamd = Clamd::new(100);
    clamd.on_tcp(TcpListener::bind(&address).await.unwrap());
    // A third time, because the second one came to nothing.
    eventually("it is tried again", async || {
        // A wait may begin only now.
        clock.advance(Duration::from_secs(600));
        attempts(&server).await >= 3
    })
    .await;
    assert_eq!(
        status(&mut tickets, &id, &made.id).await,
        v1::ScanStatus::Pending
    );
    server.stop().await;
}

#[tokio::test]
async fn what_makes_the_scanner_hang_leaves_room_for_others() {
    let (address, listener) = port().await;
    let clamd = Clamd::new(0);
    clamd.on_tcp(listener);
    let set = [
        ("SCAN_CLAMD", address.as_str()),
        ("SCAN_TIMEOUT_SECONDS", "600"),
    ];
    let server = TestServer::start_set(Kind::Sqlite, &set).await;
    let (server, mut tickets, id) = bench(server).await;
    upload(&mut tickets, header(&id, "slow.txt"), b"HANG")
        .await
        .unwrap();
    clamd.until_asked(1).await;
    // They come while it hangs, one after the other.
    clamd.permits.add_permits(2);
    for name in ["a.txt", "b.txt"] {
        let made = upload(&mut tickets, header(&id, name), b"text").await;
        until(&mut tickets, &id, &made.unwrap().id, v1::ScanStatus::Clean).await;
    }
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn the_least_often_tried_come_first(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    use docket::db::scan;
    let clock = TestClock::new();
    // Nobody scans here.
    let server = TestServer::start_set_with(kind, &[], clock.clone()).await;
    let (server, mut tickets, id) = bench(server).await;
    let mut rows = Vec::new();
    for (attempts, age) in [(3, 9), (0, 1), (1, 5), (0, 2)] {
        let made = upload(&mut tickets, header(&id, "a.txt"), &[b'a' + age]).await;
        let next_time = clock.now() - Duration::from_secs(age.into());
        let row = scan::Model {
            attachment_id: made.unwrap().id.parse().unwrap(),
            attempts,
            next_time,
        };
        server.test_database().insert(row.clone()).await;
        rows.push(row);
    }
    let due = scan::due(server.database().read(), clock.now(), 9).await;
    let order: Vec<i32> = due.unwrap().iter().map(|row| row.attempts).collect();
    assert_eq!(order, [0, 0, 1, 3]);
    let first = scan::due(server.database().read(), clock.now(), 1).await;
    assert_eq!(first.unwrap()[0].attachment_id, rows[3].attachment_id);
    server.stop().await;
}

#[tokio::test]
async fn a_program_that_is_given_up_leaves_none_of_its_own_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (program, open) = (folder.path().join("scan"), folder.path().join("open"));
    // The pipe stays open for as long as the program or its child lives, and no longer.
    let made = Command::new("mkfifo").arg(&open).status().unwrap();
    assert!(made.success());
    let (told, mut tells) = mpsc::unbounded_channel();
    let pipe = open.clone();
    thread::spawn(move || {
        let mut pipe = fs::File::open(pipe).unwrap();
        told.send(pipe.read_exact(&mut [0; 6])).unwrap();
        told.send(pipe.read_to_end(&mut Vec::new()).map(drop))
    });
    let script = format!(
        "#!/bin/sh\nexec 3> {}\nsleep 600 &\necho begun >&3\nwait\n",
        open.display()
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let command = program.display().to_string();
    let set = [
        ("SCAN_COMMAND", command.as_str()),
        ("SCAN_TIMEOUT_SECONDS", "5"),
    ];
    let server = TestServer::start_set(Kind::Sqlite, &set).await;
    let (server, mut tickets, id) = bench(server).await;
    upload(&mut tickets, header(&id, "a.txt"), b"text")
        .await
        .unwrap();
    for what in ["it begins", "none of it lives on"] {
        let tell = tokio::time::timeout(SOON, tells.recv()).await;
        tell.expect(what).unwrap().unwrap();
    }
    server.stop().await;
}
