//! One docket process: database, app, workers and server, from its settings to a graceful end.

use std::sync::Arc;

use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    api,
    app::{App, Parts, clock::Clock, dispatch::DispatchSettings, seal::Sealer, vault::Vault},
    blobs::Blobs,
    config::Config,
    connectors::http::{Http, HttpSettings},
    db::Db,
    error::{Error, Result},
    server,
    worker::{self, Worker},
};

/// How many connections to the database are open at most.
const CONNECTIONS: u32 = 16;

/// A process that is ready to serve: its schema is up to date.
#[derive(Debug)]
pub struct Process {
    config: Config,
    app: Arc<App>,
    worker: worker::Settings,
}

impl Process {
    /// Opens the database, brings its schema up to date and prepares the app.
    pub async fn prepare(
        config: Config,
        clock: Arc<dyn Clock>,
        worker: worker::Settings,
    ) -> Result<Self> {
        let db = Db::connect(config.database_url.expose_secret(), CONNECTIONS).await?;
        db.migrate_up(None).await?;
        let http = Http::new(&HttpSettings {
            total_timeout: config.outbound_timeout,
            allowed: config.outbound_allow.clone(),
            ..HttpSettings::default()
        });
        let app = App::new(Parts {
            db,
            clock,
            sealer: Sealer::new(&config.credentials_keys.newest)?,
            vault: Vault::new(config.credentials_keys.clone())?,
            http: http.map_err(Error::internal)?,
            sla: Arc::new(config.sla.clone()),
            reopen_window: config.reopen_window,
            blobs: match &config.uploads.bucket {
                Some(bucket) => Blobs::in_bucket(bucket).await?,
                None => Blobs::in_folder(&config.uploads.dir)?,
            },
            uploads: config.uploads.rules.clone(),
            scanner: config.uploads.scanner.clone(),
            dispatch: DispatchSettings {
                lease: worker.lease,
                // A call that waits has to have its answer before its own time is over.
                wait: config.dispatch_wait.min(config.request_timeout * 3 / 4),
                disable_after: config.dispatch_disable_after,
            },
        });
        Ok(Self {
            config,
            app: Arc::new(app),
            worker,
        })
    }

    /// What every service and worker of this process shares.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Serves and works until `shutdown` is cancelled and what was running has come to a safe point.
    pub async fn run(self, listener: TcpListener, shutdown: CancellationToken) -> Result<()> {
        let services = api::services(&self.app);
        let plain = api::inbound::webhooks(&self.app);
        let worker = Worker::new(Arc::clone(&self.app), self.worker);
        let (served, (), ()) = tokio::join!(
            async {
                let served =
                    server::serve(listener, services, plain, &self.config, shutdown.clone()).await;
                // A server that fails takes the workers with it.
                shutdown.cancel();
                served
            },
            worker.run(shutdown.clone()),
            self.app.listen(shutdown.cancelled()),
        );
        self.app.close().await;
        served
    }
}
