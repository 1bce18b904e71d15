//! `docket dispatch replay`: hand-overs that came to nothing, tried again. On the database that `DATABASE_URL` names; the server that
//! works on it takes them up.

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use uuid::Uuid;

use super::{CommandError, counting::counted, offline, show};
use crate::{
    app::clock::{Clock as _, SystemClock},
    db::dispatch_replay,
    domain::ids::IntegrationId,
};

/// One writer is enough.
const CONNECTIONS: u32 = 1;

/// What to do about hand-overs.
#[derive(Debug, Subcommand)]
pub(super) enum DispatchCommand {
    /// Try every hand-over again that came to nothing, or that nobody knows the end of, or that left a file behind, also one that waits
    /// for a later try. What may have arrived is looked for first. A platform that has asked docket to wait is sent nothing before that. Those for an integration that is disabled or deleted are left alone, and so are tickets that are deleted or go elsewhere by now.
    Replay(Replay),
}

/// Which ones.
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// Those whose latest attempt began at this time or later, such as 2026-11-28T09:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: DateTime<Utc>,
    /// Only those to this integration.
    #[arg(long, value_name = "ID")]
    integration: Option<Uuid>,
}

fn time(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .map_err(|_| "must be a time such as 2026-11-28T09:00:00Z".to_owned())
}

/// Marks them as due and tells how many they are.
pub(super) async fn run(command: DispatchCommand) -> Result<(), CommandError> {
    let DispatchCommand::Replay(args) = command;
    let (_, db) = offline::open(CONNECTIONS).await?;
    let (since, integration) = (args.since, args.integration.map(IntegrationId));
    let now = SystemClock.now();
    let marked = db.write(move |tx| {
        Box::pin(async move { dispatch_replay::replay(tx, since, integration, now).await })
    });
    let marked = marked.await;
    db.close().await;
    let tickets = counted(marked?, "ticket is", "tickets are");
    Ok(show(&format!("{tickets} to be handed over again\n"))?)
}
