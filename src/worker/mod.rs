//! Background loops: woken when there is work, and looking by themselves now and then. Each is safe to run twice.

mod dispatch;
mod export;
mod files;
mod scan;
mod search;
mod sla;

use std::{sync::Arc, time::Duration};

use tokio::time;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::app::App;

/// How often answers that nobody may ask for again are forgotten.
const FORGET: Duration = Duration::from_secs(3600);

/// How workers share runs among processes.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// For how long a run belongs to a worker that does not renew its lease. After a crash another worker takes over that much later.
    pub lease: Duration,
    /// How often runs that nobody works on, and files that wait for a scan, are looked for.
    pub sweep: Duration,
    /// How often broken promises of SLAs are looked for.
    pub sla_sweep: Duration,
    /// How many runs one process works on at once.
    pub runs: usize,
    /// How long a stop waits for runs to come to a ticket's boundary. One that Jira keeps waiting for longer is left lying, and
    /// whoever takes it up looks before it sends.
    pub grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(10),
            sweep: Duration::from_secs(1),
            sla_sweep: Duration::from_secs(30),
            runs: 16,
            grace: Duration::from_secs(20),
        }
    }
}

/// The workers of one process.
#[derive(Debug)]
pub struct Worker {
    app: Arc<App>,
    settings: Settings,
    /// Names this process in leases; new at every start, so that a process never takes its predecessor's lease for its own.
    owner: String,
}

impl Worker {
    /// Workers for this process.
    pub fn new(app: Arc<App>, settings: Settings) -> Self {
        Self {
            app,
            settings,
            owner: Uuid::new_v4().to_string(),
        }
    }

    /// Works until `stop` is cancelled and every run has come to a ticket's boundary, or the grace is over.
    pub async fn run(self, stop: CancellationToken) {
        tokio::join!(
            self.exports(&stop),
            dispatch::run(&self.app, self.settings.sweep, self.settings.grace, &stop),
            files::sweep(&self.app, &stop),
            search::fill(&self.app, &stop),
            sla::run(&self.app, self.settings.sla_sweep, &stop),
            scan::run(&self.app, self.settings.sweep, &stop),
        );
    }

    async fn exports(&self, stop: &CancellationToken) {
        let runs = TaskTracker::new();
        let mut forget = time::interval(FORGET);
        while !stop.is_cancelled() {
            self.take_up(&runs, stop).await;
            tokio::select! {
                () = stop.cancelled() => (),
                () = self.app.wake.wait_for_work() => (),
                () = time::sleep(self.settings.sweep) => (),
                _ = forget.tick() => self.forget().await,
            }
        }
        runs.close();
        if time::timeout(self.settings.grace, runs.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                runs = runs.len(),
                "exports were left in the middle of a ticket at the end of the shutdown's grace"
            );
        }
    }

    /// Takes up every run that nobody works on, as far as there is room.
    async fn take_up(&self, runs: &TaskTracker, stop: &CancellationToken) {
        while runs.len() < self.settings.runs {
            match export::claim(&self.app, &self.owner, self.settings.lease).await {
                Ok(Some(claimed)) => {
                    let (app, lease, stop) =
                        (Arc::clone(&self.app), self.settings.lease, stop.clone());
                    runs.spawn(async move { export::run(app, claimed, lease, stop).await });
                }
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(%error, "cannot look for exports to take up");
                    return;
                }
            }
        }
    }

    async fn forget(&self) {
        if let Err(error) = self.app.forget_old_requests().await {
            tracing::warn!(%error, "cannot forget old requests");
        }
    }
}
