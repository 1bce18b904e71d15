//! Exports: taking up a run, carrying it through, and ending it in a state that everybody can read.

mod change;
mod create;
mod end;
mod files;
mod former;
mod halt;
mod lanes;
mod lease;
mod links;
mod passage;
mod patience;
mod run;
mod settle;
mod spare_files;
mod spares;
mod sprint;
mod states;
mod sure;
mod ticket;
mod traffic;
mod transmit;
mod turns;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt as _;
use tokio_util::sync::CancellationToken;

use end::Ended;
pub(super) use run::Run;
use run::Stop;

use crate::{
    app::{App, step::step, wake},
    connectors::jira::ProjectMeta,
    db::{export, export_event, export_log, export_request, notify_in, session},
    domain::{
        export::{EventDetail, ExportStatus, ResumeReason},
        export_log::LogEntry,
        export_request::ExportRequest,
    },
    error::{Error, Result},
};

/// How many runs are looked at when one is to be taken up; others may take the first ones at the same moment.
const CANDIDATES: u64 = 8;

/// Takes the lease of a run that nobody works on. Of several workers that try at once one wins.
pub(super) async fn claim(
    app: &App,
    owner: &str,
    lease: Duration,
) -> Result<Option<export::Model>> {
    let now = app.clock.now();
    for row in export::claimable(app.db.read(), now, CANDIDATES).await? {
        let detail = beginning(app, &row).await?;
        let pace = match session::find(app.db.read(), row.session_id).await? {
            Some(session) => app.pace(&session).await?,
            None => Duration::ZERO,
        };
        let mut next = row.clone();
        // Of the time since a crash only what the lost lease covered counts as work.
        next.rest(row.lease_until.map_or(now, |until| until.min(now)));
        next.active_since = Some(now);
        if row.status == ExportStatus::Paused {
            // The time that Jira set has come.
            next.resume_time = None;
        }
        next.status = ExportStatus::Exporting;
        next.lease_owner = Some(owner.to_owned());
        next.lease_until = Some(now + lease);
        next.fence += 1;
        next.current_ticket = app.next_ticket(row.id, None).await?;
        next.update_time = now;
        let event = next.event(detail, now, pace);
        let log = [
            format!(
                "export is EXPORTING after {}, taken up by the worker {owner}",
                row.status
            ),
            event.told(),
        ];
        let log = log.map(|text| LogEntry::state(now, next.attempt, &text));
        let plain = Arc::new((row.age(), next, event, log));
        let written = {
            let plain = Arc::clone(&plain);
            app.db.write(move |tx| {
                let plain = Arc::clone(&plain);
                Box::pin(async move {
                    let (read, next, event, log) = &*plain;
                    export::save(tx, *read, next).await?;
                    if next.requested == Some(ExportRequest::Resume) {
                        export_request::answer(tx, next.id, ExportRequest::Resume).await?;
                    }
                    export_event::append(tx, vec![event.clone()]).await?;
                    export_log::append(tx, next.id, log).await?;
                    notify_in(tx, wake::EXPORT_CHANNEL, &next.session_id.to_string()).await?;
                    Ok(())
                })
            })
        };
        match written.await {
            Ok(()) => {
                app.wake.changed(row.session_id);
                return Ok(Some(plain.1.clone()));
            }
            Err(Error::Fenced) => continue,
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// How a run begins to be worked on: anew, after a retry or a pause, or after somebody left it lying.
async fn beginning(app: &App, row: &export::Model) -> Result<EventDetail> {
    if row.status == ExportStatus::Pending && row.attempt == 0 {
        return Ok(EventDetail::Started);
    }
    let reason = match row.status {
        ExportStatus::Pending => ResumeReason::Retried,
        _ if row.requested == Some(ExportRequest::Resume) => ResumeReason::Requested,
        _ => ResumeReason::TakenOver,
    };
    let from_order = app.next_order(row.id).await?;
    Ok(EventDetail::Resumed { from_order, reason })
}

/// Works on a claimed run until it has ended, somebody else holds it, or this process stops.
#[tracing::instrument(skip_all, fields(export = %claimed.id, session = %claimed.session_id))]
pub(super) async fn run(
    app: Arc<App>,
    claimed: export::Model,
    lease: Duration,
    stop: CancellationToken,
) {
    step("export.claimed");
    let mut run = Run::new(app, claimed, lease, stop);
    loop {
        let keeper = run.keeper();
        // A panic is a fault of docket's own, and is told as one: a run that nobody ends would be taken up again for ever.
        let work = AssertUnwindSafe(carry_through(&mut run)).catch_unwind();
        let worked = tokio::select! {
            worked = work => worked.ok(),
            () = keeper.keep() => Some(Err(Stop::Lost)),
        };
        let outcome = match worked {
            Some(outcome) => outcome,
            None => Err(run.after_fault().await),
        };
        match run.end(outcome).await {
            Ok(Ended::Over) => return,
            Ok(Ended::GoOn) => (),
            Err(error) => {
                // The lease lapses and the run is taken up again, here or elsewhere.
                tracing::error!(%error, "the end of an export could not be recorded");
                return;
            }
        }
    }
}

/// The story of a run: every ticket in its order, then the links between them, then a look for what Jira made too late.
async fn carry_through(run: &mut Run) -> Result<(), Stop> {
    run.traffic.halting = CancellationToken::new();
    run.wait_out_the_throttle().await?;
    let jira = run.connector().await?;
    let project = run.claimed.jira_project_key.clone();
    let meta = run
        .ask("read the project", || ProjectMeta::load(&jira, &project))
        .await?;
    // A project that was renamed answers to its old key, and its issues have keys of the new one.
    run.project.clone_from(&meta.project().key);
    let newest = run
        .ask("find the newest issue", || jira.newest_key(&run.project))
        .await?;
    run.traffic.saw_key(newest.unwrap_or_default());
    run.export_tickets(&jira, &meta).await?;
    run.link_dependencies(&jira).await?;
    run.tell_of_spares(&jira).await?;
    run.tell_of_spare_files(&jira).await
}
