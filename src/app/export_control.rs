//! Pausing, resuming and cancelling an export: the worker that holds it is asked, or, where nobody does, it is done at once.

use std::sync::Arc;

use super::{
    App,
    exports::{ATTEMPTS, changing},
    integrations::require_enabled,
    wake,
};
use crate::{
    db::{export, export_event, export_log, export_request, notify_in, session},
    domain::{
        actor::Actor,
        export::{EventDetail, ExportSnapshot, ExportStatus},
        export_log::LogEntry,
        export_request::{Effect, ExportRequest},
        ids::SessionId,
        session::{SessionStage, SessionStatus},
    },
    error::{Error, Reason, Result},
};

/// A run that moves without a worker.
#[derive(Clone, Debug)]
struct Move {
    /// The run's age as it was read.
    read: export::Age,
    next: export::Model,
    event: Option<export_event::Model>,
    log: Vec<LogEntry>,
}

impl App {
    /// Pauses, resumes or cancels the session's export; gives it as it stands then. Asking for what is so changes nothing.
    pub async fn control_export(
        &self,
        actor: &Actor,
        id: Result<SessionId>,
        request: ExportRequest,
    ) -> Result<ExportSnapshot> {
        let (session, ()) = self.own_session(actor, id, || Ok(())).await?;
        for _ in 0..ATTEMPTS {
            let export = self.export(session.id).await?;
            let effect = request.effect(export.standing(self.clock.now()));
            let effect = effect.ok_or_else(|| not_running(&export))?;
            if effect == Effect::Nothing {
                return self.snapshot(&session, &export).await;
            }
            if request == ExportRequest::Resume {
                self.require_usable(&session).await?;
            }
            let written = match effect {
                Effect::Move(status) => self.move_export(actor, (&session, &export), status).await,
                Effect::Ask(wanted) => self.ask_worker(actor, &export, wanted).await,
                Effect::Nothing => Ok(()),
            };
            match written {
                // A worker or another caller was first, so that the run is no longer as it was read.
                Err(Error::Fenced) => continue,
                Err(error) => return Err(error),
                Ok(()) => (),
            }
            self.wake.work();
            self.wake.changed(session.id);
            return self
                .snapshot(&session, &self.export(session.id).await?)
                .await;
        }
        Err(changing(session.id))
    }

    async fn require_usable(&self, session: &session::Model) -> Result<()> {
        match session.integration_id {
            Some(id) => require_enabled(&self.integration(id).await?),
            None => Ok(()),
        }
    }

    async fn ask_worker(
        &self,
        actor: &Actor,
        read: &export::Model,
        wanted: Option<ExportRequest>,
    ) -> Result<()> {
        let text = match wanted {
            Some(wanted) => format!("{wanted} is asked for by {}", actor.user_id),
            None => format!(
                "a pause that was asked for is taken back by {}",
                actor.user_id
            ),
        };
        let entry = LogEntry::state(self.clock.now(), read.attempt, &text);
        let plain = Arc::new((read.clone(), entry));
        self.db
            .write(move |tx| {
                let plain = Arc::clone(&plain);
                Box::pin(async move {
                    let (read, entry) = &*plain;
                    export_request::ask(tx, read, wanted).await?;
                    export_log::append(tx, read.id, std::slice::from_ref(entry)).await?;
                    notify_in(tx, wake::EXPORT_CHANNEL, &read.session_id.to_string()).await?;
                    Ok(())
                })
            })
            .await
    }

    /// Moves a run that nobody works on. The fence moves, so that of several callers and workers at once one wins.
    async fn move_export(
        &self,
        actor: &Actor,
        (session, read): (&session::Model, &export::Model),
        status: ExportStatus,
    ) -> Result<()> {
        let now = self.clock.now();
        let mut next = read.clone();
        // Of the time since a crash only what the lost lease covered counts as work.
        next.rest(read.lease_until.map_or(now, |until| until.min(now)));
        next.status = status;
        next.fence += 1;
        next.lease_owner = None;
        next.lease_until = None;
        next.resume_time = None;
        next.current_ticket = None;
        next.requested = (status == ExportStatus::Exporting).then_some(ExportRequest::Resume);
        next.finish_time = status.is_terminal().then_some(now);
        next.update_time = now;
        let detail = match status {
            ExportStatus::Paused => Some(EventDetail::Paused),
            ExportStatus::Cancelled => Some(EventDetail::Cancelled),
            // The worker that takes it up tells so.
            _ => None,
        };
        let pace = self.pace(session).await?;
        let event = detail.map(|detail| next.event(detail, now, pace));
        let text = format!(
            "export is {status} after {}, by {}",
            read.status, actor.user_id
        );
        let told = event.as_ref().map(export_event::Model::told);
        let texts = [text].into_iter().chain(told);
        let log = texts.map(|text| LogEntry::state(now, next.attempt, &text));
        let log = log.collect();
        let moved = Arc::new(Move {
            read: read.age(),
            next,
            event,
            log,
        });
        self.db
            .write(move |tx| {
                let moved = Arc::clone(&moved);
                Box::pin(async move { moved.write(tx).await })
            })
            .await
    }
}

impl Move {
    async fn write(&self, tx: &crate::db::Tx) -> Result<()> {
        let next = &self.next;
        export::save(tx, self.read, next).await?;
        export_request::set_request(tx, next.id, next.requested).await?;
        export_log::append(tx, next.id, &self.log).await?;
        if let Some(event) = &self.event {
            export_event::append(tx, vec![event.clone()]).await?;
        }
        if next.status == ExportStatus::Cancelled {
            let (stage, status) = (SessionStage::JiraExport, SessionStatus::Cancelled);
            session::advance(tx, next.session_id, stage, status, next.update_time).await?;
        }
        notify_in(tx, wake::EXPORT_CHANNEL, &next.session_id.to_string()).await?;
        Ok(())
    }
}

fn not_running(export: &export::Model) -> Error {
    Error::refused(
        Reason::ExportNotRunning,
        format!("session/{}", export.session_id),
        format!(
            "the export is {}: it has come to its end, and can be neither paused, resumed nor cancelled",
            export.status
        ),
    )
    .with("task_id", export.id)
    .with("status", export.status)
}
