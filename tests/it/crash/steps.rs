//! The process ends itself between two steps of the protocol, at each of them in turn; the next process goes on by itself.
//!
//! `DOCKET_CRASH_ROUNDS` says how often at each of them (once where it is not set), each time at another ticket or link.

use std::{collections::BTreeSet, fs, os::unix::process::ExitStatusExt as _, path::Path};

use rstest::rstest;
use tokio::task::JoinSet;

use super::{bench::Setup, random::number, story::Story, watch::adopted};
use crate::support::database::Kind;

/// SIGABRT, by which a process ends that ends itself.
const ABORTED: i32 = 6;
/// How many crashes are waited for at once. More would have more processes busy than they have processors to keep their leases with.
const AT_ONCE: usize = 6;

/// Every place at which an export may be left, how often a run has come there when it is in the first round, how often it comes there
/// in all, and whether the ticket with that number is then found in Jira rather than made.
const PLACES: [(&str, i32, i32, bool); 17] = [
    ("claimed", 1, 1, false),
    ("before_intent", 4, 7, false),
    ("intended", 4, 7, false),
    ("answered", 1, 7, true),
    ("answered", 4, 7, true),
    ("answered", 7, 7, true),
    ("key_kept", 4, 7, false),
    ("attachment_next", 1, 2, false),
    ("attachment_intended", 2, 2, false),
    ("attachment_piece", 2, 2, false),
    ("attachment_answered", 1, 2, false),
    ("attachment_answered", 2, 2, false),
    ("attachment_kept", 1, 2, false),
    ("sprint_sent", 4, 7, false),
    ("ticket_done", 4, 7, false),
    ("link_sent", 3, 4, false),
    ("before_completed", 1, 1, false),
];

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_place_costs_no_ticket_and_doubles_none(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let rounds = i32::try_from(number("DOCKET_CRASH_ROUNDS", 1)).expect("few rounds");
    let (mut survived, mut failed) = (0, 0);
    for (round, some) in
        (0..rounds).flat_map(|round| PLACES.chunks(AT_ONCE).map(move |some| (round, some)))
    {
        let mut crashes = JoinSet::new();
        for &(place, first, most, found) in some {
            let nth = (first - 1 + round) % most + 1;
            crashes.spawn(async move {
                crash_at(kind, place, nth, found).await;
                eprintln!("{kind:?}: a crash at {place}, time {nth}, cost nothing");
            });
        }
        while let Some(crash) = crashes.join_next().await {
            match crash {
                Ok(()) => survived += 1,
                Err(_) => failed += 1,
            }
        }
    }
    println!(
        "crash: {kind:?}: {rounds} rounds of {} places: {survived} crashes cost nothing, {failed} did",
        PLACES.len()
    );
    assert_eq!(failed, 0, "each failure is told above");
}

async fn crash_at(kind: Kind, place: &str, nth: i32, found: bool) {
    let setup = Setup::new(kind, Story::small()).crashing_at(place, nth.unsigned_abs());
    let (bench, mut process) = setup.start().await;
    let watcher = bench.watch();
    // The process may have gone before it could answer.
    let _ = bench.begin(&process).await;
    let ended = process.ended().await;
    assert_eq!(ended.signal(), Some(ABORTED), "the crash at {place}");

    let process = bench.process().await;
    let (events, taken_over) = bench.conclude(&process, watcher).await;
    assert!(taken_over >= 1, "{place}: the crash shows as a take-over");
    assert_eq!(adopted(&events, nth), found, "{place}");
}

#[test]
fn every_place_of_the_engine_is_crashed_at() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/worker");
    let mut named = BTreeSet::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(path).unwrap();
            let places = text.split("\"export.").skip(1);
            named.extend(places.map(|rest| rest.split('"').next().unwrap().to_owned()));
        }
    }
    let crashed: BTreeSet<String> = PLACES.iter().map(|place| place.0.to_owned()).collect();
    assert_eq!(named, crashed);
}
