//! One attempt to hand a ticket over, from its open row to its end.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use super::{end::Ended, keeper::Keeper, verdict::CutShort};
use crate::{
    app::{App, lease::HeldUntil, step::step},
    connectors::outcome::Failure,
    db::{
        dispatch::{self, DispatchState},
        dispatch_external,
        integration::Way,
    },
    domain::{dispatch::DispatchOutcome, export::ErrorCategory},
    error::{Error, Reason},
};
use futures::FutureExt as _;

/// An attempt in the hands of this process.
pub(super) struct Attempt {
    pub(super) app: Arc<App>,
    pub(super) row: dispatch::Model,
    pub(super) held: HeldUntil,
    /// Whether the copy was there before this attempt began.
    pub(super) inherited: bool,
    /// The integration as this attempt reaches it; none before it has looked.
    pub(super) way: Option<Way>,
}

/// How an attempt ends.
#[derive(Debug)]
pub(super) enum End {
    /// The platform has the ticket; `row.external` says as what.
    Made,
    /// The same, but for files that another attempt sends: once the platform does not ask to wait any more, if it does.
    MadeInPart(Option<Duration>),
    /// The platform has had the ticket before this attempt, which could not even look.
    Left {
        /// Whether docket tries again by itself.
        again: bool,
        /// For how long the platform asks to wait.
        asked: Option<Duration>,
    },
    /// The platform asks to be sent nothing: this was no try.
    Held(Failure),
    /// It does not, or nobody knows.
    Failed {
        outcome: DispatchOutcome,
        failure: Failure,
        /// Whether docket tries again by itself.
        again: bool,
    },
}

/// Why an attempt does not come to its end here.
#[derive(Debug)]
pub(super) enum Halt {
    /// It is somebody else's, or over.
    Lost,
    /// This process stops.
    Stopping,
    /// The database cannot be used.
    Storage(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        match error {
            Error::Fenced => Self::Lost,
            error => Self::Storage(error),
        }
    }
}

/// Makes an attempt, and records what came of it. One that is cut short is taken up again once its lease is over.
#[tracing::instrument(skip_all, fields(ticket = %row.ticket_id, integration = %row.integration_id, attempt = row.number))]
pub(super) async fn run(app: Arc<App>, row: dispatch::Model) {
    step("dispatch.opened");
    let held = HeldUntil::new(row.lease_until);
    let inherited = row.external.is_some();
    let mut attempt = Attempt {
        app,
        row,
        held,
        inherited,
        way: None,
    };
    let keeper = attempt.keeper();
    let halted = tokio::select! {
        ended = attempt.through() => ended,
        () = keeper.keep() => Err(Halt::Lost),
    };
    match halted {
        Ok(()) => step("dispatch.ended"),
        Err(Halt::Lost) => tracing::warn!("a dispatch is somebody else's now"),
        Err(Halt::Stopping) => attempt.let_go().await,
        Err(Halt::Storage(error)) => {
            tracing::error!(%error, "a dispatch could not be recorded; it is taken up again");
            attempt.put_off().await;
        }
    }
}

impl Attempt {
    async fn through(&mut self) -> Result<(), Halt> {
        // A panic is a fault of docket's own, and told as one: an attempt that nobody ends would be taken up for ever.
        let worked = AssertUnwindSafe(self.carry_out()).catch_unwind().await;
        let end = match worked {
            Ok(end) => end?,
            Err(_) => self.own_fault(),
        };
        self.end(end).await
    }

    async fn carry_out(&mut self) -> Result<End, Halt> {
        let scene = match self.load().await? {
            Ok(scene) => scene,
            Err(unusable) => {
                return Ok(match unusable.held {
                    true => End::Held(unusable.failure),
                    false => self.in_doubt_or(unusable.failure, unusable.again),
                });
            }
        };
        if self.row.external.is_none()
            && let Some(end) = self.obtain(&scene).await?
        {
            return Ok(end);
        }
        self.send_files(&scene).await
    }

    /// Writes the row as it has become, open still.
    pub(super) async fn save(&mut self, state: DispatchState) -> Result<(), Halt> {
        self.write(state, false).await
    }

    /// Writes the row with what was made.
    pub(super) async fn save_made(&mut self) -> Result<(), Halt> {
        self.write(DispatchState::Sent, true).await
    }

    /// `made`: with what was made. Once that is there, a webhook may tell more of it than is known here.
    async fn write(&mut self, state: DispatchState, made: bool) -> Result<(), Halt> {
        let expected = std::mem::replace(&mut self.row.state, state);
        let (app, row) = (Arc::clone(&self.app), self.row.clone());
        let saved = self.app.db.write(move |tx| {
            // The keeper may have renewed the lease since: it is never taken back.
            let until = app.lease_from(app.clock.now());
            let mut row = row.clone();
            row.lease_until = Some(until);
            Box::pin(async move {
                dispatch::save(tx, expected, None, &row).await?;
                if made {
                    dispatch_external::set_external(tx, &row).await?;
                }
                Ok(until)
            })
        });
        match saved.await {
            Ok(until) => {
                self.row.lease_until = Some(until);
                self.held.extend(until);
                Ok(())
            }
            Err(error) => {
                self.row.state = expected;
                Err(error.into())
            }
        }
    }

    /// Waits, holding the lease, unless this process stops.
    pub(super) async fn wait(&self, wait: Duration) -> Result<(), Halt> {
        let slice = self.app.dispatches.settings.lease / 3;
        let mut left = wait;
        while !left.is_zero() {
            let step = left.min(slice);
            tokio::select! {
                () = self.app.clock.sleep(step) => (),
                () = self.app.dispatches.stop.cancelled() => return Err(Halt::Stopping),
            }
            left -= step;
            if !self.keeper().renew().await? {
                return Err(Halt::Lost);
            }
        }
        Ok(())
    }

    fn keeper(&self) -> Keeper {
        Keeper {
            app: Arc::clone(&self.app),
            id: self.row.id,
            held: self.held.clone(),
        }
    }

    /// Leaves the attempt to whoever takes it up first.
    async fn let_go(&self) {
        let (id, now) = (self.row.id, self.app.clock.now());
        let left = self
            .app
            .db
            .write(move |tx| Box::pin(async move { dispatch::renew(tx, id, now).await }));
        if let Err(error) = left.await {
            tracing::warn!(%error, "a dispatch could not be let go of before its lease is over");
        }
    }

    /// Ends an attempt that cannot be recorded as it has become, so that it is tried again after a wait and not at once, over and over. Where
    /// nothing can be recorded, it is taken up once its lease is over.
    async fn put_off(&self) {
        let (id, now) = (self.row.id, self.app.clock.now());
        let left = match dispatch::find(self.app.db.read(), id).await {
            Ok(Some(row)) if row.is_open() => row,
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(%error, "a dispatch is left until its lease is over");
                return;
            }
        };
        let ended = Ended::cut_short(&left, CutShort::Unrecorded, now).put_off(now);
        if let Err(error) = self.app.record_end(ended, None).await {
            tracing::warn!(%error, "a dispatch is left until its lease is over");
        }
    }

    /// A failure before anything was sent. A copy that an earlier attempt made is there all the same; where one is in doubt, that is what there
    /// is to tell.
    fn in_doubt_or(&self, failure: Failure, again: bool) -> End {
        if self.row.external.is_some() {
            let asked = failure.retry_after;
            return End::Left { again, asked };
        }
        let outcome = match (&self.row.aim, again) {
            (Some(_), _) => DispatchOutcome::Uncertain,
            (None, true) => DispatchOutcome::RetryLater,
            (None, false) => DispatchOutcome::Rejected,
        };
        failed(outcome, failure, again)
    }

    fn own_fault(&self) -> End {
        let text =
            "docket met a fault of its own. Ask an administrator of docket to look into its log.";
        let failure = Failure::new(ErrorCategory::AdminRequired, Reason::Internal, text);
        self.in_doubt_or(failure.of_the_ticket(), true)
    }
}

pub(super) fn failed(outcome: DispatchOutcome, failure: Failure, again: bool) -> End {
    End::Failed {
        outcome,
        failure,
        again,
    }
}
