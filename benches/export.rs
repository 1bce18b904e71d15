//! How fast an export is: what docket adds to the time that Jira takes, beside Python's `jira` package; how a long session fares; what
//! watchers cost, and how soon they are told on another replica.
//!
//! ```text
//! cargo bench --bench export                                # all of it, in the full sizes: about half an hour
//! cargo bench --bench export -- --tickets 50 --long 500 own long
//! ```
//!
//! Server and Jira are processes of their own. It fails where a figure is not what is wanted. Needs Python 3 with venv, and
//! PostgreSQL's binaries or `--postgres` with the URL of a server.

#![allow(missing_docs)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a load test fails by panicking"
)]

#[path = "support/bearer.rs"]
mod bearer;
#[path = "export/crowd.rs"]
mod crowd;
#[path = "support/figures.rs"]
mod figures;
#[path = "export/long.rs"]
mod long;
#[path = "support/memory.rs"]
mod memory;
#[path = "export/own_time.rs"]
mod own_time;
#[path = "export/python.rs"]
mod python;
#[path = "export/replicas.rs"]
mod replicas;
#[path = "support/server.rs"]
mod server;
#[path = "export/stage.rs"]
mod stage;
#[path = "export/times.rs"]
mod times;

use std::{
    fs,
    path::Path,
    process::{Command, ExitCode},
};

use clap::{Parser, ValueEnum};
use stage::Database;
use tempfile::TempDir;

#[derive(Parser)]
struct Args {
    /// What to measure; all where nothing is named.
    what: Vec<What>,
    /// How many tickets a session has, but for the long one.
    #[arg(long, default_value_t = 200)]
    tickets: usize,
    /// How many tickets the long session has.
    #[arg(long, default_value_t = 10_000)]
    long: usize,
    /// How many watch one export.
    #[arg(long, default_value_t = 500)]
    watchers: usize,
    /// How often exports with and without watchers take turns.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// A PostgreSQL server to measure on, where databases can be created. One is started where none is given.
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// What cargo passes to every benchmark.
    #[arg(long)]
    bench: bool,
}

/// A measurement.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// What docket adds to the time that Jira takes.
    Own,
    /// A long session.
    Long,
    /// Many watchers.
    Crowd,
    /// A watcher on another replica.
    Replicas,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let own = args.postgres.is_none().then(Postgres::start);
    let url = args.postgres.clone();
    let url = url.or_else(|| own.as_ref().map(|own| own.url.clone()));
    let postgres = Database::Postgres(url.expect("a URL"));
    let databases = [Database::Sqlite, postgres.clone()];
    let wanted = |what: What| args.what.is_empty() || args.what.contains(&what);

    let mut figures = Vec::new();
    let load = || fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("load before: {}", load().trim());
    if wanted(What::Own) {
        figures.extend(own_time::measure(&databases, args.tickets).await);
    }
    if wanted(What::Replicas) {
        figures.extend(replicas::measure(&postgres, args.tickets).await);
    }
    for database in &databases {
        if wanted(What::Crowd) {
            let crowd = crowd::measure(database, args.tickets / 2, args.watchers, args.rounds);
            figures.extend(crowd.await);
        }
        if wanted(What::Long) {
            figures.extend(long::measure(database, args.long).await);
        }
    }
    println!("load after: {}", load().trim());
    ExitCode::from(u8::from(!figures::print(&figures)))
}

/// A PostgreSQL server of the benchmark's own; it ends with this value.
struct Postgres {
    folder: TempDir,
    url: String,
}

impl Postgres {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let printed = Self::script("start", folder.path());
        Self {
            url: printed.trim().to_owned(),
            folder,
        }
    }

    fn script(verb: &str, folder: &Path) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/postgres");
        let output = Command::new(script).arg(verb).arg(folder).output();
        let output = output.expect("the script is there");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
        String::from_utf8(output.stdout).expect("text")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        Self::script("stop", self.folder.path());
    }
}
