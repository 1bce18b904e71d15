//! A run in a worker's hands: its row, its lease, and the one way in which it writes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use tokio::time::{self, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::states;
use crate::{
    app::{App, integrations::require_enabled, journal::Journal, wake},
    connectors::{
        Connector,
        jira::{AttachmentSettings, HardStop},
    },
    db::{
        export, export_attachment, export_event, export_fix, export_item, export_link, export_log,
        export_request, history, integration, notify_in, session, session_ticket,
    },
    domain::{
        export::{EventDetail, TicketExportStatus},
        export_log::LogEntry,
        export_request::ExportRequest,
        ids::{ExportId, TicketId},
        session::{SessionStage, SessionStatus},
        time::Time,
    },
    error::{Error, Result},
    telemetry,
};

/// Why the work on a run stops before its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// A failure that a person or time has to mend.
    Hard(Box<HardStop>),
    /// Somebody asked for it.
    Asked(ExportRequest),
    /// Jira asks to wait for so long that nobody need hold the run meanwhile.
    Throttled {
        /// Jira's own word for the limit.
        reason: String,
        /// How long.
        retry_after: Duration,
    },
    /// The lease is somebody else's; nothing may be written or sent any more.
    Lost,
    /// The process stops; the run goes on elsewhere or later.
    Shutdown,
    /// The database cannot be used for now; the run is taken up again once it can.
    Storage(Error),
}

impl From<Error> for Stop {
    /// What passes by itself leaves the run to be taken up again; what does not ends it, or it would be taken up for ever.
    fn from(error: Error) -> Self {
        match error {
            Error::Fenced => Self::Lost,
            error @ (Error::Unavailable { .. } | Error::Exhausted { .. }) => Self::Storage(error),
            Error::Refused(refusal) => {
                HardStop::integration_unusable(refusal.reason, &refusal.message).into()
            }
            error => {
                tracing::error!(
                    error = telemetry::chain(&error),
                    "an export met a fault of docket's own"
                );
                HardStop::own_fault().into()
            }
        }
    }
}

impl From<HardStop> for Stop {
    fn from(stop: HardStop) -> Self {
        Self::Hard(Box::new(stop))
    }
}

/// What one write changes beside the run's own row: all of it or nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Change {
    pub(super) item: Option<export_item::Model>,
    pub(super) link: Option<export_link::Model>,
    /// Files that are to go to an issue.
    pub(super) new_files: Vec<export_attachment::Model>,
    pub(super) file: Option<export_attachment::Model>,
    pub(super) fixes: Vec<export_fix::Model>,
    /// The ticket that became an issue: its id, key and address.
    pub(super) exported: Option<(TicketId, String, String)>,
    /// The ticket that the run stopped at.
    pub(super) failed: Option<TicketId>,
    pub(super) entry: Option<history::Entry>,
    pub(super) session: Option<(SessionStage, SessionStatus)>,
    /// What was asked for and happens by this.
    pub(super) answered: Option<ExportRequest>,
}

/// A run that this worker holds the lease of.
pub(in crate::worker) struct Run {
    pub(super) app: Arc<App>,
    pub(super) row: export::Model,
    /// The least time between two creates.
    pub(super) pace: Duration,
    /// When the last create was sent.
    pub(super) last_create: Option<Time>,
    /// The highest issue number known in the project.
    pub(super) high_key: i64,
    /// What the site takes of files, once it was asked.
    pub(super) file_settings: Option<AttachmentSettings>,
    /// The key of an issue that exists and could not be recorded.
    pub(super) orphan: Option<String>,
    /// What Jira was asked and has answered since the last write.
    journal: Arc<Journal>,
    pub(super) lease: Duration,
    /// Until when the lease is known to be held, in microseconds since 1970.
    held_until: Arc<AtomicI64>,
    pub(super) stop: CancellationToken,
}

impl Run {
    pub(super) fn new(
        app: Arc<App>,
        row: export::Model,
        lease: Duration,
        stop: CancellationToken,
    ) -> Self {
        let held = row.lease_until.map_or(0, |until| until.timestamp_micros());
        // What an earlier worker created last is not known: the pace is kept all the same.
        let journal = Journal::new(Arc::clone(&app.clock), row.attempt);
        let last_create = (row.tickets_completed > 0).then(|| app.clock.now());
        Self {
            app,
            row,
            pace: Duration::ZERO,
            last_create,
            high_key: 0,
            file_settings: None,
            orphan: None,
            journal,
            lease,
            held_until: Arc::new(AtomicI64::new(held)),
            stop,
        }
    }

    /// The connection to Jira, by the integration as it is now.
    pub(super) async fn connector(&mut self) -> Result<Connector, Stop> {
        let integration = self.integration().await?;
        self.pace = integration.config.pace();
        let Connector::Jira(jira) = self.app.connector(&integration)?;
        let journal: Arc<Journal> = Arc::clone(&self.journal);
        Ok(Connector::Jira(jira.witnessed_by(journal)))
    }

    /// The integration, while it is switched on.
    pub(super) async fn integration(&self) -> Result<integration::Model, Stop> {
        let session = self.app.session(self.row.session_id).await?;
        let id = session.integration_id;
        let id = id.ok_or_else(|| Error::internal("an export without an integration"))?;
        let integration = self.app.integration(id).await?;
        require_enabled(&integration)?;
        Ok(integration)
    }

    /// The first item that is not done.
    pub(super) async fn next_item(&self) -> Result<Option<export_item::Model>, Stop> {
        Ok(export_item::next(self.app.db.read(), self.row.id).await?)
    }

    /// Remembers that a key with this number exists.
    pub(super) fn saw_key(&mut self, number: i64) {
        self.high_key = self.high_key.max(number);
    }

    /// Whether the lease still holds by the clock. Asked right before a create is sent, because a worker that was stopped for longer
    /// than its lease must not send what another worker may have sent since.
    pub(super) fn still_holds(&self) -> Result<(), Stop> {
        let now = self.app.clock.now().timestamp_micros();
        if now < self.held_until.load(Ordering::Acquire) {
            Ok(())
        } else {
            Err(Stop::Lost)
        }
    }

    /// Writes the run as `next`, with what changes beside it and the events that tell of it, in one transaction that holds only while
    /// the lease is ours.
    pub(super) async fn record(
        &mut self,
        mut next: export::Model,
        change: Change,
        details: Vec<EventDetail>,
    ) -> Result<(), Stop> {
        let now = self.app.clock.now();
        next.update_time = now;
        if next.lease_owner.is_some() {
            next.lease_until = Some(now + self.lease);
        }
        let events: Vec<export_event::Model> = details
            .into_iter()
            .map(|detail| next.event(detail, now, self.pace))
            .collect();
        let noted = self.journal.take();
        let states = states::told(&self.row, &next, &change, &events, now);
        let log: Vec<LogEntry> = noted.iter().cloned().chain(states).collect();
        let plain = Arc::new((next.clone(), change, events, log));
        let fence = self.row.fence;
        let written = self.app.db.write(move |tx| {
            let plain = Arc::clone(&plain);
            Box::pin(async move {
                let (next, change, events, log) = &*plain;
                export::save(tx, fence, next).await?;
                write_change(tx, next, change, now).await?;
                export_log::append(tx, next.id, log).await?;
                write_events(tx, next, events).await
            })
        });
        if let Err(error) = written.await {
            self.journal.put_back(noted);
            return Err(error.into());
        }
        self.hold(next.lease_until);
        self.row = next;
        self.app.wake.changed(self.row.session_id);
        Ok(())
    }

    fn hold(&self, until: Option<Time>) {
        let until = until.map_or(0, |until| until.timestamp_micros());
        self.held_until.store(until, Ordering::Release);
    }

    /// What renews the lease while the run waits for answers.
    pub(super) fn keeper(&self) -> Keeper {
        Keeper {
            app: Arc::clone(&self.app),
            export: self.row.id,
            fence: self.row.fence,
            lease: self.lease,
            held_until: Arc::clone(&self.held_until),
        }
    }
}

async fn write_change(
    tx: &crate::db::Tx,
    next: &export::Model,
    change: &Change,
    now: Time,
) -> Result<()> {
    if let Some(item) = &change.item {
        export_item::save(tx, item).await?;
    }
    if let Some(link) = &change.link {
        export_link::save(tx, link).await?;
    }
    if !change.new_files.is_empty() {
        export_attachment::insert_many(tx, change.new_files.clone()).await?;
    }
    if let Some(file) = &change.file {
        export_attachment::save(tx, file).await?;
    }
    for fix in &change.fixes {
        export_fix::insert(tx, fix.clone()).await?;
    }
    if let Some((id, key, url)) = &change.exported {
        session_ticket::exported(tx, *id, key, url, now).await?;
    }
    if let Some(request) = change.answered {
        export_request::answer(tx, next.id, request).await?;
    } else if next.status.is_terminal() {
        export_request::set_request(tx, next.id, None).await?;
    }
    if let Some(id) = change.failed {
        session_ticket::set_export_status(tx, id, TicketExportStatus::Failed, now).await?;
    }
    if let Some(entry) = &change.entry {
        history::append(tx, vec![entry.clone()]).await?;
    }
    if let Some((stage, status)) = change.session {
        session::advance(tx, next.session_id, stage, status, now).await?;
    }
    Ok(())
}

async fn write_events(
    tx: &crate::db::Tx,
    next: &export::Model,
    events: &[export_event::Model],
) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    export_event::append(tx, events.to_vec()).await?;
    notify_in(tx, wake::EXPORT_CHANNEL, &next.session_id.to_string()).await?;
    Ok(())
}

/// Renews a lease.
pub(super) struct Keeper {
    app: Arc<App>,
    export: ExportId,
    fence: i64,
    lease: Duration,
    held_until: Arc<AtomicI64>,
}

impl Keeper {
    /// Renews the lease for as long as it is held; returns once it is lost, or can no longer be proved to be held. Then whatever is
    /// under way is dropped, so that nothing is sent beside the worker that takes over.
    pub(super) async fn keep(&self) {
        let pause = self.lease / 3;
        let mut ticks = time::interval(pause);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        loop {
            ticks.tick().await;
            match time::timeout(pause, self.renew()).await {
                Ok(Ok(true)) => continue,
                Ok(Ok(false)) => return,
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the lease of an export could not be renewed")
                }
                Err(_) => tracing::warn!("the lease of an export could not be renewed in time"),
            }
            if self.app.clock.now().timestamp_micros() >= self.held_until.load(Ordering::Acquire) {
                return;
            }
        }
    }

    /// Holds the lease longer. `false`: it is lost.
    pub(super) async fn renew(&self) -> Result<bool> {
        let until = self.app.clock.now() + TimeDelta::from_std(self.lease).unwrap_or_default();
        let (export, fence) = (self.export, self.fence);
        let renewed = self
            .app
            .db
            .write(move |tx| Box::pin(async move { export::renew(tx, export, fence, until).await }))
            .await?;
        if renewed {
            self.held_until
                .fetch_max(until.timestamp_micros(), Ordering::AcqRel);
        }
        Ok(renewed)
    }
}
