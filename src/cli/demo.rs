//! `docket demo`: a Jira, a server and a session of tickets in one process, and the export of it while one looks on.

mod check;
mod files;
mod hints;
mod stage;

use std::process::ExitCode;

use clap::Args;
use uuid::Uuid;

use self::{files::Attached, stage::Stage};
use super::{
    CommandError, INTERRUPTED, Outcome,
    client::{Client, call},
    counting::counted,
    export,
    progress::Progress,
    session,
    session_file::{self, Format, SessionFile},
    show,
    signals::StopSignals,
    summary,
};
use crate::{
    domain::actor::Role,
    proto::v1::{
        CreateIntegrationRequest, Credentials, GetExportResultsResponse, Integration, JiraConfig,
        JiraCredentials, TestIntegrationRequest, credentials, integration,
    },
    sandbox::Options,
};

/// The story of the demonstration.
const SESSION: &str = include_str!("demo/session.json");

/// How it is shown.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Leave once the export is done, with 0 when every ticket has exactly one issue and every link is set.
    #[arg(long)]
    once: bool,
    /// Do not wait between tickets, as one does with a Jira that others use too.
    #[arg(long)]
    fast: bool,
}

/// Shows everything, and removes all of it at the end, however it ends.
pub(super) async fn run(args: DemoArgs) -> Outcome {
    let mut signals = StopSignals::catch()?;
    let file = session_file::parse(SESSION, Format::Json)?;
    let stage = Stage::start(&file).await?;
    let shown = tokio::select! {
        shown = play(&stage, &file, &args) => shown.map(|()| ExitCode::SUCCESS),
        _ = signals.next() => Ok(INTERRUPTED.into()),
    };
    let interrupted = matches!(&shown, Ok(code) if *code == INTERRUPTED.into());
    if shown.is_ok() && !args.once && !interrupted {
        signals.next().await;
    }
    stage.stop().await?;
    shown
}

/// A manager connects Jira, a team lead brings the session and exports it, and the result is held against what Jira has.
async fn play(stage: &Stage, file: &SessionFile, args: &DemoArgs) -> Result<(), CommandError> {
    println!(
        "Jira    {} (a sandbox in this process)",
        stage.sandbox.url()
    );
    println!(
        "docket  {} (its database is thrown away at the end)",
        stage.url()
    );
    let manager = stage.client(Role::Manager).await?;
    let integration = connect_jira(&manager, stage, args.fast).await?;
    println!("The manager has connected Jira.");
    let lead = stage.client(Role::TeamLead).await?;
    let imported = session::import(&lead, file.clone(), Some(integration)).await?;
    let attached = files::attach(&lead, &imported.tickets).await?;
    println!(
        "A team lead has brought {:?}: {}, {}.\n",
        imported.session.name,
        imported.counts(),
        counted(attached.len(), "file", "files")
    );
    let mut progress = Progress::new(true);
    let export = export::begin(&lead, &imported.session.id, false, &progress).await?;
    let results = export::finish(&lead, &export, &mut progress).await?;
    show(&summary::table(&results))?;
    conclude(stage, file, &attached, &results)?;
    if !args.once {
        println!("{}", hints::text(stage, &results)?);
    }
    Ok(())
}

fn conclude(
    stage: &Stage,
    file: &SessionFile,
    attached: &[Attached],
    results: &GetExportResultsResponse,
) -> Result<(), CommandError> {
    let export = results
        .export
        .as_ref()
        .ok_or("the server answered no export")?;
    if export.failure.is_some() {
        return Err(summary::failure(export).into());
    }
    let found = check::hold(&stage.sandbox, &file.tickets, attached, results)?;
    println!(
        "Held against Jira: {} issues for {} tickets, none missing, none twice; {} of {} links; {} of {} files.",
        found.issues,
        file.tickets.len(),
        found.links,
        session::dependencies(file),
        found.files,
        attached.len(),
    );
    Ok(())
}

/// Creates the integration and tests it; gives its id.
async fn connect_jira(client: &Client, stage: &Stage, fast: bool) -> Result<String, CommandError> {
    let config = JiraConfig {
        site_url: stage.sandbox.url(),
        project_key: stage.project.clone(),
        // Absent, the server's own pace holds.
        export_delay: fast.then(prost_types::Duration::default),
        ..JiraConfig::default()
    };
    let credentials = JiraCredentials {
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
            platform: Some(credentials::Platform::Jira(credentials)),
        }),
        request_id: Some(Uuid::new_v4().to_string()),
        validate_only: false,
    };
    let created = call(
        "the integration cannot be created",
        request,
        async |request| client.integrations().create_integration(request).await,
    );
    let id = created.await?.integration.unwrap_or_default().id;
    let request = TestIntegrationRequest { id: id.clone() };
    let tested = call(
        "the integration cannot be tested",
        request,
        async |request| client.integrations().test_integration(request).await,
    );
    let tested = tested.await?;
    if tested.ok {
        return Ok(id);
    }
    let problems: Vec<String> = tested.problems.into_iter().map(|p| p.message).collect();
    Err(format!("the integration does not work: {}", problems.join("; ")).into())
}
