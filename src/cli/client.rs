//! A client of a docket server: its address, the caller's token, and how its refusals are told.

use std::{env, net::IpAddr, path::PathBuf, time::Duration};

use chrono::TimeDelta;
use clap::Args;
use http::Uri;
use secrecy::{ExposeSecret as _, SecretString};
use tonic::{
    Code, Request, Response, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, ClientTlsConfig, Endpoint},
};
use tonic_types::StatusExt as _;

use super::{
    CommandError,
    token::{self, Bearer},
};
use crate::{
    config::Config,
    domain::actor::Role,
    proto::v1::{
        export_service_client::ExportServiceClient,
        integration_service_client::IntegrationServiceClient,
        ticket_service_client::TicketServiceClient,
    },
};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a silent connection is asked whether it still lives, and how long it may take to answer.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(10));
/// The longest that a call may take which is no stream.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// The largest answer: 500 tickets with the longest descriptions, twice over.
const MAX_ANSWER: usize = 64 * 1024 * 1024;
/// How often a call is made whose server is unavailable, and the wait after the first time, which doubles.
const ATTEMPTS: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// How long a token is good that is made for one command. No command works longer than this unattended.
const OWN_TOKEN_HOURS: i64 = 12;

/// Which server, as whom.
#[derive(Debug, Args)]
pub(super) struct Remote {
    /// The server's URL.
    #[arg(long, env = "DOCKET_SERVER", default_value = "http://127.0.0.1:50051", value_name = "URL", value_parser = server_url)]
    server: Uri,
    /// The bearer token. Without one, a server on this machine is called as ADMIN with a token signed by the secret of its data folder.
    #[arg(
        long,
        env = "DOCKET_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    token: Option<SecretString>,
}

fn server_url(text: &str) -> Result<Uri, String> {
    text.parse::<Uri>()
        .ok()
        .filter(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some()
                && uri.path() == "/"
        })
        .ok_or_else(|| "must be a URL such as http://127.0.0.1:50051, without a path".to_owned())
}

impl Remote {
    /// Connects to the server.
    pub(super) async fn connect(&self) -> Result<Client, CommandError> {
        let given = self.token.as_ref();
        let token = match given.filter(|token| !token.expose_secret().trim().is_empty()) {
            Some(token) => token.clone(),
            None => self.own_token()?,
        };
        Client::connect(&self.server, &token).await
    }

    /// A token signed with this machine's own secret, which is given away to no other machine.
    fn own_token(&self) -> Result<SecretString, CommandError> {
        let has_secret = env::var_os("JWT_SECRET_KEY").is_some_and(|value| !value.is_empty())
            || data_folder().join("jwt-secret").exists();
        if !is_local(&self.server) || !has_secret {
            return Err(
                "no token: give one by --token or DOCKET_TOKEN; `docket token --role TEAM_LEAD` prints one where the server's settings are"
                    .into(),
            );
        }
        let settings = Config::from_env()?.tokens;
        let user = env::var("USER").ok().filter(|user| !user.is_empty());
        let bearer = Bearer {
            id: user.unwrap_or_else(|| "local".to_owned()),
            role: Role::Admin,
            name: None,
            email: None,
            team: None,
        };
        eprintln!(
            "docket: no token given; calling {} as ADMIN {:?} with a token of this machine's own",
            self.server, bearer.id
        );
        token::mint(&settings, bearer, TimeDelta::hours(OWN_TOKEN_HOURS))
    }
}

fn data_folder() -> PathBuf {
    let given = env::var_os("DATA_DIR").filter(|value| !value.is_empty());
    given.unwrap_or_else(|| "./docket-data".into()).into()
}

fn is_local(server: &Uri) -> bool {
    let host = server.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// A connection to a server that says who calls.
#[derive(Clone, Debug)]
pub(super) struct Client(Authorized);

/// What the generated clients call through.
type Authorized = InterceptedService<Channel, Authorization>;

/// Adds the bearer token to each call.
#[derive(Clone, Debug)]
pub(super) struct Authorization(MetadataValue<Ascii>);

impl Interceptor for Authorization {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let value = self.0.clone();
        request.metadata_mut().insert("authorization", value);
        Ok(request)
    }
}

impl Client {
    /// Connects, and fails in one line where nobody answers.
    pub(super) async fn connect(server: &Uri, token: &SecretString) -> Result<Self, CommandError> {
        let mut value = format!("Bearer {}", token.expose_secret().trim())
            .parse::<MetadataValue<Ascii>>()
            .map_err(|_| "the token holds characters that no token has")?;
        value.set_sensitive(true);
        let mut endpoint = Endpoint::from(server.clone())
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(KEEPALIVE.0)
            .keep_alive_timeout(KEEPALIVE.1);
        if server.scheme_str() == Some("https") {
            endpoint = endpoint.tls_config(ClientTlsConfig::new().with_enabled_roots())?;
        }
        let channel = endpoint.connect().await.map_err(|error| {
            format!(
                "cannot reach a docket server at {server}: {}; --server or DOCKET_SERVER names another",
                root_cause(&error)
            )
        })?;
        Ok(Self(InterceptedService::new(channel, Authorization(value))))
    }

    /// Sessions and exports.
    pub(super) fn exports(&self) -> ExportServiceClient<Authorized> {
        ExportServiceClient::new(self.0.clone()).max_decoding_message_size(MAX_ANSWER)
    }

    /// Tickets.
    pub(super) fn tickets(&self) -> TicketServiceClient<Authorized> {
        TicketServiceClient::new(self.0.clone()).max_decoding_message_size(MAX_ANSWER)
    }

    /// Integrations.
    pub(super) fn integrations(&self) -> IntegrationServiceClient<Authorized> {
        IntegrationServiceClient::new(self.0.clone()).max_decoding_message_size(MAX_ANSWER)
    }
}

/// Makes a call that is safe to repeat, again and again while the server is unavailable. `what` tells a failure's reader what was
/// being done.
pub(super) async fn call<M, T>(
    what: &str,
    message: M,
    method: impl AsyncFn(Request<M>) -> Result<Response<T>, Status>,
) -> Result<T, Refused>
where
    M: Clone,
{
    let mut wait = FIRST_WAIT;
    let mut left = ATTEMPTS;
    loop {
        left -= 1;
        let mut request = Request::new(message.clone());
        request.set_timeout(CALL_TIMEOUT);
        match method(request).await {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(status) if status.code() == Code::Unavailable && left > 0 => {
                tokio::time::sleep(told_wait(&status).unwrap_or(wait)).await;
                wait *= 2;
            }
            Err(status) => return Err(Refused::new(what, status)),
        }
    }
}

/// The wait that the server asks for.
fn told_wait(status: &Status) -> Option<Duration> {
    status.get_details_retry_info()?.retry_delay
}

/// A call that failed: code and reason, message, violated fields, and the id to find it by in the server's log, a line each.
#[derive(Debug)]
pub(super) struct Refused {
    what: String,
    status: Box<Status>,
}

impl Refused {
    pub(super) fn new(what: &str, status: Status) -> Self {
        Self {
            what: what.to_owned(),
            status: Box::new(status),
        }
    }

    /// The reason that a program acts on, such as `EXPORT_COMPLETED`.
    pub(super) fn reason(&self) -> Option<String> {
        let info = self.status.get_details_error_info();
        info.map(|info| info.reason)
    }
}

impl std::error::Error for Refused {}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let details = self.status.get_error_details();
        write!(f, "{}: {}", self.what, code_name(self.status.code()))?;
        if let Some(info) = details.error_info() {
            write!(f, " ({})", info.reason)?;
        }
        let message = self.status.message();
        match message.is_empty() {
            true => write!(f, ": {}", root_cause(self.status.as_ref()))?,
            false => write!(f, ": {message}")?,
        }
        let violations = details.bad_request().map(|bad| &bad.field_violations);
        for violation in violations.into_iter().flatten() {
            write!(f, "\n  {}: {}", violation.field, violation.description)?;
        }
        let header = self.status.metadata().get("x-request-id");
        let id = match details.request_info() {
            Some(info) => Some(info.request_id.as_str()),
            None => header.and_then(|value| value.to_str().ok()),
        };
        match id {
            Some(id) => write!(f, "\n  request id: {id}"),
            None => Ok(()),
        }
    }
}

/// The code's name as gRPC's documents write it.
fn code_name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

/// What lies at the bottom of an error: tonic's own text is "transport error".
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
