//! Where a run may halt, and what halts it: a stop of the process, a person's word, a long wait that Jira asks for.

use std::{pin::pin, time::Duration};

use chrono::TimeDelta;

use super::{
    change::Change,
    end::{Ended, end},
    run::{Run, Stop},
};
use crate::{
    db::{export, export_request},
    domain::{
        export::{EventDetail, ExportStatus},
        export_request::ExportRequest,
        session::{SessionStage, SessionStatus},
        time::Time,
    },
    error::Result,
};

impl Run {
    /// Between two tickets: the place where a run may be left lying without harm, and where an integration that was switched off
    /// ends it.
    pub(super) async fn boundary(&self) -> Result<(), Stop> {
        self.may_go_on().await?;
        self.integration().await.map(drop)
    }

    /// As [`Run::boundary`], for an integration that was looked at a moment ago.
    pub(super) async fn may_go_on(&self) -> Result<(), Stop> {
        match self.stop.is_cancelled() {
            true => Err(Stop::Shutdown),
            false => self.heed().await,
        }
    }

    /// Stops the work where somebody asked for that.
    async fn heed(&self) -> Result<(), Stop> {
        match export_request::requested(self.app.db.read(), self.claimed.id).await? {
            Some(request @ (ExportRequest::Pause | ExportRequest::Cancel)) => {
                Err(Stop::Asked(request))
            }
            _ => Ok(()),
        }
    }

    /// Waits, holding the lease. Ends early when the process stops, somebody asks to halt, or another ticket has stopped the run.
    pub(super) async fn wait(&self, duration: Duration) -> Result<(), Stop> {
        self.pass(duration, true).await
    }

    /// As [`Run::wait`], in the middle of what is to be brought to a clear end first: nobody's word ends it.
    pub(super) async fn wait_undisturbed(&self, duration: Duration) -> Result<(), Stop> {
        self.pass(duration, false).await
    }

    async fn pass(&self, duration: Duration, heeding: bool) -> Result<(), Stop> {
        let slice = self.lease / 3;
        // Before the first look, so that no word falls between the two.
        let mut wakes = self.app.wake.subscribe(self.claimed.session_id);
        let mut left = duration;
        while !left.is_zero() {
            if heeding {
                self.heed().await?;
                if self.traffic.halting.is_cancelled() {
                    return Err(Stop::GaveWay);
                }
            }
            let step = left.min(slice);
            let mut sleep = pin!(self.app.clock.sleep(step));
            loop {
                tokio::select! {
                    () = &mut sleep => break,
                    () = self.stop.cancelled() => return Err(Stop::Shutdown),
                    () = self.traffic.halting.cancelled(), if heeding => return Err(Stop::GaveWay),
                    Ok(()) = wakes.changed(), if heeding => self.heed().await?,
                }
            }
            left -= step;
            if !left.is_zero() && !self.keeper().renew().await? {
                return Err(Stop::Lost);
            }
        }
        Ok(())
    }

    /// Does what was asked for. A request that was taken back in the last moment leaves the run to go on.
    pub(super) async fn halt(&mut self, request: ExportRequest) -> Result<Ended, Stop> {
        let now = self.app.clock.now();
        let (status, detail, session) = match request {
            ExportRequest::Cancel => (
                ExportStatus::Cancelled,
                EventDetail::Cancelled,
                Some((SessionStage::JiraExport, SessionStatus::Cancelled)),
            ),
            ExportRequest::Pause | ExportRequest::Resume => {
                (ExportStatus::Paused, EventDetail::Paused, None)
            }
        };
        let change = Change {
            session,
            answered: Some(request),
            ..Change::default()
        };
        let alter = |next: &mut export::Model| match status {
            ExportStatus::Cancelled => end(next, status, now),
            _ => pause(next, now),
        };
        match self.record(alter, change, vec![detail]).await {
            Ok(()) => {
                tracing::info!(%request, "export halted");
                Ok(Ended::Over)
            }
            // Taken back, or further on than is known here: either way the run is read again.
            Err(Stop::Lost) => {
                self.begin_anew().await?;
                Ok(Ended::GoOn)
            }
            Err(stop) => Err(stop),
        }
    }

    /// Gives the run out of hand until the time that Jira sets; whoever sees first that it has come goes on.
    pub(super) async fn sleep_off(
        &self,
        reason: String,
        retry_after: Duration,
    ) -> Result<(), Stop> {
        let now = self.app.clock.now();
        let wait = TimeDelta::from_std(retry_after).unwrap_or(TimeDelta::MAX);
        tracing::info!(reason, ?retry_after, "export waits for Jira");
        let detail = EventDetail::Throttled {
            reason,
            retry_after,
        };
        let alter = |next: &mut export::Model| {
            pause(next, now);
            next.resume_time = Some(now + wait);
        };
        self.record(alter, Change::default(), vec![detail]).await
    }
}

fn pause(next: &mut export::Model, now: Time) {
    next.rest(now);
    next.status = ExportStatus::Paused;
    next.current_ticket = None;
    next.lease_owner = None;
    next.lease_until = None;
    next.resume_time = None;
}
