//! Retrying an export: going on with what failed or was cancelled, and creating nothing again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    App,
    export_target::hold_target,
    requests::{Request, remember},
    wake,
};
use crate::{
    db::{export, export_item, export_log, notify_in, session, session_ticket},
    domain::{
        actor::Actor,
        export::{ExportSnapshot, ExportStatus, MAX_RETRIES},
        export_log::LogEntry,
        ids::SessionId,
        session::{SessionStage, SessionStatus},
        time::Time,
    },
    error::{Error, Reason, Result},
};

/// What RetryExport answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Retried {
    /// The run.
    pub export: ExportSnapshot,
    /// The `order` of the first ticket that is not done; 0 when only links are left.
    pub resuming_from_order: i32,
}

impl App {
    /// Goes on with an export that failed or was cancelled, from the first ticket that is not done. Nothing is created again.
    pub async fn retry_export(
        &self,
        actor: &Actor,
        id: Result<SessionId>,
        parse: impl FnOnce() -> Result<Option<Uuid>> + Send,
    ) -> Result<Retried> {
        let (session, request_id) = self.own_session(actor, id, parse).await?;
        let id = session.id;
        let request = Request::new(&actor.user_id, "RetryExport", request_id, &id);
        self.once(request.as_ref(), async {
            let retried = self.begin_retry(actor, &session, request.as_ref()).await?;
            self.wake.work();
            self.wake.changed(id);
            Ok(retried)
        })
        .await
    }

    /// Of several at once one begins the attempt; to the others it is running.
    async fn begin_retry(
        &self,
        actor: &Actor,
        session: &session::Model,
        request: Option<&Request>,
    ) -> Result<Retried> {
        loop {
            let export = self.export(session.id).await?;
            require_retryable(&export)?;
            self.exportable(session).await?;
            self.record_caller(actor).await?;
            let answer = Retried {
                resuming_from_order: self.next_order(export.id).await?,
                export: self.snapshot(session, &export).await?,
            };
            let written = self.write_retry(actor, session, &export, answer, request);
            match written.await {
                // Somebody was first, so that the run is no longer as it was read.
                Err(Error::Fenced) => (),
                written => return written,
            }
        }
    }

    /// `answer` is as far as it is known before; the run in it is told as it is written.
    async fn write_retry(
        &self,
        actor: &Actor,
        session: &session::Model,
        read: &export::Model,
        answer: Retried,
        request: Option<&Request>,
    ) -> Result<Retried> {
        let (now, pace) = (self.clock.now(), self.pace(session).await?);
        let (age, again) = (read.age(), retried(read, now));
        let text = format!(
            "export is PENDING after {}, retried by {}",
            read.status, actor.user_id
        );
        let entry = LogEntry::state(now, again.attempt, &text);
        let plain = Arc::new((session.clone(), again, entry, answer, request.cloned()));
        let written = self.db.write(move |tx| {
            let plain = plain.clone();
            Box::pin(async move {
                let (session, mut again, entry, mut answer, request) = (*plain).clone();
                hold_target(tx, &session).await?;
                export_log::append(tx, again.id, &[entry]).await?;
                export_item::reset_failed(tx, again.id).await?;
                session_ticket::reset_failed(tx, again.session_id, now).await?;
                session::advance(
                    tx,
                    again.session_id,
                    SessionStage::JiraExport,
                    SessionStatus::Exporting,
                    now,
                )
                .await?;
                // Behind the change of the row, so that it is as it will be: the project may have been put right.
                if let Some(session) = session::find(tx, again.session_id).await? {
                    again.jira_project_key = session.jira_project_key;
                }
                export::save(tx, age, &again).await?;
                answer.export = again.snapshot(now, pace);
                remember(tx, request.as_ref(), &answer, now).await?;
                notify_in(tx, wake::EXPORT_CHANNEL, &again.session_id.to_string()).await?;
                Ok(answer)
            })
        });
        written.await
    }
}

/// The run as its next attempt begins. The fence moves, so that of two retries at once one wins.
fn retried(export: &export::Model, now: Time) -> export::Model {
    export::Model {
        status: ExportStatus::Pending,
        attempt: export.attempt + 1,
        tickets_failed: 0,
        tickets_preserved: export.tickets_completed,
        current_ticket: None,
        lease_owner: None,
        lease_until: None,
        fence: export.fence + 1,
        resume_time: None,
        finish_time: None,
        update_time: now,
        ..export.clone()
    }
}

fn require_retryable(export: &export::Model) -> Result<()> {
    let subject = format!("session/{}", export.session_id);
    if export.revert_time.is_some() && export.status != ExportStatus::Reverted {
        return Err(Error::refused(
            Reason::ExportNotRetryable,
            subject,
            "issues of this export have been taken back; call RevertExport until it ends, then StartExport",
        )
        .with("task_id", export.id)
        .with("status", export.status));
    }
    match export.status {
        ExportStatus::Failed | ExportStatus::Cancelled if export.attempt < MAX_RETRIES => Ok(()),
        ExportStatus::Failed | ExportStatus::Cancelled => Err(Error::refused(
            Reason::ExportRetriesExhausted,
            subject,
            "this export was retried 3 times, which is the limit; put right what its failure names, take its issues back with RevertExport, \
             and begin anew with StartExport",
        )
        .with("task_id", export.id)
        .with("category", "ADMIN_REQUIRED")),
        ExportStatus::Pending | ExportStatus::Exporting | ExportStatus::Paused => {
            let message = "the export is running; WatchExport follows it";
            let running = Error::aborted(Reason::ExportRunning, subject, message);
            Err(running.with("task_id", export.id))
        }
        ExportStatus::Completed | ExportStatus::Reverted => {
            let text = match export.status {
                ExportStatus::Reverted => {
                    "the export was taken back; StartExport begins a new one"
                }
                _ => "the export is COMPLETED; there is nothing to retry",
            };
            Err(Error::refused(Reason::ExportNotRetryable, subject, text)
                .with("task_id", export.id)
                .with("status", export.status))
        }
    }
}
