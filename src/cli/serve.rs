//! `docket serve`: the server, until SIGTERM or SIGINT.

use std::{error::Error as StdError, io, iter, net::SocketAddr, sync::Arc};

use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;

use super::{CommandError, signals::StopSignals};
use crate::{
    app::clock::SystemClock, config::Config, error::Error, process::Process, telemetry,
    worker::Settings,
};

/// How many connections may wait to be accepted, as far as the system lets so many wait: all clients come back at once to a server that was
/// away, and the usual 128 would have most of them wait for a second or more.
const WAITING: u32 = 4096;

/// Serves until a signal to stop. Further ones change nothing, since supervisors often send one twice; the grace bounds the wait.
pub(super) async fn run() -> Result<(), CommandError> {
    let config = Config::from_env()?;
    telemetry::init(&config.log);
    let shutdown = CancellationToken::new();
    stop_on_signal(shutdown.clone())?;
    let listener = listen(config.listen)?;
    let worker = Settings {
        lease: config.export_lease,
        sla_sweep: config.sla_sweep,
        grace: config.shutdown_grace,
        ..Settings::default()
    };
    let process = Process::prepare(config, Arc::new(SystemClock), worker);
    let process = process.await.map_err(|error| unusable(&error))?;
    tracing::info!(address = %listener.local_addr()?, "docket is listening");
    process.run(listener, shutdown).await?;
    tracing::info!("docket has stopped");
    Ok(())
}

/// One line: what is wrong with the database, as it says itself, or with the place of attachments.
fn unusable(error: &Error) -> CommandError {
    let causes = iter::successors(Some(error as &(dyn StdError + 'static)), |&error| {
        error.source()
    });
    let cause = causes.last().map(ToString::to_string).unwrap_or_default();
    match cause.starts_with("UPLOAD_") {
        true => cause.into(),
        false => format!("DATABASE_URL: the database cannot be used: {cause}").into(),
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, CommandError> {
    open(address)
        .map_err(|error| format!("cannot listen on {address}: {error}; SERVICE_HOST and SERVICE_PORT choose another address").into())
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A server that is restarted gets its port back at once.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

fn stop_on_signal(shutdown: CancellationToken) -> Result<(), CommandError> {
    let mut signals = StopSignals::catch()?;
    tokio::spawn(async move {
        let name = signals.next().await;
        tracing::info!(signal = name, "stopping");
        shutdown.cancel();
    });
    Ok(())
}
