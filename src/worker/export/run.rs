//! A run in a worker's hands: its row, its lease, and the one way in which it writes.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::sync::{Mutex, OnceCell};
use tokio_util::sync::CancellationToken;

use super::{
    change::{Change, write_whole},
    states,
    traffic::Traffic,
};
use crate::{
    app::{App, integrations::require_enabled, journal::Journal, lease::HeldUntil},
    connectors::jira::{AttachmentSettings, HardStop, Jira},
    db::{export, export_event, export_lease, integration},
    domain::{
        export::{CurrentTicket, EventDetail, ExportStatus},
        export_log::LogEntry,
        export_request::ExportRequest,
        ids::{IntegrationId, TicketId},
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
    /// Another ticket of the run has stopped it; this one is left where nothing of it is in doubt.
    GaveWay,
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

/// A run that this worker holds the lease of. Several tickets may be on their way at once: what they share is here.
pub(in crate::worker) struct Run {
    pub(super) app: Arc<App>,
    /// The run as it was claimed, for what does not change while it is held: its ids, project, attempt and fence.
    pub(super) claimed: export::Model,
    /// The run as it was written last. Held over each write, so that writes, and the events that they tell, come one after the other.
    row: Mutex<export::Model>,
    /// The least time between two creates.
    pub(super) pace: Duration,
    /// How many tickets may be on their way at once.
    pub(super) lanes: u32,
    /// Where the tickets go.
    pub(super) integration_id: Option<IntegrationId>,
    /// The connection, once it is there.
    pub(super) jira: Option<Jira>,
    /// The project's key now, once it was read: that which the run was started with until then.
    pub(super) project: String,
    /// What the tickets on their way tell each other.
    pub(super) traffic: Traffic,
    /// What the site takes of files, once it was asked.
    pub(super) file_settings: OnceCell<AttachmentSettings>,
    /// The keys of issues that exist and could not be recorded.
    pub(super) orphans: std::sync::Mutex<Vec<String>>,
    /// The session's earlier runs, the latest first, once they were needed.
    pub(super) earlier: OnceCell<Vec<export::Model>>,
    /// The tickets whose recorded keys are known to lead to their issues.
    pub(super) sure: std::sync::Mutex<BTreeSet<TicketId>>,
    /// What Jira keeps failing at while it answers otherwise.
    pub(super) failing: std::sync::Mutex<BTreeSet<&'static str>>,
    /// The tickets that the run has failed at, the one that is told first.
    pub(super) failed_at: Vec<CurrentTicket>,
    /// What Jira was asked and has answered since the last write.
    journal: Arc<Journal>,
    pub(super) lease: Duration,
    pub(super) held_until: HeldUntil,
    pub(super) stop: CancellationToken,
}

impl Run {
    pub(super) fn new(
        app: Arc<App>,
        row: export::Model,
        lease: Duration,
        stop: CancellationToken,
    ) -> Self {
        let journal = Journal::new(Arc::clone(&app.clock), row.attempt);
        // What an earlier worker created last is not known: the pace is kept all the same.
        let last_create = (row.tickets_completed > 0).then(|| app.clock.now());
        Self {
            app,
            pace: Duration::ZERO,
            lanes: 1,
            integration_id: None,
            jira: None,
            project: row.jira_project_key.clone(),
            traffic: Traffic::new(row.current_ticket.clone(), last_create, row.resume_time),
            file_settings: OnceCell::new(),
            orphans: std::sync::Mutex::default(),
            earlier: OnceCell::new(),
            sure: std::sync::Mutex::default(),
            failing: std::sync::Mutex::default(),
            failed_at: Vec::new(),
            journal,
            lease,
            held_until: HeldUntil::new(row.lease_until),
            stop,
            claimed: row.clone(),
            row: Mutex::new(row),
        }
    }

    /// The connection to Jira, by the integration as it is now.
    pub(super) async fn connector(&mut self) -> Result<Jira, Stop> {
        let integration = self.integration().await?;
        self.integration_id = Some(integration.id);
        self.pace = integration.config.pace();
        self.lanes = integration.config.lanes();
        let jira = self.app.export_jira(&integration)?;
        let journal: Arc<Journal> = Arc::clone(&self.journal);
        let jira = jira.witnessed_by(journal);
        self.jira = Some(jira.clone());
        Ok(jira)
    }

    /// The integration, while it is switched on.
    pub(super) async fn integration(&self) -> Result<integration::Model, Stop> {
        let session = self.app.session(self.claimed.session_id).await?;
        let id = session.integration_id;
        let id = id.ok_or_else(|| Error::internal("an export without an integration"))?;
        let integration = self.app.integration(id).await?;
        require_enabled(&integration)?;
        Ok(integration)
    }

    /// Writes the run as `alter` makes it, with what changes beside it and the events that tell of it, in one transaction that holds
    /// only while the lease is ours, and nothing else was told of the run since it was written last.
    pub(super) async fn record(
        &self,
        alter: impl FnOnce(&mut export::Model),
        change: Change,
        details: Vec<EventDetail>,
    ) -> Result<(), Stop> {
        let mut row = self.row.lock().await;
        let now = self.app.clock.now();
        let mut next = row.clone();
        alter(&mut next);
        next.update_time = now;
        if next.status == ExportStatus::Exporting {
            next.current_ticket = self.traffic.first();
            // Kept for as long as it lasts: a run that is left lying while it waits is waited for by the next worker, too.
            next.resume_time = self.traffic.held_back(now);
        }
        let events: Vec<export_event::Model> = details
            .into_iter()
            .map(|detail| next.event(detail, now, self.pace))
            .collect();
        let is_told = !events.is_empty();
        let noted = self.journal.take();
        let states = states::told(&row, &next, &change, &events, now);
        let log: Vec<LogEntry> = noted.iter().cloned().chain(states).collect();
        let plain = Arc::new((next.clone(), (change, events, log)));
        let (age, clock, lease) = (row.age(), Arc::clone(&self.app.clock), self.lease);
        let written = self.app.db.write(move |tx| {
            let plain = Arc::clone(&plain);
            let mut next = plain.0.clone();
            // From each try anew: one that is late does not shorten it.
            if next.lease_owner.is_some() {
                next.lease_until = Some(clock.now() + lease);
            }
            Box::pin(async move {
                write_whole(tx, age, &next, &plain.1, now).await?;
                Ok(next.lease_until)
            })
        });
        match written.await {
            Ok(until) => next.lease_until = until,
            Err(error) => {
                self.journal.put_back(noted);
                return Err(error.into());
            }
        }
        self.held_until.set(next.lease_until);
        *row = next;
        if is_told {
            self.app.wake.changed(self.claimed.session_id);
        }
        Ok(())
    }

    /// How the work ends after a panic. What other tickets were writing then may have been written or not: the fence moves, so that
    /// nothing of it comes later, and the run is read again.
    pub(super) async fn after_fault(&mut self) -> Stop {
        match self.begin_anew().await {
            Ok(()) => HardStop::own_fault().into(),
            Err(error) => error.into(),
        }
    }

    /// Goes on from what the database has, if the run still is in this worker's hands. [`Error::Fenced`]: it is not.
    pub(super) async fn begin_anew(&mut self) -> Result<()> {
        let (id, fence) = (self.claimed.id, self.claimed.fence);
        let moved = self
            .app
            .db
            .write(move |tx| Box::pin(export_lease::move_fence(tx, id, fence)));
        moved.await?;
        self.claimed.fence += 1;
        let row = export::find(self.app.db.read(), id).await?;
        let row = row.filter(|row| self.holds(row));
        *self.row.get_mut() = row.ok_or(Error::Fenced)?;
        Ok(())
    }

    /// Whether the run is still in this worker's hands, by its row.
    pub(super) fn holds(&self, row: &export::Model) -> bool {
        row.fence == self.claimed.fence && row.lease_owner == self.claimed.lease_owner
    }

    /// Writes what changes beside the run.
    pub(super) async fn record_change(
        &self,
        change: Change,
        details: Vec<EventDetail>,
    ) -> Result<(), Stop> {
        self.record(|_| (), change, details).await
    }
}
