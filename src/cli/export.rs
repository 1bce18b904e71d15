//! `docket export`: starts the export of a session or joins the one that runs, and follows it to its end.

use std::{cell::Cell, collections::HashMap, process::ExitCode};

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::{
    CommandError, INTERRUPTED, Outcome,
    client::{Client, Remote, call},
    counting::counted,
    export_log,
    follow::follow,
    progress::Progress,
    show, summary,
};
use crate::proto::v1::{
    Export, ExportStatus, GetExportResultsRequest, GetExportResultsResponse,
    ListSessionTicketsRequest, RetryExportRequest, StartExportRequest,
};

/// How many tickets are listed at once.
const PAGE: i32 = 100;

/// Which session, and how.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    #[command(subcommand)]
    command: Option<ExportCommand>,
    /// The session's id.
    #[arg(required = true)]
    session: Option<Uuid>,
    /// Go on with an export that failed or was cancelled.
    #[arg(long)]
    retry: bool,
    /// Show the result alone.
    #[arg(long)]
    no_progress: bool,
    #[command(flatten)]
    remote: Remote,
}

/// What there is to do but to export.
#[derive(Debug, Subcommand)]
enum ExportCommand {
    /// Print every state, request and answer of a session's export, from the database of this machine's settings.
    Log(export_log::LogArgs),
}

/// Success when the export has completed; failure when it failed or was cancelled; 130 after Ctrl-C, which the export outlives.
pub(super) async fn run(args: ExportArgs) -> Outcome {
    if let Some(ExportCommand::Log(args)) = args.command {
        export_log::run(args).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let client = args.remote.connect().await?;
    let session = args.session.map(|id| id.to_string()).unwrap_or_default();
    let mut progress = Progress::new(!args.no_progress);
    let begun = Cell::new(false);
    let exported = async {
        let export = begin(&client, &session, args.retry, &progress).await?;
        begun.set(true);
        finish(&client, &export, &mut progress).await
    };
    let results = tokio::select! {
        results = exported => results?,
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            progress.end();
            eprintln!("docket: {}", left(&session, begun.get()));
            return Ok(INTERRUPTED.into());
        }
    };
    show(&summary::table(&results))?;
    conclude(&results)
}

/// What is said to whoever leaves: an export that was begun goes on.
fn left(session: &str, begun: bool) -> String {
    match begun {
        true => {
            format!("the export goes on without you; `docket export {session}` joins it again")
        }
        false => format!(
            "interrupted before the server said that the export is begun; `docket export {session}` begins or joins it"
        ),
    }
}

/// The export that there is from now on: started, joined, retried, or completed before.
pub(super) async fn begin(
    client: &Client,
    session: &str,
    retry: bool,
    progress: &Progress,
) -> Result<Export, CommandError> {
    let request_id = Some(Uuid::new_v4().to_string());
    if retry {
        let request = RetryExportRequest {
            session_id: session.to_owned(),
            request_id,
        };
        let answer = call("the export cannot be retried", request, async |request| {
            client.exports().retry_export(request).await
        });
        let answer = answer.await?;
        let kept = counted(
            answer.tickets_preserved,
            "ticket keeps its issue",
            "tickets keep their issues",
        );
        progress.note(&format!("retried; {kept}"));
        return answer.export.ok_or_else(no_export);
    }
    let request = StartExportRequest {
        session_id: session.to_owned(),
        plan_hash: None,
        request_id,
    };
    let started = call("the export cannot be started", request, async |request| {
        client.exports().start_export(request).await
    });
    match started.await {
        Ok(answer) => {
            let export = answer.export.ok_or_else(no_export)?;
            if answer.already_running {
                progress.note("joined the export that is running");
            } else if export.status() == ExportStatus::Completed {
                progress.note("the session has been exported before");
            }
            Ok(export)
        }
        Err(refused) if refused.reason().as_deref() == Some("EXPORT_FAILED") => {
            Err(format!("{refused}\n`docket export {session} --retry` goes on with it").into())
        }
        Err(refused) => Err(refused.into()),
    }
}

fn no_export() -> CommandError {
    "the server answered no export".into()
}

/// Follows the export to its end, unless it has ended already, and fetches what it has made.
pub(super) async fn finish(
    client: &Client,
    export: &Export,
    progress: &mut Progress,
) -> Result<GetExportResultsResponse, CommandError> {
    if export.status() != ExportStatus::Completed {
        if progress.is_shown() {
            // Without them the rest is shown all the same.
            let titles = titles(client, &export.session_id).await;
            progress.call_them(titles.unwrap_or_default());
        }
        let followed = follow(client, &export.session_id, export.attempt, progress).await;
        progress.end();
        followed?;
    }
    let request = GetExportResultsRequest {
        session_id: export.session_id.clone(),
    };
    let results = call("the results cannot be read", request, async |request| {
        client.exports().get_export_results(request).await
    });
    Ok(results.await?)
}

/// How the session's tickets are called, by their ids.
async fn titles(client: &Client, session: &str) -> Result<HashMap<String, String>, CommandError> {
    let mut titles = HashMap::new();
    let mut page_token = String::new();
    loop {
        let request = ListSessionTicketsRequest {
            session_id: session.to_owned(),
            page_size: PAGE,
            page_token,
        };
        let page = call("the tickets cannot be listed", request, async |request| {
            client.exports().list_session_tickets(request).await
        });
        let page = page.await?;
        let named = page.tickets.into_iter();
        titles.extend(named.map(|ticket| (ticket.id, ticket.title)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(titles);
        }
    }
}

/// How the command ends.
fn conclude(results: &GetExportResultsResponse) -> Outcome {
    let export = results.export.as_ref().ok_or_else(no_export)?;
    match export.status() {
        ExportStatus::Completed => Ok(ExitCode::SUCCESS),
        _ if export.remaining_retries == 0 => Err(summary::failure(export).into()),
        _ => Err(format!(
            "{}\n`docket export {} --retry` goes on with it; {} left",
            summary::failure(export),
            export.session_id,
            counted(export.remaining_retries, "retry is", "retries are")
        )
        .into()),
    }
}
