//! `docket tickets import`: the tickets of a file, created through the API.
//!
//! Each ticket is created under a request id that follows from what the file says of it and where. So whoever repeats an import, because
//! it broke off or by mistake, makes nothing twice as long as the server remembers its requests, which is a day.

use std::{
    cell::Cell,
    path::{Path, PathBuf},
};

use clap::Args;
use futures::{StreamExt as _, stream};
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use uuid::{Builder, Uuid};

use super::{
    Format, format,
    record::{self, Record},
    rows, standing,
};
use crate::{
    cli::{
        CommandError,
        client::{Client, Remote, call},
        counting::{Counting, counted},
        values::Faults,
    },
    proto::v1::CreateTicketRequest,
};

/// How many tickets are on their way at once. They are numbered as they arrive: nearly in the order of the file.
const AT_ONCE: usize = 16;
/// The most faults of a file that are told.
const FAULTS: usize = 20;

/// Which file.
#[derive(Debug, Args)]
pub(in crate::cli) struct ImportArgs {
    /// The file: .csv or .jsonl.
    file: PathBuf,
    /// How the file is written, where its extension does not tell.
    #[arg(long)]
    format: Option<Format>,
    /// Leave the tickets unassigned, for a server that does not know the people.
    #[arg(long)]
    unassigned: bool,
    /// Leave the tickets new, wherever they stand in the file, for somebody who may not do with them what was done.
    #[arg(long)]
    as_new: bool,
    /// Create all tickets, though the same file may have been imported today.
    #[arg(long)]
    anew: bool,
    /// Go on with an import that was begun with --anew and has broken off: the run that it has told.
    #[arg(long, value_name = "ID", conflicts_with = "anew")]
    run: Option<Uuid>,
    #[command(flatten)]
    remote: Remote,
}

/// Carries out the command: the whole file is looked at before anything is created.
pub(super) async fn run(args: ImportArgs) -> Result<(), CommandError> {
    let format = format(&args.file, args.format)?;
    let total = check(&args.file, format)?;
    let client = args.remote.connect().await?;
    let run = args.run.or_else(|| args.anew.then(Uuid::new_v4));
    if let Some(run) = run.filter(|_| args.anew) {
        // Also for whoever is cut off before the end.
        eprintln!("run {run}");
    }
    let mut counting = Counting::new("tickets", Some(total));
    let stopped = Cell::new(false);
    let tickets = requests(&args.file, format, args.unassigned, run)?;
    let mut created = stream::iter(tickets.take_while(|_| !stopped.get()))
        .map(|wanted| create(&client, wanted, args.as_new))
        .buffered(AT_ONCE);
    let mut count = 0;
    let mut failed = None;
    while let Some(outcome) = created.next().await {
        match outcome {
            Ok(()) => count += 1,
            // What is on its way comes to its end; nothing new sets out.
            Err(error) => {
                stopped.set(true);
                failed = failed.or(Some(error));
            }
        }
        counting.at(count);
    }
    counting.end();
    match failed {
        None => {
            println!("{}", counted(count, "ticket", "tickets"));
            Ok(())
        }
        Some(error) => Err(broken_off(&error, count, total, run).into()),
    }
}

/// What is said of an import that a ticket has stopped.
fn broken_off(error: &CommandError, count: u64, total: u64, run: Option<Uuid>) -> String {
    let total = counted(total, "ticket is", "tickets are");
    let how = match run {
        None => "the same command again, with the same options, goes on".to_owned(),
        Some(run) => {
            format!("the same command and options with --run {run}, and without --anew, goes on")
        }
    };
    format!("{error}\n{count} of {total} there; {how}, and makes none of them twice")
}

/// How many tickets the file has, if nothing is wrong with any of them.
fn check(path: &Path, format: Format) -> Result<u64, CommandError> {
    let mut faults = Faults::default();
    let mut count = 0;
    for (place, values) in rows::read(path, format)? {
        match values {
            Ok(values) => drop(record::read(values, &place, &mut faults)),
            Err(fault) => faults.add(format!("{place}: {fault}")),
        }
        count += 1;
        if faults.0.len() >= FAULTS {
            faults.add("… and no further line was looked at");
            break;
        }
    }
    let shown = path.display();
    if faults.0.is_empty() {
        return Ok(count);
    }
    let lines = faults.0.iter().map(|fault| format!("{shown}: {fault}"));
    Err(lines.collect::<Vec<_>>().join("\n").into())
}

/// A ticket's place, and what creates it.
type Wanted = (String, Result<Record, String>);

fn requests(
    path: &Path,
    format: Format,
    unassigned: bool,
    run: Option<Uuid>,
) -> Result<impl Iterator<Item = Wanted>, CommandError> {
    let rows = rows::read(path, format)?;
    Ok(rows.zip(0_u64..).map(move |((place, values), index)| {
        let record = values.and_then(|values| {
            let mut faults = Faults::default();
            let mut record = record::read(values, &place, &mut faults);
            let create = &mut record.create;
            // Of the ticket as the file has it: with other options, too, none is made twice.
            create.request_id = Some(request_id(create, index, run).to_string());
            if let Some(ticket) = create.ticket.as_mut().filter(|_| unassigned) {
                ticket.assignee_id = None;
            }
            match faults.0.is_empty() {
                true => Ok(record),
                // It was whole a moment ago.
                false => Err(format!("the file has changed meanwhile: {faults}")),
            }
        });
        (place, record)
    }))
}

/// The same ticket at the same place of a file has the same one, unless a run has its own.
fn request_id(request: &CreateTicketRequest, index: u64, run: Option<Uuid>) -> Uuid {
    let digest = Sha256::new()
        .chain_update(b"docket tickets import\0")
        .chain_update(run.unwrap_or_default())
        .chain_update(index.to_be_bytes())
        .chain_update(request.encode_to_vec())
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

async fn create(
    client: &Client,
    (place, record): Wanted,
    as_new: bool,
) -> Result<(), CommandError> {
    let record = record.map_err(|fault| format!("{place}: {fault}"))?;
    let what = format!("{place}: the ticket cannot be created");
    let created = call(&what, record.create, async |request| {
        client.tickets().create_ticket(request).await
    });
    let made = created.await?.ticket.unwrap_or_default();
    match as_new {
        true => Ok(()),
        false => standing::bring(client, &place, made.id, record.standing).await,
    }
}
