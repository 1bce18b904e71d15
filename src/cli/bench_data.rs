//! `docket bench-data`: made-up tickets in any number, to see how docket does with many.

use std::{sync::Arc, time::Instant};

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, value_parser};
use secrecy::ExposeSecret as _;

use super::{
    CommandError,
    counting::{Counting, counted},
};
use crate::{
    app::bench_data::{self, Plan},
    config::{Config, LogSettings},
    db::{Db, ticket},
    domain::time::{Time, cut},
    error::Error,
    telemetry,
};

/// One to write, and one to look.
const CONNECTIONS: u32 = 2;

/// How many tickets, and what they are like.
#[derive(Debug, Args)]
pub(super) struct BenchDataArgs {
    /// How many tickets.
    #[arg(value_parser = value_parser!(u64).range(1..=100_000_000))]
    tickets: u64,
    /// The same seed makes the same tickets, where --until is the same too.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Up to when the tickets have lived (RFC 3339); now where not given.
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Time>,
    /// Over how many days up to then they were filed.
    #[arg(long, default_value_t = 730, value_parser = value_parser!(u32).range(1..=3650))]
    days: u32,
    /// Add to a database that has tickets already.
    #[arg(long)]
    add: bool,
}

fn time(text: &str) -> Result<Time, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| cut(time.with_timezone(&Utc)))
        .map_err(|_| "must be a time such as 2026-01-01T00:00:00Z".to_owned())
}

/// Fills the database of this machine's settings, whose schema it brings up to date before.
pub(super) async fn run(args: BenchDataArgs) -> Result<(), CommandError> {
    let config = Config::from_env()?;
    telemetry::init(&LogSettings {
        filter: "warn".to_owned(),
        ..config.log.clone()
    });
    let db = Db::connect(config.database_url.expose_secret(), CONNECTIONS).await?;
    let filled = fill(&db, &config, &args).await;
    db.close().await;
    println!("{}", filled?);
    Ok(())
}

async fn fill(db: &Db, config: &Config, args: &BenchDataArgs) -> Result<String, CommandError> {
    db.migrate_up(None).await?;
    if !args.add && ticket::any(db.read()).await? {
        return Err("the database has tickets already; --add puts these beside them".into());
    }
    let plan = Plan {
        tickets: args.tickets,
        seed: args.seed,
        until: args.until.unwrap_or_else(|| cut(Utc::now())),
        span: TimeDelta::days(args.days.into()),
        sla: Arc::new(config.sla.clone()),
        reopen_window: config.reopen_window,
    };
    let begin = Instant::now();
    let mut counting = Counting::new("tickets", Some(args.tickets));
    let made = bench_data::fill(db, plan, |made| counting.at(made.tickets)).await;
    counting.end();
    let made = made.map_err(|error| match error {
        Error::AlreadyExists { .. } => {
            CommandError::from("tickets of this seed are there already; --seed gives others")
        }
        error => error.into(),
    })?;
    Ok(format!(
        "{}, {}, {}, {} in {:.1} s",
        counted(made.tickets, "ticket", "tickets"),
        counted(made.comments, "comment", "comments"),
        counted(made.entries, "history entry", "history entries"),
        counted(made.assignments, "assignment", "assignments"),
        begin.elapsed().as_secs_f64()
    ))
}
