//! The command line: what can be asked of docket, and how its failures are told.

mod adf;
mod bench_data;
mod client;
mod counting;
mod demo;
mod dispatch;
mod export;
mod export_log;
mod follow;
mod keys;
mod migrate;
mod offline;
mod progress;
mod sandbox;
mod serve;
mod session;
mod session_file;
mod signals;
mod summary;
mod tickets;
mod token;
mod values;

use std::{
    error::Error,
    io::{self, Write as _},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

/// A ticket backend over gRPC that exports whole sessions of tickets to Jira without losing or doubling one.
///
/// Settings come from the environment; the README lists them.
#[derive(Debug, Parser)]
#[command(name = "docket", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API until a signal to stop.
    Serve,
    /// See a session of tickets go to a Jira that runs here: nothing to set up, nothing left behind.
    Demo(demo::DemoArgs),
    /// Bring the database's schema up or down, or tell where it stands.
    #[command(subcommand)]
    Migrate(migrate::MigrateCommand),
    /// Change the keys that integrations' credentials are sealed with, while servers run.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Print a signed bearer token.
    Token(token::TokenArgs),
    /// Take tickets out of a server into a file, or bring them in.
    #[command(subcommand)]
    Tickets(tickets::TicketsCommand),
    /// Bring in sessions of tickets.
    #[command(subcommand)]
    Session(session::SessionCommand),
    /// Export a session to Jira, or join its running export, and follow it to its end.
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Export(export::ExportArgs),
    /// See to tickets that were handed to outside systems one by one.
    #[command(subcommand)]
    Dispatch(dispatch::DispatchCommand),
    /// Convert HTML on standard input to Jira's document format (ADF), and tell what it cannot hold.
    Adf(adf::AdfArgs),
    /// Fill the database with made-up tickets, to see how docket does with many. No server may have an SQLite file open meanwhile.
    BenchData(bench_data::BenchDataArgs),
    /// Run a Jira for trying things out, in memory, until Ctrl-C.
    Sandbox(sandbox::SandboxArgs),
}

/// The failure of a command. Its text has a line for each thing that is wrong.
pub type CommandError = Box<dyn Error + Send + Sync>;

/// How a command ends that has told everything itself.
type Outcome = Result<ExitCode, CommandError>;

/// The exit code of a command that Ctrl-C has ended, as shells have it: 128 + SIGINT.
const INTERRUPTED: u8 = 130;

/// Carries out the command.
pub async fn run(cli: Cli) -> Result<ExitCode, CommandError> {
    match cli.command {
        Command::Serve => serve::run().await.map(done),
        Command::Demo(args) => demo::run(args).await,
        Command::Migrate(command) => migrate::run(command).await.map(done),
        Command::Keys(command) => keys::run(command).await.map(done),
        Command::Token(args) => token::run(args).map(done),
        Command::Tickets(command) => tickets::run(command).await.map(done),
        Command::Session(command) => session::run(command).await.map(done),
        Command::Export(args) => export::run(args).await,
        Command::Dispatch(command) => dispatch::run(command).await.map(done),
        Command::Adf(args) => adf::run(args).map(done),
        Command::BenchData(args) => bench_data::run(args).await.map(done),
        Command::Sandbox(args) => sandbox::run(args).await.map(done),
    }
}

fn done((): ()) -> ExitCode {
    ExitCode::SUCCESS
}

/// Prints a text. Whoever reads it may have read enough, as `head` does: that is no failure.
fn show(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        shown => shown,
    }
}
