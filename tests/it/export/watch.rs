//! Watching: every event once and in order, from wherever a watcher begins.

use docket::{
    domain::actor::Role,
    proto::v1::WatchExportRequest,
    sandbox::{Action, Fault, Operation},
};
use futures::future::join_all;
use rstest::rstest;
use tonic::Code;
use uuid::Uuid;

use super::bench::{Bench, kinds};
use crate::support::database::Kind;

const TICKETS: &[(&str, &[&str])] = &[("a", &[]), ("b", &["a"]), ("c", &["b"]), ("d", &["c"])];

#[rstest]
#[tokio::test]
async fn a_watcher_that_reconnects_sees_every_event_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, TICKETS).await;
    bench
        .jira
        .order(Fault::on(Operation::CreateIssue, Action::Delay { ms: 50 }).always());
    bench.start().await.unwrap();
    let mut seen = Vec::new();
    // Leaves after each event and comes back with the last sequence.
    loop {
        let request = WatchExportRequest {
            session_id: bench.session.clone(),
            after_sequence: Some(i64::try_from(seen.len()).unwrap()),
        };
        let mut stream = bench
            .exports()
            .watch_export(request)
            .await
            .unwrap()
            .into_inner();
        match stream.message().await.unwrap() {
            Some(message) => seen.push(message.event.unwrap()),
            None => break,
        }
    }
    assert_eq!(
        seen.iter().map(|e| e.sequence).collect::<Vec<_>>(),
        (1..=9).collect::<Vec<_>>()
    );
    assert_eq!(
        seen,
        bench.events(0).await,
        "what is replayed is what was told"
    );
}

#[tokio::test]
async fn many_watchers_see_the_same_and_a_late_one_only_what_it_missed() {
    let bench = Bench::new(Kind::Sqlite, TICKETS).await;
    bench.start().await.unwrap();
    let watched = join_all((0..40).map(|_| bench.events(0))).await;
    let all = bench.events(0).await;
    for events in watched {
        assert_eq!(events, all);
    }
    for after in 1..=9 {
        let behind = usize::try_from(after).unwrap();
        assert_eq!(bench.events(after).await, all[behind..]);
    }
}

#[tokio::test]
async fn a_watcher_behind_the_end_is_told_nothing_and_let_go() {
    let bench = Bench::new(Kind::Sqlite, TICKETS).await;
    let all = bench.run().await;
    assert_eq!(
        kinds(&bench.events(all.last().unwrap().sequence).await),
        [""; 0]
    );
    let request = WatchExportRequest {
        session_id: bench.session.clone(),
        after_sequence: Some(1_000_000),
    };
    let refused = bench.exports().watch_export(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn what_cannot_be_watched_is_told_before_the_stream() {
    let bench = Bench::new(Kind::Sqlite, TICKETS).await;
    let watch = |session: String, after: Option<i64>| {
        let mut exports = bench.exports();
        let request = WatchExportRequest {
            session_id: session,
            after_sequence: after,
        };
        async move { exports.watch_export(request).await.unwrap_err().code() }
    };
    assert_eq!(
        watch(bench.session.clone(), None).await,
        Code::FailedPrecondition
    );
    assert_eq!(
        watch(Uuid::now_v7().to_string(), None).await,
        Code::NotFound
    );
    assert_eq!(
        watch("nonsense".to_owned(), None).await,
        Code::InvalidArgument
    );
    assert_eq!(
        watch(bench.session.clone(), Some(-1)).await,
        Code::InvalidArgument
    );
    let request = WatchExportRequest {
        session_id: bench.session.clone(),
        after_sequence: None,
    };
    let user = bench
        .server
        .exports(Role::EndUser)
        .watch_export(request)
        .await
        .unwrap_err();
    assert_eq!(user.code(), Code::PermissionDenied);
}
