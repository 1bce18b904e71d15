//! `docket migrate`: the schema of the database that `DATABASE_URL` names.

use std::num::NonZeroU32;

use clap::{Args, Subcommand};
use secrecy::ExposeSecret as _;

use super::{CommandError, offline, show};
use crate::{
    config::{Config, LogSettings},
    db::{Db, Step},
    telemetry,
};

/// Migrations run on a connection of their own; nothing else is read.
const CONNECTIONS: u32 = 1;

/// What to do with the schema.
#[derive(Debug, Subcommand)]
pub(super) enum MigrateCommand {
    /// Take every step that is left; `docket serve` does so by itself.
    Up {
        /// Take only this many.
        #[arg(long)]
        steps: Option<NonZeroU32>,
    },
    /// Take steps back, with everything that they keep.
    Down(Down),
    /// Print all steps, and whether they have been taken.
    Status,
}

/// How far down. It is asked for: no accident shall empty a database.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Down {
    /// Take back the last so many.
    #[arg(long)]
    steps: Option<NonZeroU32>,
    /// Take back all of them: nothing is left of the data.
    #[arg(long)]
    all: bool,
}

/// Changes the schema where asked to, and prints what it has become.
pub(super) async fn run(command: MigrateCommand) -> Result<(), CommandError> {
    let db = match command {
        MigrateCommand::Up { .. } => make().await?,
        MigrateCommand::Down(_) | MigrateCommand::Status => offline::connect(CONNECTIONS).await?.1,
    };
    let told = carry_out(&db, command).await;
    db.close().await;
    Ok(show(&told?)?)
}

/// Opens the database, which need not be there yet.
async fn make() -> Result<Db, CommandError> {
    let config = Config::from_env()?;
    // The steps are told on standard output; the log keeps to what went wrong.
    telemetry::init(&LogSettings {
        filter: "warn".to_owned(),
        ..config.log
    });
    Ok(Db::connect(config.database_url.expose_secret(), CONNECTIONS).await?)
}

async fn carry_out(db: &Db, command: MigrateCommand) -> Result<String, CommandError> {
    let before = db.migration_status().await?;
    match command {
        MigrateCommand::Up { steps } => db.migrate_up(steps.map(NonZeroU32::get)).await?,
        MigrateCommand::Down(Down { all: true, .. }) => db.migrate_down(None).await?,
        MigrateCommand::Down(Down { steps, .. }) => {
            db.migrate_down(steps.map(NonZeroU32::get)).await?;
        }
        MigrateCommand::Status => return Ok(table(&before)),
    }
    let after = db.migration_status().await?;
    Ok(changes(&before, &after))
}

fn table(steps: &[Step]) -> String {
    let width = steps.iter().map(|step| step.name.len()).max().unwrap_or(0);
    let applied = steps.iter().filter(|step| step.applied).count();
    let mut text: String = steps
        .iter()
        .map(|step| format!("{:width$}  {}\n", step.name, state(step)))
        .collect();
    text += &format!("{applied} of {} steps applied\n", steps.len());
    text
}

/// One line a step that is no longer what it was.
fn changes(before: &[Step], after: &[Step]) -> String {
    let changed: Vec<&Step> = after.iter().filter(|step| !before.contains(step)).collect();
    let mut text: String = changed
        .iter()
        .map(|step| format!("{}: now {}\n", step.name, state(step)))
        .collect();
    let applied = after.iter().filter(|step| step.applied).count();
    if changed.is_empty() {
        text += "nothing to do; ";
    }
    text += &format!("{applied} of {} steps applied\n", after.len());
    text
}

fn state(step: &Step) -> &'static str {
    if step.applied { "applied" } else { "pending" }
}
