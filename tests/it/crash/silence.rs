//! The process dies while it waits for the answer to a create, of which Jira makes an issue all the same: before the death, at the
//! death, or after the next process has looked for it.

use docket::sandbox::{Action, Fault, Operation};
use rstest::rstest;

use super::{
    bench::{Bench, Setup},
    process::{Docket, until},
    story::Story,
    watch::adopted,
};
use crate::support::database::Kind;

/// The create that has no answer, counted from 1, and the place of its ticket.
const LOST: u32 = 4;

/// How many calls the sandbox answers after the death before it makes the issue: more than the next process makes up to its first
/// look, and fewer than up to its last.
const CALLS: u64 = 11;

/// A bench with a process that waits for the answer to its fourth create.
async fn waiting(kind: Kind, action: Action) -> (Bench, Docket) {
    let (bench, process) = Setup::new(kind, Story::small()).start().await;
    let fault = Fault::on(Operation::CreateIssue, action);
    bench.jira.order(fault.nth(LOST));
    bench.begin(&process).await.expect("it starts");
    until("the create is sent", || sent(&bench) == LOST as usize).await;
    (bench, process)
}

/// How many creates Jira has been sent.
fn sent(bench: &Bench) -> usize {
    bench.jira.requests_of(Operation::CreateIssue).len()
}

/// How many times a process has looked for the issue.
fn looks(bench: &Bench) -> usize {
    bench.jira.requests_of(Operation::FetchIssues).len()
}

/// The next process adopts the issue and sends no second create.
async fn adopt(bench: &Bench) {
    let watcher = bench.watch();
    let process = bench.process().await;
    let (events, taken_over) = bench.conclude(&process, watcher).await;
    assert!(taken_over >= 1);
    assert!(adopted(&events, LOST.cast_signed()), "it is found");
    assert_eq!(sent(bench), bench.story.len(), "one create a ticket");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_issue_whose_answer_nobody_read_is_adopted(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    // Long enough for the process to be stopped while the work goes on.
    let (bench, process) = waiting(kind, Action::Delay { ms: 2000 }).await;
    process.signal("STOP");
    bench.issues(LOST as usize).await;
    process.kill();
    adopt(&bench).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_issue_that_is_made_when_the_process_dies_is_adopted(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let late = Action::WorkAfterClientLeft {
        delay_ms: 0,
        after_calls: 0,
    };
    let (bench, process) = waiting(kind, late).await;
    process.kill();
    bench.issues(LOST as usize).await;
    adopt(&bench).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_issue_that_is_made_after_it_was_looked_for_is_adopted(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let late = Action::WorkAfterClientLeft {
        delay_ms: 0,
        after_calls: CALLS,
    };
    let (bench, process) = waiting(kind, late).await;
    process.kill();
    adopt(&bench).await;
    assert!(looks(&bench) >= 2, "the first look is to find nothing");
}
