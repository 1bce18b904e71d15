//! Scans: a file is given to nobody before its verdict, never when something was found, and waits as long as there is no verdict.

use std::{os::unix::fs::PermissionsExt as _, sync::Arc};

use docket::domain::actor::Role;
use rstest::rstest;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, UnixListener},
    sync::{Semaphore, watch},
    task::JoinHandle,
};

use super::*;
use crate::support::{database::Kind, server::TestClock};

/// What the scanners of these tests find.
pub(crate) const EVIL: &[u8] = b"a text with EVIL in it";

/// A clamd that lets as many scans come to their end as there are permits.
#[derive(Clone)]
pub(crate) struct Clamd {
    pub(crate) permits: Arc<Semaphore>,
    /// How often it has been asked.
    pub(super) asked: watch::Sender<usize>,
}

impl Clamd {
    pub(crate) fn new(permits: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(permits)),
            asked: watch::Sender::default(),
        }
    }

    /// Waits until it has been asked so often.
    pub(super) async fn until_asked(&self, wanted: usize) {
        let mut asked = self.asked.subscribe();
        let enough = asked.wait_for(|asked| *asked >= wanted);
        let waited = tokio::time::timeout(SOON, enough).await;
        waited.expect("it is asked so often").unwrap();
    }

    /// Listens on a port of this machine.
    pub(crate) fn on_tcp(&self, listener: TcpListener) -> JoinHandle<()> {
        let clamd = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(clamd.clone().answer(stream));
            }
        })
    }

    /// Listens on a socket.
    fn on_socket(&self, listener: UnixListener) -> JoinHandle<()> {
        let clamd = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(clamd.clone().answer(stream));
            }
        })
    }

    /// One INSTREAM, as clamd's manual has it.
    async fn answer(self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut command = [0; 10];
        stream.read_exact(&mut command).await.unwrap();
        assert_eq!(&command, b"zINSTREAM\0");
        self.asked.send_modify(|asked| *asked += 1);
        let mut bytes = Vec::new();
        loop {
            let size = stream.read_u32().await.unwrap() as usize;
            if size == 0 {
                break;
            }
            let from = bytes.len();
            bytes.resize(from + size, 0);
            stream.read_exact(&mut bytes[from..]).await.unwrap();
        }
        if bytes.starts_with(b"HANG") {
            std::future::pending::<()>().await;
        }
        self.permits.acquire().await.unwrap().forget();
        let found = bytes.windows(4).any(|window| window == b"EVIL");
        let answer: &[u8] = match found {
            true => b"stream: Test.Evil FOUND\0",
            false => b"stream: OK\0",
        };
        stream.write_all(answer).await.unwrap();
    }
}

/// A clamd's port, and its listener.
pub(crate) async fn port() -> (String, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (listener.local_addr().unwrap().to_string(), listener)
}

pub(super) async fn status(tickets: &mut Tickets, ticket: &str, id: &str) -> v1::ScanStatus {
    let listed = list(tickets, ticket).await;
    listed.iter().find(|a| a.id == id).unwrap().scan_status()
}

/// Waits until an attachment's status is this one.
pub(crate) async fn until(tickets: &mut Tickets, ticket: &str, id: &str, wanted: v1::ScanStatus) {
    let come = async || status(&mut tickets.clone(), ticket, id).await == wanted;
    eventually("its verdict is told", come).await;
}

#[rstest]
#[tokio::test]
async fn a_file_is_served_once_nothing_was_found_in_it(
    #[values(Place::Sqlite, Place::Postgres, Place::Bucket)] place: Place,
) {
    let (address, listener) = port().await;
    let clamd = Clamd::new(0);
    clamd.on_tcp(listener);
    let (server, mut tickets, id) =
        bench(serving_with(place, &[("SCAN_CLAMD", &address)]).await).await;
    let good = upload(&mut tickets, header(&id, "good.txt"), &text(700_000))
        .await
        .unwrap();
    let evil = upload(&mut tickets, header(&id, "evil.txt"), EVIL)
        .await
        .unwrap();
    for file in [&good, &evil] {
        assert_eq!(file.scan_status(), v1::ScanStatus::Pending);
        let refused = download(&mut tickets, &file.id, None).await.unwrap_err();
        assert_eq!(reason(&refused), "ATTACHMENT_NOT_SCANNED");
        assert_eq!(fact(&refused, "attachment_id"), file.id);
    }
    clamd.permits.add_permits(2);
    until(&mut tickets, &id, &good.id, v1::ScanStatus::Clean).await;
    until(&mut tickets, &id, &evil.id, v1::ScanStatus::Infected).await;
    let (_, got) = download(&mut tickets, &good.id, None).await.unwrap();
    assert!(got == text(700_000));
    let refused = download(&mut tickets, &evil.id, Some(3)).await.unwrap_err();
    assert_eq!(reason(&refused), "ATTACHMENT_INFECTED");
    assert_eq!(fact(&refused, "filename"), "evil.txt");

    let request = v1::ListTicketHistoryRequest {
        ticket_id: id.clone(),
        ..Default::default()
    };
    let told = tickets.list_ticket_history(request).await.unwrap();
    let told = told.into_inner().entries;
    assert_eq!(told.len(), 5, "each verdict is told: {told:#?}");
    let verdict = |status: &str| {
        let mut told = told.iter();
        told.find(|entry| entry.new_value.as_deref() == Some(status))
    };
    assert!(format!("{:?}", verdict("CLEAN").unwrap().metadata).contains(&good.id));
    let found = verdict("INFECTED").unwrap();
    assert_eq!(found.event_type(), v1::HistoryEventType::Updated);
    assert_eq!(found.field.as_deref(), Some("attachment.scan_status"));
    assert_eq!(found.old_value.as_deref(), Some("PENDING"));
    assert_eq!(found.new_value.as_deref(), Some("INFECTED"));
    assert_eq!(found.actor_id, "system");
    let facts = format!("{:?}", found.metadata);
    assert!(
        facts.contains(&evil.id) && facts.contains("Test.Evil"),
        "{facts}"
    );
    assert_eq!(*clamd.asked.borrow(), 2);
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_scanner_that_is_away_delays_and_loses_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (address, listener) = port().await;
    drop(listener);
    let clock = TestClock::new();
    let set = [("SCAN_CLAMD", address.as_str())];
    let server = TestServer::start_set_with(kind, &set, clock.clone()).await;
    let (server, mut tickets, id) = bench(server).await;
    let made = upload(&mut tickets, header(&id, "a.txt"), b"hello")
        .await
        .unwrap();
    until_attempts(&server, 1).await;
    // A restart changes nothing: it waits.
    let server = server.restart(clock.clone()).await;
    let mut tickets = server.tickets(Role::SeniorEngineer);
    assert_eq!(
        status(&mut tickets, &id, &made.id).await,
        v1::ScanStatus::Pending
    );
    let clamd = Clamd::new(1);
    clamd.on_tcp(TcpListener::bind(&address).await.unwrap());
    // A wait may begin only now.
    eventually("its verdict is told", async || {
        clock.advance(Duration::from_secs(30));
        status(&mut tickets.clone(), &id, &made.id).await == v1::ScanStatus::Clean
    })
    .await;
    server.stop().await;
}

/// How often the scan of some file has been tried: of the one that was tried most often.
pub(super) async fn attempts(server: &TestServer) -> i32 {
    use docket::db::scan::Entity;
    let rows = Entity::find().all(server.database().read()).await.unwrap();
    rows.iter()
        .map(|row| row.attempts)
        .max()
        .unwrap_or_default()
}

/// Waits until some file's scan has been tried so often.
pub(super) async fn until_attempts(server: &TestServer, wanted: i32) {
    let tried = async || attempts(server).await >= wanted;
    eventually("it is tried so often", tried).await;
}

#[tokio::test]
async fn a_scanner_that_hangs_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("clamd.ctl");
    let clamd = Clamd::new(0);
    clamd.on_socket(UnixListener::bind(&socket).unwrap());
    let socket = socket.display().to_string();
    let clock = TestClock::new();
    let set = [
        ("SCAN_CLAMD", socket.as_str()),
        ("SCAN_TIMEOUT_SECONDS", "1"),
    ];
    let server = TestServer::start_set_with(Kind::Sqlite, &set, clock.clone()).await;
    let (server, mut tickets, id) = bench(server).await;
    let mut made = Vec::new();
    for name in ["a.txt", "b.txt", "c.txt"] {
        let file = upload(&mut tickets, header(&id, name), name.as_bytes());
        made.push(file.await.unwrap());
    }
    // Each is given up after its time, so that the next one has its turn.
    clamd.until_asked(3).await;
    for file in &made {
        assert_eq!(
            status(&mut tickets, &id, &file.id).await,
            v1::ScanStatus::Pending
        );
    }
    // A stop does not wait for it either; and then all of them have their verdicts.
    let server = server.restart(clock.clone()).await;
    let mut tickets = server.tickets(Role::SeniorEngineer);
    clamd.permits.add_permits(100);
    clock.advance(Duration::from_secs(120));
    for file in &made {
        until(&mut tickets, &id, &file.id, v1::ScanStatus::Clean).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn replicas_share_the_scans() {
    let (address, listener) = port().await;
    let clamd = Clamd::new(0);
    clamd.on_tcp(listener);
    let server = TestServer::start_set(Kind::Postgres, &[("SCAN_CLAMD", &address)]).await;
    let (server, mut tickets, id) = bench(server).await;
    let replica = server.replica().await;
    let mut made = Vec::new();
    for n in 0..8 {
        let (name, bytes) = (format!("{n}.txt"), [b'a' + n]);
        let file = upload(&mut tickets, header(&id, &name), &bytes);
        made.push(file.await.unwrap());
    }
    clamd.permits.add_permits(8);
    for file in &made {
        until(&mut tickets, &id, &file.id, v1::ScanStatus::Clean).await;
    }
    assert_eq!(*clamd.asked.borrow(), 8, "each file once");
    replica.stop().await;
    server.stop().await;
}

#[tokio::test]
async fn a_program_scans_what_comes_on_its_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("scan");
    let script = "#!/bin/sh\n\
        [ -z \"$CARGO_MANIFEST_DIR$DOCKET_TEST_POSTGRES\" ] || exit 3\n\
        [ \"$1\" = --quick ] || exit 4\n\
        if grep -q EVIL; then echo Test.Evil; exit 1; fi\n";
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let command = format!("{} --quick", program.display());
    let server = TestServer::start_set(Kind::Sqlite, &[("SCAN_COMMAND", &command)]).await;
    let (server, mut tickets, id) = bench(server).await;
    let good = upload(&mut tickets, header(&id, "good.txt"), &text(3_000_000))
        .await
        .unwrap();
    // It stops reading at the first line; the rest finds no reader.
    let bytes = [EVIL, b"\n", &text(3_000_000)].concat();
    let evil = upload(&mut tickets, header(&id, "evil.txt"), &bytes)
        .await
        .unwrap();
    until(&mut tickets, &id, &good.id, v1::ScanStatus::Clean).await;
    until(&mut tickets, &id, &evil.id, v1::ScanStatus::Infected).await;
    // It calls clean what it has not read.
    fs::write(&program, "#!/bin/sh\nexec <&-\nexit 0\n").unwrap();
    let unread = upload(&mut tickets, header(&id, "unread.txt"), &text(3_000_000))
        .await
        .unwrap();
    until_attempts(&server, 1).await;
    delete(&mut tickets, &unread.id).await.unwrap();
    // A file that goes while it waits is waited for no longer.
    delete(&mut tickets, &evil.id).await.unwrap();
    let left = docket::db::scan::Entity::find()
        .all(server.database().read())
        .await;
    assert!(left.unwrap().is_empty());
    server.stop().await;
}
