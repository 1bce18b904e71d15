//! What surrounds the services: settings, tokens, statuses, deadlines, grpc-web, discovery and shutdown.

mod auth;
mod cli;
mod config;
mod discovery;
mod limits;
mod probe;
mod shutdown;
mod status;
mod web;

use std::{collections::HashMap, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use docket::{
    api,
    app::clock::SystemClock,
    config::{Config, ConfigError},
    error::Result,
    process::Process,
    server,
    worker::Settings,
};
use serde_json::json;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tonic::{
    Request, Status,
    metadata::MetadataValue,
    transport::{Channel, Endpoint},
};
use tonic_types::{ErrorDetails, StatusExt as _};

/// A running server with the contract's services and a probe.
struct Edge {
    address: SocketAddr,
    config: Config,
    shutdown: CancellationToken,
    running: JoinHandle<Result<()>>,
    _folder: TempDir,
}

impl Edge {
    async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = settings(folder.path(), &[]).unwrap();
        change(&mut config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let clock = Arc::new(SystemClock);
        let process = Process::prepare(config.clone(), clock, Settings::default());
        let process = process.await.unwrap();
        let services = api::services(process.app()).add_service(probe::Probe);
        let running = tokio::spawn({
            let (config, shutdown) = (config.clone(), shutdown.clone());
            async move {
                server::serve(listener, services, axum::Router::new(), &config, shutdown).await
            }
        });
        Self {
            address,
            config,
            shutdown,
            running,
            _folder: folder,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(self.url("")).unwrap();
        endpoint.connect().await.unwrap()
    }

    /// A token that the server accepts, with the given claims added or, by `null`, left out.
    fn token(&self, changes: serde_json::Value) -> String {
        sign(self.config.tokens.secret.expose(), changes)
    }

    /// Calls a method of the probe with a good token.
    async fn probe(&self, method: &'static str) -> Result<probe::Answer, Status> {
        let token = self.token(json!({}));
        probe::call(self.channel().await, method, &token).await
    }
}

/// The settings with a data folder and whatever else is given.
fn settings(folder: &Path, given: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let mut known: HashMap<&str, &str> = given.iter().copied().collect();
    let folder = folder.join("data").display().to_string();
    known.entry("DATA_DIR").or_insert(&folder);
    Config::from_map(|name| known.get(name).map(|value| (*value).to_owned()))
}

fn sign(secret: &[u8], changes: serde_json::Value) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(secret);
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims(changes), &key).unwrap()
}

fn claims(changes: serde_json::Value) -> serde_json::Value {
    let mut claims = json!({
        "sub": "ada", "role": "ADMIN", "aud": "docket", "iss": "docket", "exp": now() + 600,
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    claims
}

fn now() -> u64 {
    jsonwebtoken::get_current_timestamp()
}

fn authorized<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    let value = MetadataValue::try_from(format!("Bearer {token}")).unwrap();
    request.metadata_mut().insert("authorization", value);
    request
}

/// The details, of which `ErrorInfo` must be one and of docket's domain.
fn details(status: &Status) -> ErrorDetails {
    let details = status.get_error_details();
    let info = details
        .error_info()
        .unwrap_or_else(|| panic!("no ErrorInfo in {status:?}"));
    assert_eq!(info.domain, "docket");
    details
}

fn reason(status: &Status) -> String {
    details(status).error_info().unwrap().reason.clone()
}

/// Fails instead of hanging when what must happen does not.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(20);
    tokio::time::timeout(limit, what)
        .await
        .expect("not within 20 s")
}
