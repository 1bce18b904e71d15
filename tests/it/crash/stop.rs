//! Signals in the middle of an export: told to stop, the process leaves at the next ticket's end and whoever comes next goes on at
//! once; put to sleep and woken, it goes on itself.

use std::time::Duration;

use docket::sandbox::{Action, Fault, Operation};
use rstest::rstest;
use tokio::time::{sleep, timeout};

use super::{
    bench::{Bench, Setup},
    process::{Docket, until},
    story::Story,
    watch::adopted,
};
use crate::support::database::Kind;

/// A lease that no test waits for: what goes on has been given, not left.
const LEASE: &str = "300";
/// How long a process may take to leave, and the rest of the export to be made.
const PROMPT: Duration = Duration::from_secs(20);
/// How long each of Jira's answers takes: long enough for a signal to come between two tickets.
const SLOW: Duration = Duration::from_millis(30);

fn setup(kind: Kind) -> Setup {
    let mut setup = Setup::new(kind, Story::small());
    setup.lease = LEASE;
    setup
}

async fn begun(setup: Setup) -> (Bench, Docket) {
    let (bench, process) = setup.start().await;
    bench.jira.set_latency(SLOW);
    bench.begin(&process).await.expect("it starts");
    bench.issues(2).await;
    (bench, process)
}

/// Asks the process to stop and sees it leave with success and work undone.
async fn stop(bench: &Bench, mut process: Docket) {
    process.signal("TERM");
    let ended = timeout(PROMPT, process.ended()).await;
    assert_eq!(ended.expect("it leaves").code(), Some(0));
    assert!(bench.jira.issues().len() < bench.story.len(), "too late");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_next_process_goes_on_at_once(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let (bench, process) = begun(setup(kind)).await;
    let watcher = bench.watch();
    stop(&bench, process).await;
    let next = bench.process().await;
    let done = timeout(PROMPT, bench.conclude(&next, watcher)).await;
    let (_, taken_over) = done.expect("the lease was given back");
    assert_eq!(taken_over, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_replica_goes_on_at_once() {
    let (bench, process) = begun(setup(Kind::Postgres)).await;
    let other = bench.replica().await;
    let watcher = bench.watch_on(&other);
    stop(&bench, process).await;
    let done = timeout(PROMPT, bench.conclude(&other, watcher)).await;
    let (_, taken_over) = done.expect("the lease was given back");
    assert_eq!(taken_over, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_create_without_an_answer_does_not_hold_the_process(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut setup = setup(kind);
    setup.patience = "3";
    let (bench, process) = setup.start().await;
    let late = Action::WorkAfterClientLeft {
        delay_ms: 0,
        after_calls: 0,
    };
    bench
        .jira
        .order(Fault::on(Operation::CreateIssue, late).nth(3));
    bench.begin(&process).await.expect("it starts");
    let creates = || bench.jira.requests_of(Operation::CreateIssue).len();
    until("the create is sent", || creates() == 3).await;
    let watcher = bench.watch();
    stop(&bench, process).await;

    let next = bench.process().await;
    let done = timeout(PROMPT, bench.conclude(&next, watcher)).await;
    let (events, _) = done.expect("the lease was given back");
    assert!(adopted(&events, 3));
    assert_eq!(creates(), bench.story.len(), "one create a ticket");
}

/// As a laptop does whose lid is shut: nobody else is there to take over.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_sleeps_through_its_lease_goes_on(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (bench, process) = begun(Setup::new(kind, Story::small())).await;
    let watcher = bench.watch();
    process.signal("STOP");
    assert!(bench.jira.issues().len() < bench.story.len(), "too late");
    // Longer than the lease.
    sleep(Duration::from_secs(3)).await;
    process.signal("CONT");
    bench.conclude(&process, watcher).await;
    let creates = bench.jira.requests_of(Operation::CreateIssue).len();
    assert_eq!(creates, bench.story.len(), "one create a ticket");
}
