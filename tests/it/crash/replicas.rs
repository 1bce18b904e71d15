//! Two processes on one PostgreSQL: one run whoever is asked, and a replica that stalls loses it for good.

use std::time::Duration;

use docket::{
    db::{export, export_attachment, export_event},
    domain::{export::FileState, ids::SessionId},
    proto::v1::{ExportStatus, GetSessionRequest, PauseExportRequest},
    sandbox::{Action, Exchange, Fault, Issue, Link, Operation},
};
use rstest::rstest;
use sea_orm::EntityTrait as _;
use tokio::time::Instant;

use super::{
    bench::{Bench, Setup},
    process::until,
    story::Story,
};
use crate::support::{database::Kind, eventually};

/// What a replica logs that finds its run in other hands.
const LOST: &str = "another worker holds this export now";

/// The create during which a replica stalls, counted from 1.
const STALLED: u32 = 4;

/// Everything that a stalled replica could change.
#[derive(Debug, PartialEq)]
struct Held {
    issues: Vec<Issue>,
    links: Vec<Link>,
    sent: Vec<Exchange>,
    run: export::Model,
    events: Vec<export_event::Model>,
}

async fn held(bench: &Bench) -> Held {
    let session: SessionId = bench.session.parse().expect("a session's id");
    let rows = bench.database.db.read();
    let run = export::of_session(rows, session).await.expect("reads");
    let run = run.expect("a run");
    let events = export_event::after(rows, run.id, 0, 1000).await;
    Held {
        issues: bench.jira.issues(),
        links: bench.jira.links(),
        sent: bench.jira.requests(),
        events: events.expect("reads"),
        run,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_that_start_at_once_make_one_run() {
    let mut setup = Setup::new(Kind::Postgres, Story::large());
    // A busy machine is not to look like a dead one.
    setup.lease = "30";
    let (bench, one) = setup.start().await;
    let two = bench.replica().await;
    let (first, second) = tokio::join!(bench.begin(&one), bench.begin(&two));
    let (first, second) = (first.expect("it starts"), second.expect("it starts"));
    let task = |export: Option<docket::proto::v1::Export>| export.expect("an export").task_id;
    assert_ne!(
        first.already_running, second.already_running,
        "one has started it"
    );
    assert_eq!(task(first.export), task(second.export));

    // One of the two does not run it, and its watcher is told everything all the same.
    let (on_one, on_two) = (bench.watch_on(&one), bench.watch_on(&two));
    let (told_by_one, taken_over) = bench.conclude(&one, on_one).await;
    let (told_by_two, _) = bench.conclude(&two, on_two).await;
    assert_eq!(told_by_one, told_by_two);
    assert_eq!(
        taken_over, 0,
        "nobody takes a run from a replica that is well"
    );
    let sent = bench.jira.requests_of(Operation::CreateIssue);
    assert_eq!(sent.len(), bench.story.len(), "one create a ticket");
}

/// What one replica is asked for reaches the one that works in the middle of a wait, at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_pause_on_one_replica_halts_the_run_of_the_other_at_once() {
    let mut setup = Setup::new(Kind::Postgres, Story::small());
    setup.lease = "300";
    let wait = Duration::from_secs(60);
    setup.delay = wait;
    let (bench, one) = setup.start().await;
    bench.begin(&one).await.expect("it starts");
    bench.issues(1).await;
    // Not before the first one is at its wait could the second one take the run.
    let two = bench.replica().await;
    let session_id = bench.session.clone();
    let mut exports = bench.exports(&two);
    let asked = Instant::now();
    let pause = exports.pause_export(PauseExportRequest {
        session_id: session_id.clone(),
    });
    pause.await.expect("it is asked");
    let paused = async || {
        let get = GetSessionRequest {
            id: session_id.clone(),
        };
        let session = bench
            .exports(&two)
            .get_session(get)
            .await
            .expect("a session");
        let export = session.into_inner().session.and_then(|s| s.export);
        export.expect("an export").status() == ExportStatus::Paused
    };
    eventually("the export is paused", paused).await;
    let took = asked.elapsed();
    println!("paused on the other replica after {took:?}");
    assert!(
        took < wait / 2,
        "a wake-up and not the end of the wait: {took:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_sleeps_through_its_lease_changes_nothing_when_it_wakes() {
    let (bench, sleeper) = Setup::new(Kind::Postgres, Story::small()).start().await;
    let slow = Fault::on(Operation::CreateIssue, Action::Delay { ms: 2000 });
    bench.jira.order(slow.nth(STALLED));
    bench.begin(&sleeper).await.expect("it starts");
    let creates = || bench.jira.requests_of(Operation::CreateIssue).len();
    until("the create is sent", || creates() == STALLED as usize).await;
    sleeper.signal("STOP");

    let other = bench.replica().await;
    let watcher = bench.watch_on(&other);
    let (_, taken_over) = bench.conclude(&other, watcher).await;
    assert!(taken_over >= 1, "the other has taken over");
    let before = held(&bench).await;

    // The answer to its create is waiting for it.
    sleeper.signal("CONT");
    sleeper.logged(LOST).await;
    assert_eq!(held(&bench).await, before, "nothing has changed");
}

/// The work itself stands still here, with nothing beside it that could see the lease go: before the create, which must not be sent
/// any more, and after the answer, whose key must not be written any more.
#[rstest]
#[case::before_a_create("intended")]
#[case::after_an_answer("answered")]
#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_stalls_at_a_ticket_leaves_it_alone(#[case] place: &str) {
    let setup = Setup::new(Kind::Postgres, Story::small());
    // Longer than the lease, and than PostgreSQL leaves to a replica what it has locked for the ticket before; far less than the time for
    // which an issue is looked for.
    let setup = setup.doing_at(place, STALLED, "sleep(8000)");
    let (bench, staller) = setup.start().await;
    bench.begin(&staller).await.expect("it starts");
    bench.issues(STALLED as usize - 1).await;

    let other = bench.replica().await;
    let watcher = bench.watch_on(&other);
    let (_, taken_over) = bench.conclude(&other, watcher).await;
    assert!(taken_over >= 1, "somebody has taken over");
    let before = held(&bench).await;
    staller.logged(LOST).await;
    assert_eq!(held(&bench).await, before, "nothing has changed");
    let sent = bench.jira.requests_of(Operation::CreateIssue);
    assert_eq!(sent.len(), bench.story.len(), "one create a ticket");
}

/// In the middle of a file: the rest of it must not be sent any more, for Jira takes the same file twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_sleeps_in_the_middle_of_a_file_breaks_it_off() {
    let setup = Setup::new(Kind::Postgres, Story::small());
    // Time enough to be stopped in.
    let setup = setup.doing_at("attachment_piece", 1, "sleep(1500)");
    let (bench, sleeper) = setup.start().await;
    bench.begin(&sleeper).await.expect("it starts");
    eventually("a file is on its way", async || is_sending(&bench).await).await;
    sleeper.signal("STOP");
    let fence = held(&bench).await.run.fence;

    let other = bench.replica().await;
    let watcher = bench.watch_on(&other);
    let is_taken = async || held(&bench).await.run.fence != fence;
    eventually("the other replica has the run", is_taken).await;
    // The other looks for the file for half a minute before it sends it again.
    sleeper.signal("CONT");
    sleeper.logged(LOST).await;
    let taken = || {
        let sent = bench.jira.requests_of(Operation::AddAttachments);
        sent.iter().filter(|it| it.work.is_some()).count()
    };
    assert_eq!(taken(), 0, "what it had begun to send is broken off");
    let (_, taken_over) = bench.conclude(&other, watcher).await;
    assert_eq!((taken_over, taken()), (1, 2), "each file once");
}

/// Whether a file is on its way, as the run has written it down.
async fn is_sending(bench: &Bench) -> bool {
    let rows = export_attachment::Entity::find().all(bench.database.db.read());
    let rows = rows.await.expect("reads");
    rows.iter().any(|row| row.state == FileState::Sending)
}
