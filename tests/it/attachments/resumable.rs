//! Uploads in unary calls.

use std::sync::Arc;

use docket::{app::clock::SystemClock, domain::actor::Role, proto::v1};
use rstest::rstest;
use sea_orm::{
    ConnectionTrait as _, DatabaseTransaction, DbBackend, Statement, TransactionTrait as _,
};
use secrecy::ExposeSecret as _;
use tonic::Code;
use uuid::Uuid;

use super::*;
use crate::support::{database::Kind, eventually, server::TestClock};

fn file(ticket: &str, bytes: &[u8]) -> v1::StartUploadRequest {
    v1::StartUploadRequest {
        ticket_id: ticket.to_owned(),
        filename: "big.log".to_owned(),
        size_bytes: bytes.len() as i64,
        sha256: Some(sha256(bytes)),
        ..Default::default()
    }
}

async fn start(tickets: &mut Tickets, request: v1::StartUploadRequest) -> Result<String, Status> {
    let started = tickets.start_upload(request).await?.into_inner();
    assert!((1..=1 << 20).contains(&started.chunk_size));
    Ok(started.upload_id)
}

async fn put(tickets: &mut Tickets, id: &str, offset: usize, data: &[u8]) -> Result<usize, Status> {
    let request = v1::UploadChunkRequest {
        upload_id: id.to_owned(),
        offset: offset as i64,
        data: data.to_vec().into(),
    };
    let received = tickets.upload_chunk(request).await?.into_inner();
    Ok(received.received_bytes as usize)
}

async fn finish(tickets: &mut Tickets, id: &str) -> Result<v1::Attachment, Status> {
    let request = v1::FinishUploadRequest {
        upload_id: id.to_owned(),
    };
    let finished = tickets.finish_upload(request).await?.into_inner();
    Ok(finished.attachment.unwrap())
}

#[rstest]
#[tokio::test]
async fn chunks_may_come_twice_and_overlap_and_never_leave_a_gap(
    #[values(Place::Sqlite, Place::Postgres, Place::Bucket)] place: Place,
) {
    let (server, mut tickets, ticket) = bench(serving(place).await).await;
    let bytes = text(2_500_000);
    let id = start(&mut tickets, file(&ticket, &bytes)).await.unwrap();
    let put = async |offset: usize, data: &[u8]| put(&mut tickets.clone(), &id, offset, data).await;
    assert_eq!(put(0, &bytes[..1_000_000]).await.unwrap(), 1_000_000);
    assert_eq!(
        put(0, &bytes[..1_000_000]).await.unwrap(),
        1_000_000,
        "the same again"
    );
    assert_eq!(
        put(10, &bytes[10..20]).await.unwrap(),
        1_000_000,
        "a part of it"
    );
    assert_eq!(
        put(500_000, &bytes[500_000..1_500_000]).await.unwrap(),
        1_500_000,
        "and more"
    );
    let gap = put(1_500_001, &bytes[1_500_001..1_600_000])
        .await
        .unwrap_err();
    assert_eq!(gap.code(), Code::FailedPrecondition);
    assert_eq!(reason(&gap), "UPLOAD_OFFSET_MISMATCH");
    assert_eq!(fact(&gap, "received_bytes"), "1500000");
    for (offset, data, at) in [
        (1_500_000, &[][..], "data"),
        (1_500_000, &text((1 << 20) + 1)[..], "data"),
        (2_499_999, &bytes[..2], "data"),
        (usize::MAX, &bytes[..1], "offset"),
    ] {
        assert_eq!(field(&put(offset, data).await.unwrap_err()), at, "{offset}");
    }
    let early = finish(&mut tickets.clone(), &id).await.unwrap_err();
    assert_eq!(reason(&early), "UPLOAD_INCOMPLETE");
    assert_eq!(fact(&early, "received_bytes"), "1500000");
    assert_eq!(fact(&early, "size_bytes"), "2500000");
    assert_eq!(
        put(1_500_000, &bytes[1_500_000..]).await.unwrap(),
        2_500_000
    );

    let made = finish(&mut tickets, &id).await.unwrap();
    assert_eq!(made.sha256, sha256(&bytes));
    assert_eq!(
        finish(&mut tickets, &id).await.unwrap(),
        made,
        "the same again"
    );
    let (_, got) = download(&mut tickets, &made.id, None).await.unwrap();
    assert!(got == bytes);
    assert_eq!(list(&mut tickets, &ticket).await, [made]);
    assert_eq!(stored(&server).await.len(), 1, "the parts are gone");
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn calls_that_meet_do_each_byte_once(
    #[values(Place::Sqlite, Place::Postgres, Place::Bucket)] place: Place,
) {
    let (server, mut tickets, ticket) = bench(serving(place).await).await;
    let bytes = text(400_000);
    let id = start(&mut tickets, file(&ticket, &bytes)).await.unwrap();
    for offset in (0..400_000).step_by(100_000) {
        // Of different lengths from the same place.
        let calls = (1..=4).map(|n| {
            let (mut tickets, id) = (tickets.clone(), id.clone());
            let data = bytes[offset..offset + 25_000 * n].to_vec();
            async move { put(&mut tickets, &id, offset, &data).await.unwrap() }
        });
        let received = futures::future::join_all(calls).await;
        assert_eq!(received.iter().max(), Some(&(offset + 100_000)));
    }
    let calls = (0..4).map(|_| {
        let (mut tickets, id) = (tickets.clone(), id.clone());
        async move { finish(&mut tickets, &id).await.unwrap() }
    });
    let made = futures::future::join_all(calls).await;
    assert!(
        made.iter().all(|attachment| *attachment == made[0]),
        "{made:?}"
    );
    let (_, got) = download(&mut tickets, &made[0].id, None).await.unwrap();
    assert!(got == bytes);
    assert_eq!(list(&mut tickets, &ticket).await.len(), 1);
    until_stored(&server, 1).await;
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn an_upload_survives_a_restart(
    #[values(Place::Sqlite, Place::Postgres, Place::Bucket)] place: Place,
) {
    let (server, mut tickets, ticket) = bench(serving(place).await).await;
    let bytes = text(300_000);
    let id = start(&mut tickets, file(&ticket, &bytes)).await.unwrap();
    put(&mut tickets, &id, 0, &bytes[..200_000]).await.unwrap();
    let server = server.restart(Arc::new(SystemClock)).await;
    let mut tickets = server.tickets(Role::SeniorEngineer);
    assert_eq!(
        put(&mut tickets, &id, 200_000, &bytes[200_000..])
            .await
            .unwrap(),
        300_000
    );
    let server = server.restart(Arc::new(SystemClock)).await;
    let mut tickets = server.tickets(Role::SeniorEngineer);
    let made = finish(&mut tickets, &id).await.unwrap();
    let server = server.restart(Arc::new(SystemClock)).await;
    let mut tickets = server.tickets(Role::SeniorEngineer);
    let (_, got) = download(&mut tickets, &made.id, None).await.unwrap();
    assert!(got == bytes);
    server.stop().await;
}

#[tokio::test]
async fn any_replica_goes_on_with_an_upload() {
    let (first, mut one, ticket) = bench(TestServer::start(Kind::Postgres).await).await;
    let second = first.replica().await;
    let mut other = second.tickets(Role::SeniorEngineer);
    let bytes = text(300_000);
    let id = start(&mut one, file(&ticket, &bytes)).await.unwrap();
    put(&mut other, &id, 0, &bytes[..100_000]).await.unwrap();
    put(&mut one, &id, 100_000, &bytes[100_000..])
        .await
        .unwrap();
    let made = finish(&mut other, &id).await.unwrap();
    let (_, got) = download(&mut one, &made.id, None).await.unwrap();
    assert!(got == bytes);
    first.stop().await;
    second.stop().await;
}

#[rstest]
#[tokio::test]
async fn what_is_not_as_announced_is_discarded(
    #[values(Place::Sqlite, Place::Postgres, Place::Bucket)] place: Place,
) {
    let (server, mut tickets, ticket) = bench(serving(place).await).await;
    let mut request = file(&ticket, b"good");
    let id = start(&mut tickets, request.clone()).await.unwrap();
    put(&mut tickets, &id, 0, b"evil").await.unwrap();
    let refused = finish(&mut tickets, &id).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refused), "UPLOAD_DIGEST_MISMATCH");
    assert_eq!(fact(&refused, "sha256"), sha256(b"evil"));
    assert_eq!(
        finish(&mut tickets, &id).await.unwrap_err().code(),
        Code::NotFound
    );

    request.sha256 = None;
    request.filename = "a.png".to_owned();
    let id = start(&mut tickets, request.clone()).await.unwrap();
    put(&mut tickets, &id, 0, b"text").await.unwrap();
    let refused = finish(&mut tickets, &id).await.unwrap_err();
    assert_eq!(reason(&refused), "ATTACHMENT_TYPE_REFUSED");
    assert_eq!(
        finish(&mut tickets, &id).await.unwrap_err().code(),
        Code::NotFound
    );
    request.filename = "a.exe".to_owned();
    let refused = start(&mut tickets, request.clone()).await.unwrap_err();
    assert_eq!(
        reason(&refused),
        "ATTACHMENT_TYPE_REFUSED",
        "before any byte is sent"
    );
    request.filename = "a.txt".to_owned();
    request.size_bytes = 50 * (1 << 20) + 1;
    let refused = start(&mut tickets, request.clone()).await.unwrap_err();
    assert_eq!(reason(&refused), "ATTACHMENT_TOO_LARGE");
    request.size_bytes = 0;
    let refused = start(&mut tickets, request).await.unwrap_err();
    assert_eq!(field(&refused), "size_bytes");
    assert_eq!(stored(&server).await, [""; 0]);
    assert_eq!(read(&mut tickets, &ticket).await.attachment_count, 0);
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn an_upload_is_its_beginners_for_a_day(
    #[values(Place::Sqlite, Place::Postgres, Place::Bucket)] place: Place,
) {
    let clock = TestClock::new();
    let server = serving_at(place, clock.clone()).await;
    let (server, mut tickets, ticket) = bench(server).await;
    let request = v1::StartUploadRequest {
        request_id: Some(Uuid::new_v4().to_string()),
        ..file(&ticket, b"hello")
    };
    let id = start(&mut tickets, request.clone()).await.unwrap();
    assert_eq!(
        start(&mut tickets, request.clone()).await.unwrap(),
        id,
        "the same again"
    );
    let mut other = server.tickets(Role::Admin);
    for refused in [
        put(&mut other, &id, 0, b"hello").await.unwrap_err(),
        finish(&mut other, &id).await.unwrap_err(),
    ] {
        assert_eq!(refused.code(), Code::NotFound);
    }
    put(&mut tickets, &id, 0, b"hello").await.unwrap();
    clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(
        finish(&mut tickets, &id).await.unwrap_err().code(),
        Code::NotFound
    );
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_caller_has_a_hundred_uploads_open_at_most(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let clock = TestClock::new();
    let server = TestServer::start_with(kind, clock.clone()).await;
    let (server, mut tickets, ticket) = bench(server).await;
    let request = file(&ticket, b"hello");
    let first = start(&mut tickets, request.clone()).await.unwrap();
    for _ in 1..100 {
        start(&mut tickets, request.clone()).await.unwrap();
    }
    let refused = start(&mut tickets, request.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(reason(&refused), "TOO_MANY_UPLOADS");
    let mut other = server.tickets(Role::Admin);
    start(&mut other, request.clone())
        .await
        .expect("another's are not counted");
    put(&mut tickets, &first, 0, b"hello").await.unwrap();
    finish(&mut tickets, &first).await.unwrap();
    start(&mut tickets, request.clone())
        .await
        .expect("room for one more");
    let refused = start(&mut tickets, request.clone()).await.unwrap_err();
    assert_eq!(reason(&refused), "TOO_MANY_UPLOADS");
    clock.advance(Duration::from_secs(24 * 3600));
    start(&mut tickets, request)
        .await
        .expect("the old ones are forgotten");
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_caller_who_begins_many_uploads_at_once_has_no_more_of_them(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start_with(kind, TestClock::new()).await;
    let (server, tickets, ticket) = bench(server).await;
    let request = file(&ticket, b"hello");
    let begin = |count: usize| {
        let begun = (0..count).map(|_| {
            let (mut tickets, request) = (tickets.clone(), request.clone());
            async move { start(&mut tickets, request).await }
        });
        futures::future::join_all(begun)
    };
    // One short of the limit: each of those that come at once finds room as long as it looks alone.
    assert!(begin(99).await.iter().all(Result::is_ok));
    let (begun, refused): (Vec<_>, Vec<_>) = begin(31).await.into_iter().partition(Result::is_ok);
    assert_eq!((begun.len(), refused.len()), (1, 30));
    for refused in refused {
        assert_eq!(reason(&refused.unwrap_err()), "TOO_MANY_UPLOADS");
    }
    server.stop().await;
}

/// Two that meet at the limit for certain: neither can add its upload before the other has looked how many there are, unless it keeps the
/// other from looking.
#[tokio::test]
async fn of_two_uploads_that_are_begun_at_the_limit_one_waits_for_the_other() {
    let server = TestServer::start_with(Kind::Postgres, TestClock::new()).await;
    let (server, mut tickets, ticket) = bench(server).await;
    let request = file(&ticket, b"hello");
    for _ in 0..99 {
        start(&mut tickets, request.clone()).await.unwrap();
    }
    let url = server.settings().database_url.expose_secret();
    let keeper = sea_orm::Database::connect(url).await.unwrap();
    let kept = keeper.begin().await.unwrap();
    // Uploads can be counted, and none added.
    let locked = kept.execute_unprepared("LOCK TABLE upload IN SHARE MODE");
    locked.await.unwrap();
    let begin = || {
        let (mut tickets, request) = (tickets.clone(), request.clone());
        tokio::spawn(async move { start(&mut tickets, request).await })
    };
    let begun = [begin(), begin()];
    eventually("both wait", async || waiting_behind(&kept).await == 2).await;
    kept.commit().await.unwrap();
    let mut refused = Vec::new();
    for begun in begun {
        refused.extend(begun.await.unwrap().err());
    }
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(reason(&refused[0]), "TOO_MANY_UPLOADS");
    server.stop().await;
}

/// How many wait for this transaction, or for one that waits for it.
async fn waiting_behind(kept: &DatabaseTransaction) -> i64 {
    let query = "WITH RECURSIVE behind(pid) AS (
            SELECT pg_backend_pid()
            UNION SELECT waits.pid FROM pg_stat_activity waits, behind
            WHERE waits.wait_event_type = 'Lock' AND behind.pid = ANY(pg_blocking_pids(waits.pid))
        ) SELECT count(*) - 1 AS waiting FROM behind";
    let query = Statement::from_string(DbBackend::Postgres, query);
    let row = kept.query_one_raw(query).await.unwrap().unwrap();
    row.try_get("", "waiting").unwrap()
}
