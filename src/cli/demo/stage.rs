//! What the demonstration runs on: a sandbox Jira with the story's people, and a server whose data folder is thrown away.

use std::{env, net::Ipv4Addr, net::SocketAddr, sync::Arc};

use chrono::TimeDelta;
use http::Uri;
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::super::{
    CommandError,
    client::Client,
    session_file::{SessionFile, User},
    token::{self, Bearer},
};
use crate::{
    app::clock::SystemClock,
    config::{Config, TokenSettings},
    domain::actor::Role,
    error::Result as DocketResult,
    process::Process,
    sandbox::{self, Board, Options, Project, Sandbox, Site, Sprint, SprintState},
    telemetry,
    worker::Settings,
};

/// How long the people's tokens are good.
const TOKEN_HOURS: i64 = 12;

/// Everything that runs, until [`Stage::stop`].
#[derive(Debug)]
pub(super) struct Stage {
    /// The Jira.
    pub(super) sandbox: Sandbox,
    /// The key of its project.
    pub(super) project: String,
    users: Vec<User>,
    tokens: TokenSettings,
    address: SocketAddr,
    shutdown: CancellationToken,
    server: JoinHandle<DocketResult<()>>,
    folder: TempDir,
}

impl Stage {
    /// Starts all of it on free ports of this machine.
    pub(super) async fn start(file: &SessionFile) -> Result<Self, CommandError> {
        let folder = tempfile::Builder::new()
            .prefix("docket-demo-")
            .tempdir()
            .map_err(|error| format!("cannot make a temporary folder: {error}"))?;
        let config = settings(&folder)?;
        telemetry::init(&config.log);
        let project = file.jira_project_key.clone().unwrap_or_default();
        let sandbox = Sandbox::start(Options {
            site: site(&project, file),
            ..Options::default()
        })
        .await?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let tokens = config.tokens.clone();
        let process = Process::prepare(config, Arc::new(SystemClock), Settings::default()).await?;
        let shutdown = CancellationToken::new();
        let server = tokio::spawn(process.run(listener, shutdown.clone()));
        Ok(Self {
            sandbox,
            project,
            users: file.users.clone(),
            tokens,
            address,
            shutdown,
            server,
            folder,
        })
    }

    /// The server's URL.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The server's host and port.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The first of the story's people with this role, and their token.
    pub(super) fn person(&self, role: Role) -> Result<(&User, SecretString), CommandError> {
        let user = self.users.iter().find(|user| user.role == role);
        let user = user.ok_or_else(|| format!("the story has nobody who is {role}"))?;
        let bearer = Bearer {
            id: user.id.clone(),
            role,
            name: Some(user.display_name.clone()),
            email: Some(user.email.clone()),
            team: user.team.clone(),
        };
        let ttl = TimeDelta::hours(TOKEN_HOURS);
        Ok((user, token::mint(&self.tokens, bearer, ttl)?))
    }

    /// A client that calls as that person.
    pub(super) async fn client(&self, role: Role) -> Result<Client, CommandError> {
        let (_, token) = self.person(role)?;
        Client::connect(&self.url().parse::<Uri>()?, &token).await
    }

    /// Stops the server and the sandbox, and removes the folder.
    pub(super) async fn stop(self) -> Result<(), CommandError> {
        self.shutdown.cancel();
        let served = self.server.await;
        self.sandbox.stop().await;
        let folder = self.folder.path().display().to_string();
        let removed = self.folder.close();
        served??;
        removed.map_err(|error| format!("cannot remove {folder}: {error}").into())
    }
}

/// Settings that depend on nothing around, but for what is logged.
fn settings(folder: &TempDir) -> Result<Config, CommandError> {
    let data = folder.path().join("data").display().to_string();
    let config = Config::from_map(|name| match name {
        "DATA_DIR" => Some(data.clone()),
        "OUTBOUND_ALLOW" => Some("127.0.0.0/8".to_owned()),
        "LOG_LEVEL" => Some(env::var(name).unwrap_or_else(|_| "warn".to_owned())),
        "LOG_FORMAT" => env::var(name).ok(),
        _ => None,
    })?;
    Ok(config)
}

/// A site with one project that has the story's sprints, the first of them running, and the story's people to assign.
fn site(key: &str, file: &SessionFile) -> Site {
    let mut names: Vec<&str> = file
        .tickets
        .iter()
        .filter_map(|t| t.sprint.as_deref())
        .collect();
    names.sort_unstable();
    names.dedup();
    let states = std::iter::once(SprintState::Active).chain(std::iter::repeat(SprintState::Future));
    let board = Board {
        sprints: names
            .into_iter()
            .zip(states)
            .map(|(name, state)| Sprint {
                id: 0,
                name: name.to_owned(),
                state,
            })
            .collect(),
        ..Board::new(&format!("{key} board"), key)
    };
    let project = Project::new(key, "Demo project").with_board(Some(board));
    let site = Site::new("docket sandbox").with_project(project);
    (1..)
        .zip(&file.users)
        .fold(site, |site, (number, user): (u32, _)| {
            let account = format!("712020:00000000-0000-4000-9000-{number:012}");
            site.with_user(sandbox::User::new(
                &account,
                &user.display_name,
                &user.email,
            ))
        })
}
