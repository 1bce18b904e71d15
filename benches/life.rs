//! A ticket's whole life under load: many clients call every RPC about tickets and people on a `docket serve` of its own, at random, for a while.
//!
//! ```text
//! cargo bench --bench life                      # a minute, 64 clients, SQLite
//! DATABASE_URL=postgres://… cargo bench --bench life -- --seconds 10 --clients 16
//! ```
//!
//! It prints how often each RPC was answered with what, and how fast. It fails on any INTERNAL or UNKNOWN, and where an RPC was never
//! answered well.

#![allow(missing_docs)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a load test fails by panicking"
)]

#[path = "support/bearer.rs"]
mod bearer;
#[path = "life/calls.rs"]
mod calls;
#[path = "support/server.rs"]
mod server;

use std::{
    collections::BTreeMap,
    process::ExitCode,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use calls::{CALLS, Client};
use clap::Parser;
use rand::{SeedableRng as _, rngs::StdRng};
use server::Server;
use tonic::Code;

#[derive(Parser)]
struct Args {
    /// For how long.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// How many clients, each with a connection of its own.
    #[arg(long, default_value_t = 64)]
    clients: u64,
    /// What cargo passes to every benchmark.
    #[arg(long)]
    bench: bool,
}

/// How often an RPC was answered with what, and how long the answers took.
#[derive(Default)]
struct Tally {
    codes: BTreeMap<String, u64>,
    micros: Vec<u64>,
    faults: Vec<String>,
}

type Tallies = BTreeMap<&'static str, Tally>;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let server = Server::start(&[]);
    let ids = Arc::new(Mutex::new(Vec::new()));
    let end = Instant::now() + Duration::from_secs(args.seconds);
    let clients = (0..args.clients).map(|index| {
        let client = Client::new(&server, index, Arc::clone(&ids));
        tokio::spawn(call_until(end, client, StdRng::seed_from_u64(index)))
    });
    let mut tallies = Tallies::new();
    for (name, _) in CALLS {
        tallies.insert(name, Tally::default());
    }
    for client in clients.collect::<Vec<_>>() {
        for (name, tally) in client.await.expect("a client does not panic") {
            let all = tallies.entry(name).or_default();
            for (code, count) in tally.codes {
                *all.codes.entry(code).or_default() += count;
            }
            all.micros.extend(tally.micros);
            all.faults.extend(tally.faults);
        }
    }
    report(tallies, args.seconds)
}

/// Calls one RPC after the other; a new ticket is filed more often than others, so that there is always one to do something with.
async fn call_until(end: Instant, mut client: Client, mut random: StdRng) -> Tallies {
    let mut tallies = Tallies::new();
    while Instant::now() < end {
        let (name, call) = client.choose(&mut random);
        let begin = Instant::now();
        let outcome = call(&mut client, &mut random).await;
        let tally = tallies.entry(name).or_default();
        let micros = begin.elapsed().as_micros();
        tally.micros.push(u64::try_from(micros).unwrap_or(u64::MAX));
        let code = outcome
            .as_ref()
            .err()
            .map_or(Code::Ok, |status| status.code());
        *tally.codes.entry(format!("{code:?}")).or_default() += 1;
        if let (Code::Internal | Code::Unknown, Err(status)) = (code, outcome) {
            tally.faults.push(format!("{status:?}"));
        }
    }
    tallies
}

fn report(tallies: Tallies, seconds: u64) -> ExitCode {
    let mut failed = false;
    let mut calls = 0;
    println!(
        "{:<26}{:>8}{:>9}{:>9}  answers",
        "RPC", "calls", "p50 ms", "p99 ms"
    );
    for (name, mut tally) in tallies {
        tally.micros.sort_unstable();
        let at = |percent: usize| {
            let index = tally.micros.len() * percent / 100;
            let micros = tally.micros.get(index).copied().unwrap_or_default();
            Duration::from_micros(micros).as_secs_f64() * 1000.0
        };
        let count = tally.micros.len();
        calls += count;
        println!(
            "{name:<26}{count:>8}{:>9.1}{:>9.1}  {:?}",
            at(50),
            at(99),
            tally.codes
        );
        for fault in tally.faults.iter().take(3) {
            println!("    {fault}");
        }
        if !tally.faults.is_empty() || !tally.codes.contains_key("Ok") {
            println!(
                "    FAILED: {} faults, or never answered well",
                tally.faults.len()
            );
            failed = true;
        }
    }
    println!(
        "{calls} calls in {seconds} s, {}",
        if failed { "FAILED" } else { "no fault" }
    );
    ExitCode::from(u8::from(failed))
}
