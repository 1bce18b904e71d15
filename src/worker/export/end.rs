//! How the work on a run ends: done, failed with a reason, or left for another worker.

use std::time::Duration;

use super::{
    change::Change,
    run::{Run, Stop},
    traffic::lock,
};
use crate::{
    app::step::step,
    connectors::jira::HardStop,
    db::export,
    domain::{
        export::{CurrentTicket, EventDetail, ExportFailure, ExportStatus, MAX_RETRIES},
        session::{SessionStage, SessionStatus},
        time::Time,
    },
    error::{Error, Result},
};

/// What is left to do when a retry is not.
const RETRIES_USED: &str = "All 3 retries of this export are used: once that is put right, take its issues back with RevertExport and begin anew with StartExport, or export the tickets that are left in a new session.";

/// The waits between tries to record what must not be lost, such as a key that Jira has given.
const KEEP_TRYING: [Duration; 6] = [
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// What is left for this worker to do once an end is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Nothing.
    Over,
    /// To go on: what ended the work was taken back.
    GoOn,
}

impl Run {
    /// Records the end, or leaves the run to whoever may go on with it.
    pub(super) async fn end(&mut self, outcome: Result<(), Stop>) -> Result<Ended> {
        let recorded = match outcome {
            Ok(()) => self.complete().await,
            Err(Stop::Hard(stop)) => self.fail(*stop).await,
            Err(Stop::Shutdown) => self.release().await,
            Err(Stop::Asked(request)) => match self.halt(request).await {
                Ok(Ended::GoOn) => return Ok(Ended::GoOn),
                halted => halted.map(drop),
            },
            Err(Stop::Throttled {
                reason,
                retry_after,
            }) => self.sleep_off(reason, retry_after).await,
            Err(stop) => Err(stop),
        };
        match recorded {
            Ok(()) => Ok(Ended::Over),
            Err(Stop::Lost) => {
                tracing::warn!("another worker holds this export now");
                Ok(Ended::Over)
            }
            Err(Stop::Storage(error)) => Err(error),
            Err(Stop::Hard(stop)) => Err(Error::internal(stop.user_message)),
            Err(Stop::Shutdown | Stop::Asked(_) | Stop::Throttled { .. } | Stop::GaveWay) => {
                Ok(Ended::Over)
            }
        }
    }

    async fn complete(&self) -> Result<(), Stop> {
        step("export.before_completed");
        let now = self.app.clock.now();
        let session = Some((SessionStage::Completed, SessionStatus::Completed));
        self.record(
            |next| end(next, ExportStatus::Completed, now),
            Change {
                session,
                ..Change::default()
            },
            vec![EventDetail::Completed],
        )
        .await?;
        tracing::info!(tickets = self.claimed.total_tickets, "export completed");
        Ok(())
    }

    async fn fail(&mut self, stop: HardStop) -> Result<(), Stop> {
        let now = self.app.clock.now();
        tracing::warn!(reason = %stop.reason, message = stop.user_message, "export failed");
        let at = std::mem::take(&mut self.failed_at);
        let orphans = std::mem::take(&mut *lock(&self.orphans));
        let change = Change {
            failed: at.iter().map(|ticket| ticket.id).collect(),
            session: Some((SessionStage::JiraExport, SessionStatus::ExportFailed)),
            ..Change::default()
        };
        let alter = |next: &mut export::Model| {
            end(next, ExportStatus::Failed, now);
            next.tickets_failed = i32::try_from(at.len()).unwrap_or(i32::MAX);
            next.orphaned_keys.0.extend(orphans);
            next.failure = Some(failure(next, stop, at.first(), now));
        };
        self.record(alter, change, vec![EventDetail::Failed]).await
    }

    /// Gives the lease back, so that another worker need not wait for it to lapse.
    async fn release(&self) -> Result<(), Stop> {
        let now = self.app.clock.now();
        let alter = |next: &mut export::Model| {
            next.rest(now);
            next.lease_owner = None;
            next.lease_until = None;
        };
        self.record(alter, Change::default(), Vec::new()).await
    }

    /// As [`Run::record`], for what must not be lost while the database cannot be used for a moment: tried for longer.
    pub(super) async fn record_patiently(
        &self,
        alter: impl Fn(&mut export::Model),
        change: Change,
        details: Vec<EventDetail>,
    ) -> Result<(), Stop> {
        for wait in KEEP_TRYING {
            match self.record(&alter, change.clone(), details.clone()).await {
                Err(Stop::Storage(error)) => {
                    tracing::error!(%error, "what has become of a ticket could not be recorded; trying again");
                    self.app.clock.sleep(wait).await;
                }
                recorded => return recorded,
            }
        }
        self.record(alter, change, details).await
    }

    /// As [`Run::record_patiently`], for the key of an issue that exists: told loudly when it cannot be kept. The intent still stands
    /// then, so the issue is found again and not made a second time.
    pub(super) async fn record_for_sure(
        &self,
        alter: impl Fn(&mut export::Model),
        change: Change,
        details: Vec<EventDetail>,
        key: &str,
    ) -> Result<(), Stop> {
        match self.record_patiently(alter, change, details).await {
            Ok(()) => Ok(()),
            Err(Stop::Storage(error)) => {
                tracing::error!(
                    %error,
                    key,
                    "an issue exists whose key could not be recorded: orphaned until the export goes on"
                );
                lock(&self.orphans).push(key.to_owned());
                Err(HardStop::key_not_recorded(key).into())
            }
            Err(stop) => {
                tracing::error!(
                    key,
                    ?stop,
                    "an issue exists whose key could not be recorded; whoever goes on looks for it"
                );
                Err(stop)
            }
        }
    }
}

/// The run as it comes to its end.
pub(super) fn end(next: &mut export::Model, status: ExportStatus, now: Time) {
    next.rest(now);
    next.status = status;
    next.finish_time = Some(now);
    next.current_ticket = None;
    next.lease_owner = None;
    next.lease_until = None;
    next.resume_time = None;
}

/// What is told of a failure at this ticket; of one that was met before, since when.
fn failure(
    run: &export::Model,
    stop: HardStop,
    at: Option<&CurrentTicket>,
    now: Time,
) -> ExportFailure {
    let order = at.map(|ticket| ticket.order);
    let same = |earlier: &&ExportFailure| {
        earlier.reason == stop.reason && earlier.failed_at_ticket_order == order
    };
    let earlier = run.failure.as_ref().filter(same);
    let first_error_time = earlier.map_or(now, |earlier| earlier.first_error_time);
    let mut recovery_actions = stop.recovery_actions;
    if run.attempt >= MAX_RETRIES {
        let retries = |action: &String| action.to_lowercase().contains("retry the export");
        recovery_actions.retain(|action| !retries(action));
        recovery_actions.push(RETRIES_USED.to_owned());
    }
    ExportFailure {
        failed_at_ticket_order: order,
        category: stop.category,
        reason: stop.reason,
        user_message: stop.user_message,
        recovery_actions,
        first_error_time,
    }
}
