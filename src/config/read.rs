//! Reads settings one by one, noting every fault instead of stopping at the first.

use std::{
    fmt::Display,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use chrono::TimeDelta;

use super::{
    Config, CorsOrigins, CredentialsKey, CredentialsKeys, Fault, LogFormat, LogSettings,
    SigningSecret, TokenSettings, is_local, keys, parse,
};
use crate::telemetry;

pub(super) struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    faults: Vec<Fault>,
}

/// All settings, or all faults. Touches the disk only once every value is right.
pub(super) fn config(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Config, Vec<Fault>> {
    let mut reader = Reader::new(lookup);
    let (data_dir, database_url) = reader.database();
    let secret = reader.read("JWT_SECRET_KEY", None, |text| {
        parse::signing_secret(text).map(Some)
    });
    let (credentials_key, older_keys) = reader.credentials_keys();
    let listen = reader.listen(secret.is_some());
    reader.read("JWT_ALGORITHM", (), |text| match text {
        "HS256" => Ok(()),
        other => Err(format!("only HS256 is served, not {other:?}")),
    });
    let audience = reader.text("JWT_AUDIENCE", "docket");
    let issuer = reader.text("JWT_ISSUER", "docket");
    let log = reader.log();
    let uploads = reader.uploads(&data_dir);
    let sla = reader.sla();
    let reopen_days = reader.number("REOPEN_WINDOW_DAYS", 7, 0..=3650);
    let sla_sweep = reader.seconds("SLA_SWEEP_SECONDS", 30, 1..=3600);
    let outbound_allow = reader.read("OUTBOUND_ALLOW", Vec::new(), parse::networks);
    let trusted_proxies = reader.read("TRUSTED_PROXIES", Vec::new(), parse::networks);
    let outbound_timeout = reader.seconds("OUTBOUND_TIMEOUT_SECONDS", 30, 1..=300);
    let cors_origins = reader.read("CORS_ALLOWED_ORIGINS", CorsOrigins::Any, parse::origins);
    let max_connections = reader.number("MAX_CONNECTIONS", 1024, 1..=1_000_000);
    let request_timeout = reader.seconds("REQUEST_TIMEOUT_SECONDS", 60, 1..=3600);
    let export_lease = reader.seconds("EXPORT_LEASE_SECONDS", 10, 2..=300);
    let dispatch_wait = reader.seconds("DISPATCH_WAIT_SECONDS", 10, 0..=3600);
    let disable_after = reader.number("DISPATCH_DISABLE_AFTER_HOURS", 120, 0..=8760);
    let shutdown_grace = reader.seconds("SHUTDOWN_GRACE_SECONDS", 20, 0..=3600);
    if !reader.faults.is_empty() {
        return Err(reader.faults);
    }
    reader.prepare(&data_dir);
    let secret = secret.or_else(|| {
        reader.generated(
            "JWT_SECRET_KEY",
            &data_dir,
            "jwt-secret",
            SigningSecret::new,
        )
    });
    let credentials_keys = match credentials_key {
        Some(newest) => Some(CredentialsKeys::given(newest, older_keys)),
        None => reader.kept_keys(&data_dir, older_keys),
    };
    match (secret, credentials_keys) {
        (Some(secret), Some(credentials_keys)) if reader.faults.is_empty() => Ok(Config {
            data_dir,
            database_url: database_url.into(),
            listen,
            tokens: TokenSettings {
                secret,
                audience,
                issuer,
            },
            credentials_keys,
            log,
            uploads,
            sla,
            reopen_window: TimeDelta::days(reopen_days),
            sla_sweep,
            outbound_allow,
            trusted_proxies,
            outbound_timeout,
            cors_origins,
            max_connections,
            request_timeout,
            export_lease,
            dispatch_wait,
            dispatch_disable_after: (disable_after > 0).then(|| TimeDelta::hours(disable_after)),
            shutdown_grace,
        }),
        _ => Err(reader.faults),
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            lookup,
            faults: Vec::new(),
        }
    }

    /// What `make` makes of the settings, where none of them is faulty.
    pub(super) fn settle<T>(self, make: impl FnOnce() -> T) -> Result<T, Vec<Fault>> {
        match self.faults.is_empty() {
            true => Ok(make()),
            false => Err(self.faults),
        }
    }

    /// The data folder and the database's address.
    pub(super) fn database(&mut self) -> (PathBuf, String) {
        let data_dir = PathBuf::from(self.text("DATA_DIR", "./docket-data"));
        let url = self.read("DATABASE_URL", default_database(&data_dir), parse::database);
        (data_dir, url)
    }

    /// The key that seals, where it is a setting, and those that open beside it.
    pub(super) fn credentials_keys(&mut self) -> (Option<CredentialsKey>, Vec<CredentialsKey>) {
        let newest = self.read("CREDENTIALS_KEY", None, |text| {
            parse::credentials_key(text).map(Some)
        });
        let older = self.read("CREDENTIALS_OLD_KEYS", Vec::new(), |text| {
            parse::list(text).map(parse::credentials_key).collect()
        });
        (newest, older)
    }

    pub(super) fn fault(&mut self, setting: &'static str, problem: impl Into<String>) {
        self.faults.push(Fault {
            setting,
            problem: problem.into(),
        });
    }

    pub(super) fn read<T>(
        &mut self,
        setting: &'static str,
        default: T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        let Some(value) = (self.lookup)(setting) else {
            return default;
        };
        let parsed = match value.trim() {
            "" => return default,
            text if text.contains('\u{FFFD}') => Err("is not valid UTF-8".to_owned()),
            text => parse(text),
        };
        parsed.unwrap_or_else(|problem| {
            self.fault(setting, problem);
            default
        })
    }

    /// Whether the setting has a value, good or not.
    pub(super) fn is_set(&self, setting: &str) -> bool {
        (self.lookup)(setting).is_some_and(|value| !value.trim().is_empty())
    }

    pub(super) fn text(&mut self, setting: &'static str, default: &str) -> String {
        self.read(setting, default.to_owned(), |text| Ok(text.to_owned()))
    }

    pub(super) fn number<T>(
        &mut self,
        setting: &'static str,
        default: T,
        range: RangeInclusive<T>,
    ) -> T
    where
        T: Copy + Display + FromStr + PartialOrd,
    {
        self.read(setting, default, |text| match text.parse() {
            Ok(number) if range.contains(&number) => Ok(number),
            _ => Err(format!(
                "must be a whole number from {} to {}, not {text:?}",
                range.start(),
                range.end()
            )),
        })
    }

    pub(super) fn seconds(
        &mut self,
        setting: &'static str,
        default: u64,
        range: RangeInclusive<u64>,
    ) -> Duration {
        Duration::from_secs(self.number(setting, default, range))
    }

    fn listen(&mut self, secret_given: bool) -> SocketAddr {
        let ip = self.read("SERVICE_HOST", IpAddr::V4(Ipv4Addr::LOCALHOST), |text| {
            let text = if text == "localhost" {
                "127.0.0.1"
            } else {
                text
            };
            text.parse()
                .map_err(|_| format!("must be an IP address such as 0.0.0.0, not {text:?}"))
        });
        if !is_local(ip) && !secret_given && !self.is_set("JWT_SECRET_KEY") {
            self.fault(
                "SERVICE_HOST",
                format!("{ip} is reachable from other machines, which needs a JWT_SECRET_KEY of your own"),
            );
        }
        SocketAddr::new(ip, self.number("SERVICE_PORT", 50051, 0..=u16::MAX))
    }

    pub(super) fn log(&mut self) -> LogSettings {
        LogSettings {
            filter: self.read("LOG_LEVEL", "info".to_owned(), telemetry::filter),
            format: self.read("LOG_FORMAT", LogFormat::Pretty, |text| {
                text.parse()
                    .map_err(|_| format!("must be pretty or json, not {text:?}"))
            }),
        }
    }

    fn prepare(&mut self, data_dir: &Path) {
        if let Err(error) = keys::prepare_folder(data_dir) {
            self.fault(
                "DATA_DIR",
                format!("{} cannot be written to: {error}", data_dir.display()),
            );
        }
    }

    fn kept_keys(
        &mut self,
        data_dir: &Path,
        older: Vec<CredentialsKey>,
    ) -> Option<CredentialsKeys> {
        // A folder that cannot be written to has been reported already.
        if !self.faults.is_empty() {
            return None;
        }
        match CredentialsKeys::kept(data_dir, older) {
            Ok(keys) => Some(keys),
            Err(error) => {
                let folder = data_dir.display();
                let problem = format!("not set, and the keys in {folder} cannot be used: {error}");
                self.fault("CREDENTIALS_KEY", problem);
                None
            }
        }
    }

    fn generated<T>(
        &mut self,
        setting: &'static str,
        data_dir: &Path,
        file: &str,
        make: impl FnOnce(Vec<u8>) -> Option<T>,
    ) -> Option<T> {
        // A folder that cannot be written to has been reported already.
        if !self.faults.is_empty() {
            return None;
        }
        let path = data_dir.join(file);
        match keys::load_or_create(&path) {
            Ok(bytes) => make(bytes),
            Err(error) => {
                let problem = format!("not set, and {} cannot be used: {error}", path.display());
                self.fault(setting, problem);
                None
            }
        }
    }
}

fn default_database(data_dir: &Path) -> String {
    let path = data_dir.join("docket.db").display().to_string();
    let escaped = path
        .replace('%', "%25")
        .replace('?', "%3F")
        .replace('#', "%23");
    format!("sqlite:{escaped}?mode=rwc")
}
