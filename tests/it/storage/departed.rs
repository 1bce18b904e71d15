//! Callers that go away in the middle of a write to PostgreSQL, at a moment that a wire between the two picks.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use docket::db::Db;
use sea_orm::ConnectionTrait as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

use super::rows::{put, user};
use crate::support::database::{Kind, TestDatabase};

/// Stands between docket and PostgreSQL; keeps back what PostgreSQL answers from a BEGIN on, until it is let go.
struct Wire {
    url: String,
    held: watch::Sender<bool>,
}

impl Wire {
    async fn before(database: &TestDatabase) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut url = url::Url::parse(&database.url).unwrap();
        let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        url.set_port(Some(listener.local_addr().unwrap().port()))
            .unwrap();
        let held = watch::Sender::new(false);
        let gate = held.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(&server).await.unwrap();
                let (from_docket, to_docket) = near.into_split();
                let (from_server, to_server) = far.into_split();
                tokio::spawn(ask(from_docket, to_server, gate.clone()));
                tokio::spawn(answer(from_server, to_docket, gate.subscribe()));
            }
        });
        let url = url.to_string();
        Self { url, held }
    }

    async fn begin_has_been_asked(&self) {
        let mut held = self.held.subscribe();
        held.wait_for(|held| *held).await.unwrap();
    }
}

async fn ask(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, gate: watch::Sender<bool>) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        let asked = &bytes[..length];
        if asked.windows(5).any(|window| window == b"BEGIN") {
            gate.send_replace(true);
        }
        to.write_all(asked).await.unwrap();
    }
}

async fn answer(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut held: watch::Receiver<bool>) {
    let mut bytes = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        held.wait_for(|held| !held).await.unwrap();
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_while_its_transaction_begins_leaves_no_transaction_behind() {
    let database = TestDatabase::new(Kind::Postgres).await;
    let wire = Wire::before(&database).await;
    let db = Db::connect(&wire.url, 1).await.expect("connects");
    let begun = Arc::new(AtomicBool::new(false));
    let caller = tokio::spawn({
        let (db, begun) = (db.clone(), begun.clone());
        async move {
            db.write(move |tx| {
                begun.store(true, Ordering::SeqCst);
                Box::pin(async move { Ok(put(tx, user("ada")).await?) })
            })
            .await
        }
    });
    wire.begin_has_been_asked().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    assert!(!begun.load(Ordering::SeqCst), "BEGIN was not answered yet");
    wire.held.send_replace(false);

    // The only connection there is: PostgreSQL takes a savepoint inside a transaction alone.
    let probe = db.read().execute_unprepared("SAVEPOINT probe").await;
    let text = probe.expect_err("the transaction is over").to_string();
    assert!(text.contains("transaction block"), "{text}");
}
