//! Every setting: its name, its default and its check. A start with faulty settings reports all of them at once.

mod key_ring;
mod keys;
mod parse;
mod place;
mod read;
mod sla;
mod uploads;

use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use chrono::TimeDelta;
use http::HeaderValue;
use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

pub use key_ring::CredentialsKeys;
pub use keys::{CredentialsKey, SigningSecret};
pub use place::Place;

use crate::{
    connectors::scan::Scanner,
    domain::{attachment::Rules, sla::SlaPolicy},
};

/// All settings, checked. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Config {
    /// `DATA_DIR`: where the database, the generated secrets and the uploads live unless told otherwise. Default `./docket-data`.
    pub data_dir: PathBuf,
    /// `DATABASE_URL`: `sqlite:` or `postgres:`. Default: `docket.db` in the data folder. Secret, since it may hold a password.
    pub database_url: SecretString,
    /// `SERVICE_HOST` (an IP address, default 127.0.0.1) and `SERVICE_PORT` (default 50051; 0 lets the system choose).
    pub listen: SocketAddr,
    /// What bearer tokens must be.
    pub tokens: TokenSettings,
    /// `CREDENTIALS_KEY`: 32 bytes in base64 that seal the integrations' credentials. Default: made once, kept in the data folder.
    /// `CREDENTIALS_OLD_KEYS`: a comma list of keys that sealed before, and open still.
    pub credentials_keys: CredentialsKeys,
    /// What is logged, and how.
    pub log: LogSettings,
    /// What may be attached, and where it is kept.
    pub uploads: UploadSettings,
    /// `SLA_P1_RESPONSE_HOURS` … `SLA_P4_RESOLUTION_HOURS`, in whole hours: by default the contract's table. `SLA_WARNING_PERCENT`:
    /// after how much of a promise's time it is warned of, by default 80; 0 turns warnings off. `SLA_BUSINESS_HOURS` (such as
    /// `09:00-12:00,13:00-17:30`; by default every hour counts) with `SLA_BUSINESS_DAYS` (default `MON-FRI`), `SLA_TIME_ZONE` (default
    /// `UTC`) and `SLA_HOLIDAYS` (dates, default none): which hours count.
    pub sla: SlaPolicy,
    /// `REOPEN_WINDOW_DAYS`: for how long a closed ticket can be reopened; 0 for never. Default 7.
    pub reopen_window: TimeDelta,
    /// `SLA_SWEEP_SECONDS`: how often broken promises are looked for. Default 30.
    pub sla_sweep: Duration,
    /// `OUTBOUND_ALLOW`: the private networks that connectors may reach, as a comma list of CIDRs. Default: none.
    pub outbound_allow: Vec<IpNet>,
    /// `TRUSTED_PROXIES`: the networks of proxies whose `x-forwarded-for` or `forwarded` tells whom they call for, as a comma list of
    /// CIDRs. Default: none.
    pub trusted_proxies: Vec<IpNet>,
    /// `OUTBOUND_TIMEOUT_SECONDS`: the longest that a call to an outside system may take. Default 30.
    pub outbound_timeout: Duration,
    /// `CORS_ALLOWED_ORIGINS`: which web pages may call over grpc-web.
    pub cors_origins: CorsOrigins,
    /// `MAX_CONNECTIONS`: how many connections are served at once; further ones wait. Default 1024.
    pub max_connections: usize,
    /// `REQUEST_TIMEOUT_SECONDS`: the longest a unary call may take, whatever the client asks for. Default 60.
    pub request_timeout: Duration,
    /// `EXPORT_LEASE_SECONDS`: for how long an export belongs to a process that has fallen silent; a crash delays it by as much. From
    /// 2 to 300, the same on every replica. Default 10.
    pub export_lease: Duration,
    /// `DISPATCH_WAIT_SECONDS`: for how long CreateTicket and DispatchTicket wait for an outside system's answer before they answer
    /// themselves; the hand-over goes on. Never more than three quarters of `REQUEST_TIMEOUT_SECONDS`. Default 10.
    pub dispatch_wait: Duration,
    /// `DISPATCH_DISABLE_AFTER_HOURS`: after how long of nothing but failures an integration is switched off; 0: never. Default 120.
    pub dispatch_disable_after: Option<TimeDelta>,
    /// `SHUTDOWN_GRACE_SECONDS`: how long running calls may go on after a signal to stop. Default 20.
    pub shutdown_grace: Duration,
}

/// What bearer tokens must be: HS256 under the secret, for this audience, from this issuer.
#[derive(Clone, Debug)]
pub struct TokenSettings {
    /// `JWT_SECRET_KEY`: at least 32 bytes. Default: made once, kept in the data folder, and good for loopback only.
    pub secret: SigningSecret,
    /// `JWT_AUDIENCE`. Default `docket`.
    pub audience: String,
    /// `JWT_ISSUER`. Default `docket`.
    pub issuer: String,
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// `LOG_LEVEL`: a level's name (`debug`, `INFO`, `WARNING` …) or a filter such as `info,docket=debug`. Default `info`.
    pub filter: String,
    /// `LOG_FORMAT`. Default `pretty`.
    pub format: LogFormat,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString)]
#[strum(serialize_all = "lowercase")]
pub enum LogFormat {
    /// For a person at a terminal.
    Pretty,
    /// One JSON object a line, for a log store.
    Json,
}

/// What may be attached, and where it is kept.
#[derive(Clone, Debug)]
pub struct UploadSettings {
    /// `UPLOAD_DIR`. Default: `uploads` in the data folder. Not used where there is a bucket.
    pub dir: PathBuf,
    /// `UPLOAD_URL`: a bucket instead of the folder.
    pub bucket: Option<Bucket>,
    /// `SCAN_COMMAND` or `SCAN_CLAMD`, with `SCAN_TIMEOUT_SECONDS` (default 60): what scans files for malware. Default: nothing.
    pub scanner: Option<Scanner>,
    /// `MAX_FILE_SIZE_MB`, a megabyte being 1024 × 1024 bytes (default 50), and `ALLOWED_FILE_EXTENSIONS`, without the dot: a comma
    /// list or a JSON array.
    pub rules: Rules,
}

/// A bucket of an object store, or a part of one.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// `s3://bucket/prefix`, and where docket was built for them `az://container/prefix` and `gs://bucket/prefix`.
    pub url: Url,
    /// How to get in, by the names that the store's own tools have for it: `AWS_ACCESS_KEY_ID` …
    pub options: BTreeMap<String, SecretString>,
}

/// Which web pages may call over grpc-web. No cookie authenticates a call and credentials are never allowed across origins, so
/// that a page gains nothing without a token of its own: every origin is the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorsOrigins {
    /// `*`, the default.
    Any,
    /// `none`: pages of the server's own origin alone.
    SameOrigin,
    /// A comma list such as `https://desk.example.com`.
    Only(Vec<HeaderValue>),
}

/// A setting that does not pass its check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The name of the environment variable.
    pub setting: &'static str,
    /// What is wrong with it, for a person. Never holds a secret.
    pub problem: String,
}

/// Every setting that does not pass its check: one line each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError(pub Vec<Fault>);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.problem)
    }
}

impl Config {
    /// The settings of the process's environment. Makes the data folder, and in it the secrets that are not set.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_map(environment)
    }

    /// The settings that `lookup` knows by their names; an empty value counts as not set.
    pub fn from_map(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        read::config(&lookup).map_err(ConfigError)
    }
}

/// A variable of the process's environment. What is not UTF-8 becomes U+FFFD here, which the reader refuses for every setting.
fn environment(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Whether only this machine can reach the address.
fn is_local(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}
