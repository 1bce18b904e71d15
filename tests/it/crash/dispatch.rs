//! Single tickets on their way to Jira while the processes that hand them over are ended for real: none is lost, none is doubled.
//!
//! `DOCKET_CRASH_KILLS` says how often a process is killed (6 where it is not set), `DOCKET_CRASH_SEED` at which moments.

use std::{collections::BTreeMap, os::unix::process::ExitStatusExt as _, time::Duration};

use docket::{
    proto::v1::{self, DispatchOutcome, DispatchTrigger},
    sandbox::{Action, Fault, Operation, Options, Sandbox},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use rstest::rstest;
use tokio::time::sleep;

use super::{
    bench::integrate,
    office::{Office, a_ticket, ledger},
    process::{Docket, until},
    random::{kills, number},
};
use crate::{
    attachments::{header, upload},
    support::database::Kind,
};

/// SIGABRT, by which a process ends that ends itself.
const ABORTED: i32 = 6;
/// How long Jira takes for each call, so that kills fall between its steps.
const LATENCY: Duration = Duration::from_millis(25);

/// Every place at which a hand-over may be left, what the ledger tells of that attempt, and how many attempts there are in all.
const PLACES: [(&str, DispatchOutcome, usize); 11] = [
    ("opened", DispatchOutcome::RetryLater, 2),
    ("before_intent", DispatchOutcome::RetryLater, 2),
    ("intended", DispatchOutcome::Uncertain, 2),
    ("answered", DispatchOutcome::Uncertain, 2),
    ("key_kept", DispatchOutcome::Created, 2),
    ("file_next", DispatchOutcome::Created, 2),
    ("file_intended", DispatchOutcome::Created, 2),
    ("file_piece", DispatchOutcome::Created, 2),
    ("file_answered", DispatchOutcome::Created, 2),
    ("file_kept", DispatchOutcome::Created, 2),
    ("ended", DispatchOutcome::Created, 1),
];

struct Bench {
    jira: Sandbox,
    office: Office,
    integration: String,
}

impl Bench {
    /// With a first process that ends itself at this place.
    async fn start(kind: Kind, place: Option<&str>) -> (Self, Docket) {
        let jira = Sandbox::start(Options::default()).await.expect("a sandbox");
        let (office, process) = Office::open(kind, place).await;
        let pace = (Duration::ZERO, 1);
        let integration = integrate(&process, &office.bearer, &jira, pace).await;
        let bench = Self {
            jira,
            office,
            integration,
        };
        (bench, process)
    }

    /// The keys of the issues by the tickets that they were made of.
    fn issues(&self) -> BTreeMap<String, Vec<String>> {
        let mut issues: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for issue in self.jira.issues() {
            let mark = issue.properties["docket"]["ticket"].as_str();
            let ticket = mark.expect("a mark").to_owned();
            issues.entry(ticket).or_default().push(issue.key);
        }
        issues
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_place_loses_nothing_and_doubles_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    // More at once ask more of the tests' database than it has connections for.
    for some in PLACES.chunks(3) {
        let crashes = some
            .iter()
            .map(|(place, outcome, attempts)| crash_at(kind, place, *outcome, *attempts));
        futures::future::join_all(crashes).await;
    }
}

async fn crash_at(kind: Kind, place: &str, outcome: DispatchOutcome, attempts: usize) {
    let (bench, mut process) = Bench::start(kind, Some(place)).await;
    let mut tickets = bench.office.tickets(&process);
    let made = tickets.create_ticket(a_ticket(place, None)).await;
    let id = made
        .expect("a ticket")
        .into_inner()
        .ticket
        .expect("a ticket")
        .id;
    for name in ["a.txt", "b.txt"] {
        let text = format!("what is in {name}");
        let file = upload(&mut tickets, header(&id, name), text.as_bytes()).await;
        file.expect("takes the file");
    }
    let request = v1::DispatchTicketRequest {
        id: id.clone(),
        integration_id: Some(bench.integration.clone()),
        request_id: None,
    };
    let cut = tickets.dispatch_ticket(request).await;
    let status = process.ended().await;
    assert_eq!(status.signal(), Some(ABORTED), "{place}: {cut:?}");

    let process = bench.office.process().await;
    let ticket = bench.office.arrived(&process, &id).await;
    let rows = ledger(&mut bench.office.tickets(&process), &id).await;
    assert_eq!(rows.len(), attempts, "{place}: {rows:?}");
    assert_eq!(rows[0].outcome(), outcome, "{place}");
    assert_eq!(rows[0].trigger(), DispatchTrigger::Request);
    if let Some(row) = rows.get(1) {
        assert_eq!(row.trigger(), DispatchTrigger::Recovery, "{place}");
        assert_eq!(row.outcome(), DispatchOutcome::Created, "{place}");
    }
    let issues = bench.issues();
    let result = ticket.integration_result.expect("a result");
    let key = result.external_ticket_id.expect("a key");
    assert_eq!(issues, BTreeMap::from([(id, vec![key])]), "{place}");
    let totals = result.response.expect("an answer").attachment_summary;
    let totals = totals.expect("totals");
    assert_eq!(
        (totals.total_files, totals.successful_uploads),
        (2, 2),
        "{place}"
    );
    let mut names: Vec<String> = bench
        .jira
        .attachments()
        .into_iter()
        .map(|file| file.filename)
        .collect();
    names.sort();
    assert_eq!(names, ["a.txt", "b.txt"], "{place}");
    eprintln!("{kind:?}: a crash at {place} cost nothing");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn any_number_of_kills_between_commit_and_answer_doubles_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let (kills, seed) = (kills(), number("DOCKET_CRASH_SEED", 2026));
    println!("DOCKET_CRASH_KILLS={kills} DOCKET_CRASH_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let (bench, process) = Bench::start(kind, None).await;
    bench.jira.set_latency(LATENCY);
    // What one hand-over asks of Jira, whole.
    let request = a_ticket("Undisturbed", Some(&bench.integration));
    let begun = bench.jira.requests().len();
    let whole = bench.office.tickets(&process).create_ticket(request).await;
    let whole = whole.expect("a ticket").into_inner().ticket;
    let mut ids = vec![whole.expect("a ticket").id];
    let calls = bench.jira.requests().len() - begun;
    let reach = || {
        let (jira, begun) = (&bench.jira, bench.jira.requests().len());
        // Between two of its calls, the first of which comes after the commit.
        let call = begun + rng.random_range(1..calls);
        let moment = LATENCY.mul_f64(rng.random_range(0.0..1.0));
        async move {
            until("the hand-over goes on", || jira.requests().len() >= call).await;
            sleep(moment).await;
        }
    };
    let killed = bench
        .office
        .kill_between(process, &bench.integration, kills, reach);
    let (process, killed, recovered) = killed.await;
    ids.extend(killed);
    assert!(recovered > 0, "no kill has come between commit and answer");
    let issues = bench.issues();
    assert_eq!(issues.len(), ids.len(), "each ticket has its issue");
    let doubled: Vec<_> = issues.iter().filter(|(_, keys)| keys.len() != 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
    let listed = v1::ListTicketsRequest {
        page_size: 100,
        ..Default::default()
    };
    let listed = bench
        .office
        .tickets(&process)
        .list_tickets(listed)
        .await
        .expect("a list");
    assert_eq!(
        listed.into_inner().tickets.len(),
        ids.len().min(100),
        "no ticket is there twice"
    );
    println!(
        "crash: dispatch: {kind:?}: {kills} kills, {recovered} hand-overs went on elsewhere: {} tickets have one issue each, in {}",
        ids.len(),
        bench
            .office
            .database
            .url
            .split(':')
            .next()
            .unwrap_or_default(),
    );
}

/// A process that is held up while it asks what the project takes, for longer than its lease, goes on when another one has long handed the
/// ticket over.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_held_up_before_it_sends_sends_nothing_beside_another() {
    let (bench, held) = Bench::start(Kind::Postgres, None).await;
    let asks = Operation::CreateMetaFields;
    bench
        .jira
        .order(Fault::on(asks, Action::Delay { ms: 3000 }));
    let request = a_ticket("Held up", Some(&bench.integration));
    let mut tickets = bench.office.tickets(&held);
    let call = tokio::spawn({
        let request = request.clone();
        async move { tickets.create_ticket(request).await }
    });
    until("it asks what the project takes", || {
        !bench.jira.requests_of(asks).is_empty()
    })
    .await;
    held.signal("STOP");
    let other = bench.office.process().await;
    // The same request: the ticket is filed already.
    let again = bench.office.tickets(&other).create_ticket(request).await;
    let id = again.expect("an answer").into_inner().ticket;
    let id = id.expect("a ticket").id;
    bench.office.arrived(&other, &id).await;
    held.signal("CONT");
    held.logged("a dispatch is somebody else's now").await;
    drop(call.await);
    assert_eq!(bench.jira.requests_of(Operation::CreateIssue).len(), 1);
    let rows = ledger(&mut bench.office.tickets(&other), &id).await;
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.trigger(), row.outcome()))
        .collect();
    let expected = [
        (DispatchTrigger::Create, DispatchOutcome::RetryLater),
        (DispatchTrigger::Recovery, DispatchOutcome::Created),
    ];
    assert_eq!(told, expected, "nothing had been sent");
}
