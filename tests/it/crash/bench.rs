//! A database, a Jira and a session that outlive the processes that work on them.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use docket::{
    config::{SigningSecret, TokenSettings},
    domain::actor::Role,
    proto::v1::{
        CreateIntegrationRequest, Credentials, ExportEvent, GetExportResultsRequest,
        GetExportResultsResponse, Integration, JiraConfig, JiraCredentials,
        ListSessionTicketsRequest, StartExportRequest, StartExportResponse, credentials,
        integration,
    },
    sandbox::{Numbering, Options, Sandbox},
};
use tonic::{Status, service::interceptor::InterceptedService};
use uuid::Uuid;

use super::{
    check,
    process::{Docket, binary},
    story::Story,
    watch::{self, Watcher, Whereabouts},
};
use crate::{
    attachments::{header, upload},
    support::{
        database::{Kind, TestDatabase},
        server::{Bearer, Exports, Integrations, Tickets, token_until},
    },
};

/// The shortest lease that can be set: a crash then costs a test as little waiting as it may.
const LEASE: &str = "2";

/// Everything but the processes.
pub(super) struct Bench {
    pub(super) jira: Sandbox,
    pub(super) story: Story,
    pub(super) session: String,
    pub(super) database: TestDatabase,
    settings: Vec<(&'static str, String)>,
    bearer: Bearer,
    server: Whereabouts,
}

/// How a bench and its first process are set up.
pub(super) struct Setup {
    pub(super) kind: Kind,
    pub(super) story: Story,
    pub(super) numbering: Numbering,
    pub(super) lease: &'static str,
    /// The least time between two creates.
    pub(super) delay: Duration,
    /// How many tickets may be on their way at once.
    pub(super) lanes: i32,
    /// The longest that a call to Jira may take, in seconds.
    pub(super) patience: &'static str,
    /// Where the first process ends itself.
    pub(super) failpoints: Option<String>,
}

impl Setup {
    pub(super) fn new(kind: Kind, story: Story) -> Self {
        Self {
            kind,
            story,
            numbering: Numbering::default(),
            lease: LEASE,
            delay: Duration::ZERO,
            lanes: 1,
            patience: "30",
            failpoints: None,
        }
    }

    /// The first process ends itself at the `nth` time that it comes to this place.
    pub(super) fn crashing_at(self, place: &str, nth: u32) -> Self {
        self.doing_at(place, nth, "return")
    }

    /// The first process does this at the `nth` time that it comes to this place.
    pub(super) fn doing_at(self, place: &str, nth: u32, action: &str) -> Self {
        if !cfg!(feature = "failpoints") {
            panic!(
                "docket was built without its places to crash at: run `cargo test --features failpoints`"
            );
        }
        let failpoints = match nth {
            1 => format!("export.{place}=1*{action}"),
            _ => format!("export.{place}={}*off->1*{action}", nth - 1),
        };
        Self {
            failpoints: Some(failpoints),
            ..self
        }
    }

    /// A bench with its session ready to export, and its first process.
    pub(super) async fn start(self) -> (Bench, Docket) {
        let database = TestDatabase::empty(self.kind).await;
        let options = Options {
            site: self.story.site(),
            numbering: self.numbering,
            ..Options::default()
        };
        let jira = Sandbox::start(options).await.expect("a sandbox");
        let secret = format!("{}{}", Uuid::new_v4(), Uuid::new_v4());
        let folder = database.folder().display().to_string();
        let mut settings = vec![
            ("DATA_DIR", format!("{folder}/data")),
            // Replicas have data folders of their own, and this one together.
            ("UPLOAD_DIR", format!("{folder}/uploads")),
            ("DATABASE_URL", database.url.clone()),
            ("JWT_SECRET_KEY", secret.clone()),
            (
                "CREDENTIALS_KEY",
                STANDARD.encode(rand::random::<[u8; 32]>()),
            ),
            ("OUTBOUND_ALLOW", "127.0.0.0/8".to_owned()),
            ("OUTBOUND_TIMEOUT_SECONDS", self.patience.to_owned()),
            ("EXPORT_LEASE_SECONDS", self.lease.to_owned()),
        ];
        if let Some(failpoints) = self.failpoints {
            settings.push(("FAILPOINTS", failpoints));
        }
        let process = start(&settings).await;
        settings.retain(|(name, _)| *name != "FAILPOINTS");
        let admin = admin(&secret);
        let bearer = Bearer::new(&admin);
        let integration = integrate(&process, &bearer, &jira, (self.delay, self.lanes)).await;
        let session = import(&process, &admin, &self.story, &folder, &integration).await;
        attach(&process, &bearer, &self.story, &session).await;
        let bench = Bench {
            jira,
            story: self.story,
            session,
            database,
            settings,
            bearer,
            server: Arc::new(Mutex::new(process.address())),
        };
        (bench, process)
    }
}

impl Bench {
    /// Starts a process on the same database, which the watchers turn to from now on.
    pub(super) async fn process(&self) -> Docket {
        let process = start(&self.settings).await;
        *self.server.lock().unwrap() = process.address();
        process
    }

    /// Starts one more process on the same database, with a data folder of its own.
    pub(super) async fn replica(&self) -> Docket {
        let mut settings = self.settings.clone();
        let folder = self.database.folder().join(Uuid::new_v4().to_string());
        settings.retain(|(name, _)| *name != "DATA_DIR");
        settings.push(("DATA_DIR", folder.display().to_string()));
        start(&settings).await
    }

    /// A client of one process.
    pub(super) fn exports(&self, process: &Docket) -> Exports {
        Exports::new(InterceptedService::new(
            process.channel(),
            self.bearer.clone(),
        ))
    }

    /// A client of one process, for tickets.
    pub(super) fn tickets(&self, process: &Docket) -> Tickets {
        Tickets::new(InterceptedService::new(
            process.channel(),
            self.bearer.clone(),
        ))
    }

    /// Starts or joins the export.
    pub(super) async fn begin(&self, process: &Docket) -> Result<StartExportResponse, Status> {
        let request = StartExportRequest {
            session_id: self.session.clone(),
            ..StartExportRequest::default()
        };
        let started = self.exports(process).start_export(request).await?;
        Ok(started.into_inner())
    }

    /// Follows the export, whichever process serves.
    pub(super) fn watch(&self) -> Watcher {
        let server = Arc::clone(&self.server);
        Watcher::start(server, self.bearer.clone(), &self.session)
    }

    /// Follows the export on this process alone.
    pub(super) fn watch_on(&self, process: &Docket) -> Watcher {
        let server = Arc::new(Mutex::new(process.address()));
        Watcher::start(server, self.bearer.clone(), &self.session)
    }

    /// Waits until there are so many issues in Jira that docket made.
    pub(super) async fn issues(&self, count: usize) {
        let made = || self.jira.issues().iter().filter(|i| !i.foreign).count();
        let what = format!("{count} issues");
        super::process::until(&what, || made() >= count).await;
    }

    /// What docket says of the export.
    pub(super) async fn results(&self, process: &Docket) -> GetExportResultsResponse {
        let request = GetExportResultsRequest {
            session_id: self.session.clone(),
        };
        let results = self.exports(process).get_export_results(request).await;
        results.expect("results").into_inner()
    }

    /// Waits for the export's end and holds everything against everything: Jira, what docket says, and what it told the watcher.
    /// Gives the events, and how often the run was taken over.
    pub(super) async fn conclude(
        &self,
        process: &Docket,
        watcher: Watcher,
    ) -> (Vec<ExportEvent>, usize) {
        let events = watcher.events().await;
        let links = self.story.dependencies().len();
        let taken_over = watch::check(&events, self.story.len(), links);
        check::hold(&self.jira, &self.story, &self.results(process).await);
        (events, taken_over)
    }
}

pub(super) async fn start(settings: &[(&'static str, String)]) -> Docket {
    let settings: Vec<(&str, &str)> = settings.iter().map(|(n, v)| (*n, v.as_str())).collect();
    Docket::start(&settings).await
}

pub(super) fn admin(secret: &str) -> String {
    let tokens = TokenSettings {
        secret: SigningSecret::new(secret.as_bytes().to_vec()).expect("long enough"),
        audience: "docket".to_owned(),
        issuer: "docket".to_owned(),
    };
    // Hundreds of kills take longer than a usual token lasts.
    let tomorrow = jsonwebtoken::get_current_timestamp() + 24 * 3600;
    token_until(&tokens, Role::Admin, tomorrow)
}

/// Connects docket to the sandbox, with this delay between creates and so many on their way at once; gives the integration's id.
pub(super) async fn integrate(
    process: &Docket,
    bearer: &Bearer,
    jira: &Sandbox,
    (delay, lanes): (Duration, i32),
) -> String {
    let config = JiraConfig {
        concurrency: lanes,
        site_url: jira.url(),
        project_key: "DEMO".to_owned(),
        export_delay: Some(delay.try_into().expect("a duration")),
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
    let channel = InterceptedService::new(process.channel(), bearer.clone());
    let created = Integrations::new(channel).create_integration(request).await;
    let created = created.expect("an integration").into_inner();
    created.integration.expect("an integration").id
}

/// Brings the story in as a person would, by the command; gives the session's id.
async fn import(
    process: &Docket,
    token: &str,
    story: &Story,
    folder: &str,
    integration: &str,
) -> String {
    let file = format!("{folder}/session.json");
    std::fs::write(&file, story.text).expect("a file");
    let mut command = binary();
    command
        .args(["session", "import", &file, "--integration", integration])
        .env("DOCKET_SERVER", format!("http://{}", process.address()))
        .env("DOCKET_TOKEN", token);
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    let output = output.expect("it does not panic").expect("the binary runs");
    assert!(output.status.success(), "{output:?}");
    let id = String::from_utf8(output.stdout).expect("text");
    id.trim().to_owned()
}

/// Attaches the story's files to its tickets.
async fn attach(process: &Docket, bearer: &Bearer, story: &Story, session: &str) {
    let channel = || InterceptedService::new(process.channel(), bearer.clone());
    let request = ListSessionTicketsRequest {
        session_id: session.to_owned(),
        page_size: 100,
        ..Default::default()
    };
    let listed = Exports::new(channel()).list_session_tickets(request).await;
    let tickets = listed.expect("the session's tickets").into_inner().tickets;
    assert_eq!(tickets.len(), story.len());
    let mut client = Tickets::new(channel());
    for ticket in tickets {
        for (name, bytes) in story.files(&ticket.title) {
            let header = header(&ticket.id, name);
            let made = upload(&mut client, header, bytes.as_bytes()).await;
            made.expect("takes the file");
        }
    }
}
