//! `docket tickets`: tickets out of a server into a file, and from a file into a server, through the API.

mod export;
mod faithful;
mod import;
mod record;
mod rows;
mod standing;

use std::path::Path;

use clap::{Subcommand, ValueEnum};

use super::CommandError;

/// What to do with tickets.
#[derive(Debug, Subcommand)]
pub(super) enum TicketsCommand {
    /// Write the tickets of a server to a file.
    Export(export::ExportArgs),
    /// Create the tickets of a file. Repeated within a day, it creates only what is missing.
    Import(import::ImportArgs),
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A header of column names, then one ticket a row (RFC 4180).
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// Carries out the command.
pub(super) async fn run(command: TicketsCommand) -> Result<(), CommandError> {
    match command {
        TicketsCommand::Export(args) => export::run(args).await,
        TicketsCommand::Import(args) => import::run(args).await,
    }
}

/// The format that is given or, without one, that the file's extension tells.
fn format(path: &Path, given: Option<Format>) -> Result<Format, CommandError> {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let told =
        extension.and_then(|extension| <Format as ValueEnum>::from_str(extension, true).ok());
    let unknown = || {
        let shown = path.display();
        format!("{shown}: neither .csv nor .jsonl; --format tells what it is")
    };
    Ok(given.or(told).ok_or_else(unknown)?)
}
