//! A Jira and a server, each a process of its own, and sessions that go from one to the other.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use docket::{
    db::{Db, export, export_log},
    domain::ids::SessionId,
    proto::v1::{
        AddSessionTicketsRequest, CreateIntegrationRequest, CreateSessionRequest, Credentials,
        ExportEvent, Integration, JiraConfig, JiraCredentials, NewSessionTicket, Session,
        StartExportRequest, WatchExportRequest, credentials,
        export_service_client::ExportServiceClient, integration,
        integration_service_client::IntegrationServiceClient,
    },
    sandbox::Options,
};
use sea_orm::sqlx::{Connection as _, Executor as _, PgConnection};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::{
    bearer::{SignedIn, sign_in},
    server::Server,
};

/// The project that everything goes to.
pub(crate) const PROJECT: &str = "DEMO";
/// How many tickets one call adds.
const TICKETS_A_CALL: usize = 500;
/// Each so many-th ticket depends on the one before it.
const DEPENDS: usize = 4;

pub(crate) type Exports = ExportServiceClient<SignedIn>;

/// Where docket keeps what it knows.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    Sqlite,
    /// On the server at this URL.
    Postgres(String),
}

impl Database {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    /// The URL of an empty one.
    async fn fresh(&self, folder: &TempDir) -> String {
        match self {
            Self::Sqlite => format!("sqlite:{}/docket.db?mode=rwc", folder.path().display()),
            Self::Postgres(url) => {
                let name = format!("bench_{}", Uuid::new_v4().simple());
                let mut connection = PgConnection::connect(url).await.expect("PostgreSQL");
                let create = sea_orm::sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
                connection.execute(create).await.expect("a database");
                let (server, _) = url.rsplit_once('/').expect("a database's name");
                format!("{server}/{name}")
            }
        }
    }
}

/// A running `docket sandbox`; it ends with this value.
pub(crate) struct Jira {
    process: Child,
    pub(crate) url: String,
}

impl Jira {
    /// Starts one that takes this long for each call.
    pub(crate) async fn start(latency: Duration) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_docket"))
            .args(["sandbox", "--port", "0", "--project", PROJECT])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the sandbox starts");
        let mut told = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut line = String::new();
        told.read_line(&mut line).expect("a line");
        let url = line.split_whitespace().last().expect("a URL").to_owned();
        std::thread::spawn(move || std::io::copy(&mut told, &mut std::io::sink()));
        let jira = Self { process, url };
        let latency = json!({"ms": u64::try_from(latency.as_millis()).expect("a short time")});
        let set = reqwest::Client::new()
            .post(format!("{}/_sandbox/latency", jira.url))
            .json(&latency);
        let answer = set.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{}", answer.status());
        jira
    }

    /// Its issues, and the links between them.
    pub(crate) async fn state(&self) -> Value {
        let url = format!("{}/_sandbox/state", self.url);
        let answer = reqwest::get(url).await.expect("an answer");
        answer.json().await.expect("what it has")
    }

    /// How many calls it was sent.
    pub(crate) async fn calls(&self) -> usize {
        let url = format!("{}/_sandbox/requests", self.url);
        let answer = reqwest::get(url).await.expect("an answer");
        answer.json::<Vec<Value>>().await.expect("a list").len()
    }
}

impl Drop for Jira {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A server that is connected to a Jira.
pub(crate) struct Stage {
    pub(crate) jira: Jira,
    pub(crate) server: Server,
    settings: Vec<(String, String)>,
    database_url: String,
    integration: String,
    token: String,
    _folder: TempDir,
}

impl Stage {
    /// Starts both on an empty database, without any wait between two tickets.
    pub(crate) async fn start(database: &Database, latency: Duration) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let jira = Jira::start(latency).await;
        let database_url = database.fresh(&folder).await;
        let settings = settings(&database_url, &folder);
        let server = Server::start(&settings);
        let token = server.token("bench", "ADMIN");
        let integration = integrate(&sign_in(&server.url, &token), &jira).await;
        Self {
            jira,
            server,
            settings,
            database_url,
            integration,
            token,
            _folder: folder,
        }
    }

    /// One more server on the same database.
    pub(crate) fn replica(&self) -> Server {
        Server::start(&self.settings)
    }

    /// A client on a connection of its own.
    pub(crate) fn client(&self, server: &Server) -> Exports {
        ExportServiceClient::new(sign_in(&server.url, &self.token))
    }

    /// A session of so many tickets; gives its id.
    pub(crate) async fn session(&self, tickets: usize) -> String {
        let mut client = self.client(&self.server);
        let request = CreateSessionRequest {
            session: Some(Session {
                name: "Open work".to_owned(),
                integration_id: self.integration.clone(),
                jira_project_key: PROJECT.to_owned(),
                ..Session::default()
            }),
            ..CreateSessionRequest::default()
        };
        let created = client.create_session(request).await.expect("a session");
        let session_id = created.into_inner().session.unwrap_or_default().id;
        let all: Vec<NewSessionTicket> = (0..tickets).map(ticket).collect();
        for tickets in all.chunks(TICKETS_A_CALL) {
            let request = AddSessionTicketsRequest {
                session_id: session_id.clone(),
                tickets: tickets.to_vec(),
                ..AddSessionTicketsRequest::default()
            };
            let added = client.add_session_tickets(request).await;
            added.expect("they are added");
        }
        session_id
    }

    /// Starts the export of the session.
    pub(crate) async fn begin(&self, session: &str) {
        let request = StartExportRequest {
            session_id: session.to_owned(),
            ..StartExportRequest::default()
        };
        let started = self.client(&self.server).start_export(request).await;
        started.expect("it starts");
    }

    /// Exports the session and gives all events, once it has ended well and without anything left to a person.
    pub(crate) async fn export(&self, session: &str) -> Vec<ExportEvent> {
        self.begin(session).await;
        let events = follow(self.client(&self.server), session).await;
        let export = events.last().and_then(|event| event.export.as_ref());
        let export = export.expect("an end");
        assert_eq!(export.progress_percentage, 100, "{export:?}");
        assert_eq!(export.manual_fixes_needed, 0, "{export:?}");
        events
    }

    /// The log of the session's latest export.
    pub(crate) async fn log(&self, session: &str) -> Vec<export_log::Model> {
        let db = Db::connect(&self.database_url, 1).await.expect("it opens");
        let session: SessionId = session.parse().expect("an id");
        let export = export::of_session(db.read(), session).await.expect("reads");
        let export = export.expect("an export").id;
        let log = export_log::after(db.read(), export, 0, i64::MAX as u64).await;
        db.close().await;
        log.expect("reads")
    }
}

/// Every event of the session's export, up to its end; no heartbeats.
pub(crate) async fn follow(mut client: Exports, session: &str) -> Vec<ExportEvent> {
    let request = WatchExportRequest {
        session_id: session.to_owned(),
        after_sequence: None,
    };
    let stream = client.watch_export(request).await.expect("a stream");
    let mut stream = stream.into_inner();
    let mut events = Vec::new();
    while let Some(message) = stream.message().await.expect("a message") {
        events.extend(message.event.filter(|event| event.sequence > 0));
    }
    events
}

/// The same for every replica.
fn settings(database_url: &str, folder: &TempDir) -> Vec<(String, String)> {
    let key: [u8; 32] = rand::random();
    let uploads = folder.path().join("uploads").display().to_string();
    let settings = [
        ("DATABASE_URL", database_url.to_owned()),
        ("UPLOAD_DIR", uploads),
        ("OUTBOUND_ALLOW", "127.0.0.0/8".to_owned()),
        ("JWT_SECRET_KEY", STANDARD.encode(key)),
        ("CREDENTIALS_KEY", STANDARD.encode(key)),
        // A busy machine is not to look like a dead one.
        ("EXPORT_LEASE_SECONDS", "60".to_owned()),
    ];
    settings
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
}

async fn integrate(channel: &SignedIn, jira: &Jira) -> String {
    let config = JiraConfig {
        site_url: jira.url.clone(),
        project_key: PROJECT.to_owned(),
        export_delay: Some(prost_types::Duration::default()),
        ..JiraConfig::default()
    };
    let account = JiraCredentials {
        email: Options::EMAIL.to_owned(),
        api_token: Options::TOKEN.to_owned(),
        ..Default::default()
    };
    let request = CreateIntegrationRequest {
        integration: Some(Integration {
            name: "Sandbox".to_owned(),
            enabled: true,
            config: Some(integration::Config::Jira(config)),
            ..Integration::default()
        }),
        credentials: Some(Credentials {
            platform: Some(credentials::Platform::Jira(account)),
        }),
        ..CreateIntegrationRequest::default()
    };
    let mut client = IntegrationServiceClient::new(channel.clone());
    let created = client.create_integration(request).await.expect("created");
    created.into_inner().integration.unwrap_or_default().id
}

fn ticket(index: usize) -> NewSessionTicket {
    let depends = index % DEPENDS == DEPENDS - 1;
    let before = index.wrapping_sub(1);
    NewSessionTicket {
        r#ref: format!("t{index}"),
        depends_on_refs: depends.then(|| format!("t{before}")).into_iter().collect(),
        title: format!("Label printer at gate {index} prints nothing after a power cut"),
        description: DESCRIPTION.to_owned(),
        priority: i32::try_from(index % 4).expect("a small number") + 1,
        labels: vec!["printers".to_owned(), "gates".to_owned()],
        ..NewSessionTicket::default()
    }
}

/// What people write: some text, a list, a command.
const DESCRIPTION: &str = "<h2>What happens</h2>\
    <p>The printer <b>starts</b>, feeds one label and stops. The display says <code>E42</code>; see \
    <a href=\"https://example.com/manual#e42\">the manual</a>. It was fine until the power cut on Monday, and the same happened at \
    two other gates since. Staff write labels by hand, which takes about a minute each.</p>\
    <h2>To see it</h2><ol><li>Switch the printer off and on.</li><li>Send a label from the scale.</li>\
    <li>Wait for <em>ten</em> seconds.</li></ol>\
    <pre><code class=\"language-sh\">lpstat -p gate-printer\nprinter gate-printer disabled since Mon</code></pre>\
    <blockquote><p>It has done that before, two years ago.</p></blockquote>";
