//! `docket export log`: what an export did, from the database that `DATABASE_URL` names. The contract has no call for it.

use std::io::{self, Write};

use clap::Args;
use serde_json::json;
use uuid::Uuid;

use super::{CommandError, offline};
use crate::{
    db::{Db, export, export_log},
    domain::{
        export_log::LogKind,
        ids::{ExportId, SessionId},
    },
};

/// One reader is enough.
const CONNECTIONS: u32 = 1;
/// How many entries are read at once.
const BATCH: u64 = 500;

/// Whose log, and in which form.
#[derive(Debug, Args)]
pub(super) struct LogArgs {
    /// The session's id.
    session: Uuid,
    /// Of this task, where the session was exported more than once; else of the latest.
    #[arg(long, value_name = "ID")]
    task: Option<Uuid>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Prints the log on standard output.
pub(super) async fn run(args: LogArgs) -> Result<(), CommandError> {
    let (_, db) = offline::open(CONNECTIONS).await?;
    let printed = print(&db, &args, &mut io::stdout().lock()).await;
    db.close().await;
    match printed {
        // Whoever reads has read enough, as `head` does.
        Err(error) if is_closed(&*error) => Ok(()),
        printed => printed,
    }
}

fn is_closed(error: &(dyn std::error::Error + 'static)) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

async fn print(db: &Db, args: &LogArgs, out: &mut impl Write) -> Result<(), CommandError> {
    let export = find(db, args).await?;
    let mut last = 0;
    loop {
        let entries = export_log::after(db.read(), export.id, last, BATCH).await?;
        let Some(end) = entries.last() else {
            return Ok(out.flush()?);
        };
        last = end.sequence;
        for entry in &entries {
            match args.json {
                true => writeln!(out, "{}", object(entry))?,
                false => out.write_all(lines(entry).as_bytes())?,
            }
        }
    }
}

async fn find(db: &Db, args: &LogArgs) -> Result<export::Model, CommandError> {
    let session = SessionId(args.session);
    let found = match args.task {
        Some(task) => export::find(db.read(), ExportId(task)).await?,
        None => export::of_session(db.read(), session).await?,
    };
    let of_session = found.filter(|export| export.session_id == session);
    of_session
        .ok_or_else(|| format!("the session {session} has no such export in this database").into())
}

/// An entry for a person: one line, and below it what was sent and received.
fn lines(entry: &export_log::Model) -> String {
    let time = entry.time.format("%Y-%m-%dT%H:%M:%S%.6fZ");
    let attempt = entry.attempt;
    if let Some(note) = &entry.note {
        return format!("{time} #{attempt}  {note}\n");
    }
    let [method, path] =
        [&entry.method, &entry.path].map(|text| text.as_deref().unwrap_or_default());
    let status = entry
        .status
        .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let millis = entry.latency_micros.unwrap_or_default() / 1000;
    let mut text = format!("{time} #{attempt}  {method} {path} -> {status} in {millis} ms\n");
    for (mark, body) in [('>', &entry.sent), ('<', &entry.received)] {
        if let Some(body) = body.as_deref().filter(|body| !body.is_empty()) {
            text += &format!("    {mark} {body}\n");
        }
    }
    text
}

fn object(entry: &export_log::Model) -> serde_json::Value {
    match entry.kind {
        LogKind::State => json!({
            "time": entry.time, "attempt": entry.attempt, "kind": "state", "note": entry.note,
        }),
        LogKind::Request => json!({
            "time": entry.time, "attempt": entry.attempt, "kind": "request", "method": entry.method,
            "path": entry.path, "sent": entry.sent, "status": entry.status, "received": entry.received,
            "latency_ms": entry.latency_micros.unwrap_or_default() / 1000,
        }),
    }
}
