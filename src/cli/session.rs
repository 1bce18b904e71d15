//! `docket session import`: a session from a file, through the API.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::{
    CommandError,
    client::{Client, Remote, call},
    counting::counted,
    session_file::{self, Format, SessionFile},
};
use crate::proto::v1::{AddSessionTicketsRequest, CreateSessionRequest, Session, Ticket};

/// What to do with sessions.
#[derive(Debug, Subcommand)]
pub(super) enum SessionCommand {
    /// Create a session with the tickets of a JSON or CSV file, and print its id.
    Import(Import),
}

/// Which file, and what the session is to be.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// The file: .json or .csv.
    file: PathBuf,
    /// How the file is written, where its extension does not tell.
    #[arg(long)]
    format: Option<Format>,
    /// The session's name; the file's own, or the file's name, where not given.
    #[arg(long)]
    name: Option<String>,
    /// The id of the Jira integration to export through.
    #[arg(long, value_name = "ID")]
    integration: Option<Uuid>,
    /// The key of the Jira project to export to; the file's own where not given.
    #[arg(long, value_name = "KEY")]
    project: Option<String>,
    #[command(flatten)]
    remote: Remote,
}

/// A session that has been brought in.
#[derive(Debug)]
pub(super) struct Imported {
    pub(super) session: Session,
    pub(super) tickets: Vec<Ticket>,
    pub(super) dependencies: usize,
}

impl Imported {
    /// How many tickets and dependencies there are.
    pub(super) fn counts(&self) -> String {
        let tickets = counted(self.tickets.len(), "ticket", "tickets");
        let dependencies = counted(self.dependencies, "dependency", "dependencies");
        format!("{tickets}, {dependencies}")
    }
}

/// Carries out the command.
pub(super) async fn run(command: SessionCommand) -> Result<(), CommandError> {
    let SessionCommand::Import(args) = command;
    let mut file = session_file::read(&args.file, args.format)?;
    file.name = args.name.or(file.name).or_else(|| stem(&args.file));
    file.jira_project_key = args.project.or(file.jira_project_key);
    let client = args.remote.connect().await?;
    let integration = args.integration.map(|id| id.to_string());
    let imported = import(&client, file, integration).await?;
    let Imported { session, .. } = &imported;
    eprintln!(
        "imported {:?}: {}; `docket export {}` exports it",
        session.name,
        imported.counts(),
        session.id
    );
    println!("{}", session.id);
    Ok(())
}

fn stem(path: &Path) -> Option<String> {
    Some(path.file_stem()?.to_string_lossy().into_owned())
}

/// Creates the session and adds its tickets. Each call carries a request id, so that none takes effect twice.
pub(super) async fn import(
    client: &Client,
    file: SessionFile,
    integration: Option<String>,
) -> Result<Imported, CommandError> {
    let dependencies = dependencies(&file);
    let mut made = Vec::new();
    let request = CreateSessionRequest {
        session: Some(Session {
            name: file.name.unwrap_or_default(),
            integration_id: integration.unwrap_or_default(),
            jira_project_key: file.jira_project_key.unwrap_or_default(),
            ..Session::default()
        }),
        request_id: Some(Uuid::new_v4().to_string()),
        validate_only: false,
    };
    let created = call("the session cannot be created", request, async |request| {
        client.exports().create_session(request).await
    })
    .await?;
    let mut session = created.session.ok_or("the server answered no session")?;
    let mut added = 0;
    for tickets in session_file::calls(file.tickets) {
        let count = tickets.len();
        let request = AddSessionTicketsRequest {
            session_id: session.id.clone(),
            tickets,
            request_id: Some(Uuid::new_v4().to_string()),
            validate_only: false,
        };
        let what = format!(
            "session {} has {} and takes no more",
            session.id,
            counted(added, "ticket", "tickets")
        );
        let answer = call(&what, request, async |request| {
            client.exports().add_session_tickets(request).await
        })
        .await?;
        added += count;
        made.extend(answer.tickets);
        session = answer.session.unwrap_or(session);
    }
    Ok(Imported {
        session,
        tickets: made,
        dependencies,
    })
}

/// How many dependencies the tickets have, each of which becomes a link.
pub(super) fn dependencies(file: &SessionFile) -> usize {
    let each = file
        .tickets
        .iter()
        .map(|ticket| ticket.depends_on_refs.len());
    each.sum()
}
