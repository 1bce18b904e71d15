//! The processes are killed at moments that nobody chose, in a project in which others create issues too.
//!
//! `DOCKET_CRASH_KILLS` says how often (6 where it is not set), `DOCKET_CRASH_SEED` at which moments.

use std::{env, time::Duration};

use docket::sandbox::{Action, Fault, Numbering, Operation};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use rstest::rstest;
use tokio::time::{Instant, sleep};

use super::{
    bench::{Bench, Setup},
    story::Story,
};
use crate::support::database::Kind;

const KILLS: u64 = 6;
const SEED: u64 = 2026;

/// The most numbers that are left out before an issue.
const LARGEST_GAP: u64 = 20;
/// Before how many of docket's creates other people create issues, and the most that they create then.
const FOREIGN: (usize, u32) = (25, 3);
/// How long a process is left alone, at the most, after the progress at which it is to die: about the time that a ticket takes.
const LONGER: Duration = Duration::from_millis(30);

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn any_number_of_kills_costs_no_ticket_and_doubles_none(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (kills, seed) = (kills(), number("DOCKET_CRASH_SEED", SEED));
    println!("DOCKET_CRASH_KILLS={kills} DOCKET_CRASH_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let mut setup = Setup::new(kind, Story::large());
    setup.numbering = Numbering {
        largest_gap: LARGEST_GAP,
        seed,
        ..Numbering::default()
    };
    let (bench, mut process) = setup.start().await;
    let tickets = bench.story.len();
    for _ in 0..FOREIGN.0 {
        let count = rng.random_range(1..=FOREIGN.1);
        let nth = rng.random_range(1..=tickets) as u32;
        let others = Fault::on(Operation::CreateIssue, Action::Foreign { count });
        bench.jira.order(others.nth(nth));
    }
    let steps = tickets + bench.story.dependencies().len();
    let mut moments: Vec<usize> = (0..kills).map(|_| rng.random_range(0..steps)).collect();
    moments.sort_unstable();

    let watcher = bench.watch();
    bench.begin(&process).await.expect("it starts");
    for moment in moments {
        reach(&bench, moment).await;
        sleep(LONGER.mul_f64(rng.random_range(0.0..1.0))).await;
        process.kill();
        process = bench.process().await;
    }
    let (events, taken_over) = bench.conclude(&process, watcher).await;
    assert!(taken_over >= 1, "a kill shows as a take-over");
    let others = bench.jira.issues().iter().filter(|i| i.foreign).count();
    assert!(others >= FOREIGN.0 / 2, "others were at work too: {others}");
    println!(
        "crash: {kind:?}: {kills} kills at random, {taken_over} take-overs: {tickets} tickets have one issue each, {} dependencies one \
         link each, {} events came once and in order, {others} issues of others",
        bench.story.dependencies().len(),
        events.len(),
    );
}

/// Waits until Jira has so many issues and links that docket made.
pub(super) async fn reach(bench: &Bench, steps: usize) {
    let give_up = Instant::now() + Duration::from_secs(120);
    let made = || {
        let issues = bench.jira.issues();
        issues.iter().filter(|issue| !issue.foreign).count() + bench.jira.links().len()
    };
    while made() < steps {
        assert!(Instant::now() < give_up, "stuck at {} of {steps}", made());
        sleep(Duration::from_millis(2)).await;
    }
}

/// How often a process is killed.
pub(super) fn kills() -> u32 {
    u32::try_from(number("DOCKET_CRASH_KILLS", KILLS)).expect("a number of kills")
}

pub(super) fn number(name: &str, default: u64) -> u64 {
    match env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} must be a number")),
        Err(_) => default,
    }
}
