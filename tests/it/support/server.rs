//! A whole docket process on a port of its own, with a database that nobody else uses, and its clients.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use docket::{
    app::clock::{Clock, SystemClock},
    auth::{Audience, Claims, mint},
    config::{Bucket, Config, TokenSettings},
    db::Db,
    domain::{actor::Role, time::Time},
    error::Result,
    process::Process,
    proto::v1::{
        export_service_client::ExportServiceClient,
        integration_service_client::IntegrationServiceClient,
        ticket_service_client::TicketServiceClient, user_service_client::UserServiceClient,
    },
    worker::Settings,
};
use futures::future::BoxFuture;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};
use uuid::Uuid;

use super::database::{Kind, TestDatabase};

/// Adds a caller's token to each call.
#[derive(Clone)]
pub(crate) struct Bearer(MetadataValue<Ascii>);

impl Bearer {
    pub(crate) fn new(token: &str) -> Self {
        let value = format!("Bearer {token}").parse();
        Self(value.expect("a header's value"))
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        metadata.insert("authorization", self.0.clone());
        Ok(request)
    }
}

pub(crate) type Authorized = InterceptedService<Channel, Bearer>;
pub(crate) type Tickets = TicketServiceClient<Authorized>;
pub(crate) type Integrations = IntegrationServiceClient<Authorized>;
pub(crate) type Users = UserServiceClient<Authorized>;
pub(crate) type Exports = ExportServiceClient<Authorized>;

/// Who calls: a name, a role and perhaps a team, or a role alone, whose one holder is then named after it.
#[derive(Clone, Debug)]
pub(crate) struct Caller(
    pub(crate) String,
    pub(crate) Role,
    pub(crate) Option<String>,
);

impl From<Role> for Caller {
    fn from(role: Role) -> Self {
        Self(role.to_string().to_lowercase(), role, None)
    }
}

impl From<(&str, Role)> for Caller {
    fn from((name, role): (&str, Role)) -> Self {
        Self(name.to_owned(), role, None)
    }
}

impl From<(&str, Role, &str)> for Caller {
    fn from((name, role, team): (&str, Role, &str)) -> Self {
        Self(name.to_owned(), role, Some(team.to_owned()))
    }
}

/// A clock that stands still until a test moves it. Waiting takes real time.
pub(crate) struct TestClock(Mutex<Time>);

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(SystemClock.now())))
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Time {
        *self.0.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A running process. Dropping it stops it.
pub(crate) struct TestServer {
    config: Config,
    address: std::net::SocketAddr,
    channel: Channel,
    shutdown: CancellationToken,
    running: JoinHandle<Result<()>>,
    database: Option<Arc<TestDatabase>>,
}

impl TestServer {
    pub(crate) async fn start(kind: Kind) -> Self {
        Self::start_with(kind, Arc::new(SystemClock)).await
    }

    pub(crate) async fn start_with(kind: Kind, clock: Arc<dyn Clock>) -> Self {
        Self::start_working(kind, clock, Settings::default()).await
    }

    /// With workers that work like this.
    pub(crate) async fn start_working(
        kind: Kind,
        clock: Arc<dyn Clock>,
        workers: Settings,
    ) -> Self {
        let database = TestDatabase::empty(kind).await;
        let config = settings(&database, &[]);
        Self::serve(Arc::new(database), config, clock, workers).await
    }

    /// With these settings beside those of every test.
    pub(crate) async fn start_set(kind: Kind, set: &[(&str, &str)]) -> Self {
        Self::start_set_with(kind, set, Arc::new(SystemClock)).await
    }

    /// As [`TestServer::start_set`], on this clock.
    pub(crate) async fn start_set_with(
        kind: Kind,
        set: &[(&str, &str)],
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self::start_all(kind, set, clock, Settings::default()).await
    }

    /// With these settings and workers, on this clock.
    pub(crate) async fn start_all(
        kind: Kind,
        set: &[(&str, &str)],
        clock: Arc<dyn Clock>,
        workers: Settings,
    ) -> Self {
        let database = TestDatabase::empty(kind).await;
        let config = settings(&database, set);
        Self::serve(Arc::new(database), config, clock, workers).await
    }

    /// Stops it as a signal would, and starts it again on what it has stored.
    pub(crate) async fn restart(self, clock: Arc<dyn Clock>) -> Self {
        self.restart_after(clock, async |_| ()).await
    }

    /// As [`TestServer::restart`], with something that happens to the database while nobody works on it.
    pub(crate) async fn restart_after(
        self,
        clock: Arc<dyn Clock>,
        meanwhile: impl AsyncFnOnce(&TestDatabase),
    ) -> Self {
        let (config, database) = self.stop_keeping().await;
        meanwhile(&database).await;
        Self::serve(database, config, clock, Settings::default()).await
    }

    /// As [`TestServer::restart`], with these settings beside those of every test.
    pub(crate) async fn restart_set(self, set: &[(&str, &str)]) -> Self {
        let (_, database) = self.stop_keeping().await;
        let config = settings(&database, set);
        Self::serve(database, config, Arc::new(SystemClock), Settings::default()).await
    }

    /// One more process on the same database, with the same settings.
    pub(crate) async fn replica(&self) -> Self {
        self.replica_working(Arc::new(SystemClock), Settings::default())
            .await
    }

    /// As [`TestServer::replica`], with workers that work like this.
    pub(crate) async fn replica_working(&self, clock: Arc<dyn Clock>, workers: Settings) -> Self {
        let database = Arc::clone(self.test_database());
        Self::serve(database, self.config.clone(), clock, workers).await
    }

    async fn serve(
        database: Arc<TestDatabase>,
        config: Config,
        clock: Arc<dyn Clock>,
        workers: Settings,
    ) -> Self {
        let process = Process::prepare(config.clone(), clock, workers);
        let process = process.await.expect("the process is ready");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("an address");
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(process.run(listener, shutdown.clone()));
        let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("a URL");
        Self {
            config,
            address,
            channel: endpoint.connect_lazy(),
            shutdown,
            running,
            database: Some(database),
        }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was started with.
    pub(crate) fn settings(&self) -> &Config {
        &self.config
    }

    /// Where it keeps it, for what no call does.
    pub(crate) fn test_database(&self) -> &Arc<TestDatabase> {
        self.database.as_ref().expect("a database until the end")
    }

    /// What it keeps.
    pub(crate) fn database(&self) -> &Db {
        &self.test_database().db
    }

    /// The folder of attachments.
    pub(crate) fn uploads(&self) -> &Path {
        &self.config.uploads.dir
    }

    /// The bucket of attachments, where they lie in one.
    pub(crate) fn bucket(&self) -> Option<&Bucket> {
        self.config.uploads.bucket.as_ref()
    }

    /// A token that the server accepts.
    pub(crate) fn token(&self, caller: impl Into<Caller>) -> String {
        token(&self.config.tokens, caller)
    }

    pub(crate) fn tickets(&self, caller: impl Into<Caller>) -> Tickets {
        Tickets::new(self.authorized(caller))
    }

    pub(crate) fn integrations(&self, caller: impl Into<Caller>) -> Integrations {
        Integrations::new(self.authorized(caller))
    }

    pub(crate) fn users(&self, caller: impl Into<Caller>) -> Users {
        Users::new(self.authorized(caller))
    }

    pub(crate) fn exports(&self, caller: impl Into<Caller>) -> Exports {
        Exports::new(self.authorized(caller))
    }

    /// Stops it as a signal would, and waits for its end.
    pub(crate) async fn stop(self) {
        self.stop_keeping().await;
    }

    async fn stop_keeping(mut self) -> (Config, Arc<TestDatabase>) {
        self.shutdown.cancel();
        let ended = (&mut self.running).await.expect("it does not panic");
        ended.expect("it ends well");
        let database = self.database.take().expect("a database until the end");
        (self.config.clone(), database)
    }

    /// With a token that is good for so much longer.
    pub(crate) fn tickets_for(&self, caller: impl Into<Caller>, left: Duration) -> Tickets {
        // The server goes on taking a token for half a minute.
        let end = jsonwebtoken::get_current_timestamp() - 30 + left.as_secs();
        let token = token_until(&self.config.tokens, caller, end);
        let bearer = Bearer::new(&token);
        Tickets::new(InterceptedService::new(self.channel.clone(), bearer))
    }

    pub(crate) fn authorized(&self, caller: impl Into<Caller>) -> Authorized {
        InterceptedService::new(self.channel.clone(), Bearer::new(&self.token(caller)))
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// A token that a server with these settings accepts.
pub(crate) fn token(tokens: &TokenSettings, caller: impl Into<Caller>) -> String {
    let exp = jsonwebtoken::get_current_timestamp() + 600;
    token_until(tokens, caller, exp)
}

/// A token that a server with these settings accepts until this time, in seconds since 1970.
pub(crate) fn token_until(tokens: &TokenSettings, caller: impl Into<Caller>, exp: u64) -> String {
    let Caller(name, role, team) = caller.into();
    let claims = Claims {
        sub: name,
        role,
        team,
        name: None,
        email: None,
        aud: Audience::One(tokens.audience.clone()),
        iss: tokens.issuer.clone(),
        exp,
        nbf: None,
    };
    mint(&tokens.secret, &claims).expect("a token")
}

/// Fresh secrets, and loopback allowed, where a test's Jira runs.
fn settings(database: &TestDatabase, set: &[(&str, &str)]) -> Config {
    let folder = database.folder().join("data").display().to_string();
    let secret = format!("{}{}", Uuid::new_v4(), Uuid::new_v4());
    let set = |name: &str| {
        let found = set.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Config::from_map(|name| match name {
        name if set(name).is_some() => set(name),
        "DATA_DIR" => Some(folder.clone()),
        "DATABASE_URL" => Some(database.url.clone()),
        "JWT_SECRET_KEY" => Some(secret.clone()),
        "OUTBOUND_TIMEOUT_SECONDS" => Some("1".to_owned()),
        "OUTBOUND_ALLOW" => Some("127.0.0.0/8".to_owned()),
        _ => None,
    })
    .expect("good settings")
}
