//! The process dies with several tickets on their way: each of them is looked for, and none is lost or made twice.

use std::os::unix::process::ExitStatusExt as _;

use docket::sandbox::{Action, Fault, Numbering, Operation};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use rstest::rstest;

use super::{
    bench::{Bench, Setup},
    process::until,
    random::{kills, number, reach},
    story::Story,
};
use crate::support::database::Kind;

/// How many tickets are on their way at once.
const LANES: i32 = 4;
/// SIGABRT, by which a process ends that ends itself.
const ABORTED: i32 = 6;

fn setup(kind: Kind, story: Story) -> Setup {
    let mut setup = Setup::new(kind, story);
    setup.lanes = LANES;
    setup.numbering = Numbering {
        largest_gap: 20,
        seed: 5,
        ..Numbering::default()
    };
    setup
}

fn sent(bench: &Bench) -> usize {
    bench.jira.requests_of(Operation::CreateIssue).len()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_in_the_middle_of_several_tickets_costs_none(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(
        "intended",
        "answered",
        "key_kept",
        "attachment_answered",
        "ticket_done"
    )]
    place: &str,
) {
    let setup = setup(kind, Story::wide()).crashing_at(place, 2);
    let (bench, mut process) = setup.start().await;
    let watcher = bench.watch();
    // The process may have gone before it could answer.
    let _ = bench.begin(&process).await;
    let ended = process.ended().await;
    assert_eq!(ended.signal(), Some(ABORTED), "the crash at {place}");
    let process = bench.process().await;
    let (_, taken_over) = bench.conclude(&process, watcher).await;
    assert!(taken_over >= 1);
}

/// None of those that were sent is answered, and Jira makes each only when the process is dead.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn all_that_were_sent_are_found_by_the_next_process(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (bench, process) = setup(kind, Story::wide()).start().await;
    let late = Action::WorkAfterClientLeft {
        delay_ms: 0,
        after_calls: 0,
    };
    let late = Fault::on(Operation::CreateIssue, late);
    bench.jira.order(late.times(LANES.unsigned_abs()));
    bench.begin(&process).await.expect("it starts");
    until("two creates are sent", || sent(&bench) >= 2).await;
    process.kill();
    bench.jira.clear_orders();
    bench.issues(sent(&bench)).await;
    let watcher = bench.watch();
    let process = bench.process().await;
    let (_, taken_over) = bench.conclude(&process, watcher).await;
    assert!(taken_over >= 1);
    assert_eq!(sent(&bench), bench.story.len(), "one create a ticket");
}

/// `DOCKET_CRASH_KILLS` says how often, as for tickets that go one after the other.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn any_number_of_kills_among_several_tickets_doubles_none(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (kills, seed) = (kills(), number("DOCKET_CRASH_SEED", 2027));
    let mut rng = StdRng::seed_from_u64(seed);
    let (bench, mut process) = setup(kind, Story::large()).start().await;
    let others = Fault::on(Operation::CreateIssue, Action::Foreign { count: 2 });
    bench.jira.order(others.times(40));
    let tickets = bench.story.len();
    let mut moments: Vec<usize> = (0..kills).map(|_| rng.random_range(1..tickets)).collect();
    moments.sort_unstable();
    let watcher = bench.watch();
    bench.begin(&process).await.expect("it starts");
    for moment in moments {
        reach(&bench, moment).await;
        process.kill();
        process = bench.process().await;
    }
    let (events, taken_over) = bench.conclude(&process, watcher).await;
    assert!(taken_over >= 1, "a kill shows as a take-over");
    println!(
        "crash: {kind:?}: {kills} kills among {LANES} tickets at once, {taken_over} take-overs: {tickets} tickets have one issue each, \
         {} events came once and in order",
        events.len(),
    );
}
