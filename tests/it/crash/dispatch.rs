//! Single tickets on their way to Jira while the processes that hand them over are ended for real: none is lost, none is doubled.
//!
//! `DOCKET_CRASH_KILLS` says how often a process is killed (6 where it is not set), `DOCKET_CRASH_SEED` at which moments.

use std::{collections::BTreeMap, os::unix::process::ExitStatusExt as _, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use docket::{
    proto::v1::{self, DispatchOutcome, DispatchTrigger},
    sandbox::{Options, Sandbox},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use rstest::rstest;
use tokio::time::{Instant, sleep};
use tonic::service::interceptor::InterceptedService;
use uuid::Uuid;

use super::{
    bench::{admin, integrate, start},
    process::Docket,
    random::{kills, number},
};
use crate::{
    attachments::{header, upload},
    support::{
        database::{Kind, TestDatabase},
        server::{Bearer, Tickets},
    },
};

/// SIGABRT, by which a process ends that ends itself.
const ABORTED: i32 = 6;
/// How long the last ticket may take: a look for what an interrupted send may have made goes on for half a minute.
const SOON: Duration = Duration::from_secs(90);
/// How long Jira takes for each call, so that kills fall between its steps.
const LATENCY: Duration = Duration::from_millis(25);
/// About how long a hand-over takes then.
const HAND_OVER: Duration = Duration::from_millis(400);

/// Every place at which a hand-over may be left, what the ledger tells of that attempt, and how many attempts there are in all.
const PLACES: [(&str, DispatchOutcome, usize); 9] = [
    ("opened", DispatchOutcome::RetryLater, 2),
    ("before_intent", DispatchOutcome::RetryLater, 2),
    ("intended", DispatchOutcome::Uncertain, 2),
    ("answered", DispatchOutcome::Uncertain, 2),
    ("key_kept", DispatchOutcome::Created, 2),
    ("file_next", DispatchOutcome::Created, 2),
    ("file_answered", DispatchOutcome::Created, 2),
    ("file_kept", DispatchOutcome::Created, 2),
    ("ended", DispatchOutcome::Created, 1),
];

struct Bench {
    jira: Sandbox,
    database: TestDatabase,
    settings: Vec<(&'static str, String)>,
    bearer: Bearer,
    integration: String,
}

impl Bench {
    /// With a first process that ends itself at this place.
    async fn start(kind: Kind, place: Option<&str>) -> (Self, Docket) {
        let database = TestDatabase::empty(kind).await;
        let jira = Sandbox::start(Options::default()).await.expect("a sandbox");
        let secret = format!("{}{}", Uuid::new_v4(), Uuid::new_v4());
        let folder = database.folder().display().to_string();
        let mut settings = vec![
            ("DATA_DIR", format!("{folder}/data")),
            ("DATABASE_URL", database.url.clone()),
            ("JWT_SECRET_KEY", secret.clone()),
            (
                "CREDENTIALS_KEY",
                STANDARD.encode(rand::random::<[u8; 32]>()),
            ),
            ("OUTBOUND_ALLOW", "127.0.0.0/8".to_owned()),
            ("EXPORT_LEASE_SECONDS", "2".to_owned()),
        ];
        if let Some(place) = place {
            settings.push(("FAILPOINTS", format!("dispatch.{place}=1*return")));
        }
        let process = start(&settings).await;
        settings.retain(|(name, _)| *name != "FAILPOINTS");
        let bearer = Bearer::new(&admin(&secret));
        let pace = (Duration::ZERO, 1);
        let integration = integrate(&process, &bearer, &jira, pace).await;
        let bench = Self {
            jira,
            database,
            settings,
            bearer,
            integration,
        };
        (bench, process)
    }

    fn tickets(&self, process: &Docket) -> Tickets {
        Tickets::new(InterceptedService::new(
            process.channel(),
            self.bearer.clone(),
        ))
    }

    /// The ticket once it has arrived.
    async fn arrived(&self, process: &Docket, id: &str) -> v1::Ticket {
        let give_up = Instant::now() + SOON;
        let mut tickets = self.tickets(process);
        loop {
            // First, so that nothing is under way any more when the ticket is read.
            let open = ledger(&mut tickets, id)
                .await
                .iter()
                .any(|row| row.latency.is_none());
            let request = v1::GetTicketRequest {
                id: Some(id.to_owned()),
                number: None,
            };
            let got = tickets.get_ticket(request).await.expect("it is there");
            let ticket = got.into_inner().ticket.expect("a ticket");
            let result = ticket.integration_result.as_ref();
            if result.is_some_and(|result| result.success) && !open {
                return ticket;
            }
            assert!(Instant::now() < give_up, "it does not arrive: {result:?}");
            sleep(Duration::from_millis(50)).await;
        }
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

/// A ticket's ledger, first attempt first.
async fn ledger(tickets: &mut Tickets, id: &str) -> Vec<v1::DispatchAttempt> {
    let request = v1::ListDispatchAttemptsRequest {
        ticket_id: id.to_owned(),
        page_size: 100,
        ..Default::default()
    };
    let listed = tickets.list_dispatch_attempts(request).await;
    let mut rows = listed.expect("a ledger").into_inner().attempts;
    rows.reverse();
    rows
}

fn a_ticket(title: &str, integration: Option<&str>) -> v1::CreateTicketRequest {
    v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            title: title.to_owned(),
            integration_id: integration.map(str::to_owned),
            ..Default::default()
        }),
        request_id: Some(Uuid::new_v4().to_string()),
        ..Default::default()
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
    let mut tickets = bench.tickets(&process);
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

    let process = start(&bench.settings).await;
    let ticket = bench.arrived(&process, &id).await;
    let rows = ledger(&mut bench.tickets(&process), &id).await;
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
    let (bench, mut process) = Bench::start(kind, None).await;
    bench.jira.set_latency(LATENCY);
    let mut ids = Vec::new();
    for kill in 0..kills {
        let request = a_ticket(&format!("Ticket {kill}"), Some(&bench.integration));
        let mut tickets = bench.tickets(&process);
        let call = tokio::spawn({
            let request = request.clone();
            async move { tickets.create_ticket(request).await }
        });
        sleep(HAND_OVER.mul_f64(rng.random_range(0.0..1.0))).await;
        process.kill();
        drop(call.await);
        process = start(&bench.settings).await;
        // Whoever got no answer asks again, as a client does.
        let again = bench.tickets(&process).create_ticket(request).await;
        let ticket = again.expect("an answer").into_inner().ticket;
        ids.push(ticket.expect("a ticket").id);
    }
    let mut recovered = 0;
    for id in &ids {
        bench.arrived(&process, id).await;
        let rows = ledger(&mut bench.tickets(&process), id).await;
        recovered += usize::from(rows.len() > 1);
    }
    let issues = bench.issues();
    assert_eq!(issues.len(), ids.len(), "each ticket has its issue");
    let doubled: Vec<_> = issues.iter().filter(|(_, keys)| keys.len() != 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
    let listed = v1::ListTicketsRequest {
        page_size: 100,
        ..Default::default()
    };
    let listed = bench
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
        "dispatch: {kind:?}: {kills} kills, {recovered} hand-overs went on elsewhere: {} tickets have one issue each, in {}",
        ids.len(),
        bench.database.url.split(':').next().unwrap_or_default(),
    );
}
