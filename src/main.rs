//! The command line's entry: parse, dispatch, tell failures.

use std::process::ExitCode;

use clap::Parser as _;
use docket::{
    cli::{self, Cli},
    telemetry,
};

/// Gives memory back that is not used any more (`.cargo/config.toml` says when). The system's keeps what each thread has needed once.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    #[cfg(feature = "failpoints")]
    std::mem::forget(fail::FailScenario::setup());
    // Before anything speaks TLS. It fails only when a provider is installed already, which is then this one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    cli::run(Cli::parse()).await.unwrap_or_else(|error| {
        for line in telemetry::chain(error.as_ref()).lines() {
            eprintln!("docket: {line}");
        }
        ExitCode::FAILURE
    })
}
