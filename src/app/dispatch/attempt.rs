//! One attempt to hand a ticket over, from its open row to its end.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt as _;
use serde_json::json;

use super::{
    keeper::Keeper,
    load::{Scene, Unusable},
    look::{Seek, waits_for},
};
use crate::{
    app::{App, lease::HeldUntil, step::step},
    connectors::{
        Draft,
        outcome::{External, Failure, Outcome, WhenUncertain},
    },
    db::dispatch::{self, DispatchState},
    domain::{
        dispatch::{DispatchOutcome, DispatchTrigger},
        export::ErrorCategory,
    },
    error::{Error, Reason},
};

/// How often the key of what was made is tried to be written down.
const TRIES: u32 = 5;

/// An attempt in the hands of this process.
pub(super) struct Attempt {
    pub(super) app: Arc<App>,
    pub(super) row: dispatch::Model,
    pub(super) held: HeldUntil,
    /// Whether the copy was there before this attempt began.
    pub(super) inherited: bool,
}

/// How an attempt ends.
#[derive(Debug)]
pub(super) enum End {
    /// The platform has the ticket; `row.external` says as what.
    Made,
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
            Err(Unusable { failure, again }) => return Ok(self.in_doubt_or(failure, again)),
        };
        if self.row.external.is_none()
            && let Some(end) = self.obtain(&scene).await?
        {
            return Ok(end);
        }
        self.send_files(&scene).await?;
        Ok(End::Made)
    }

    /// Has the platform make the ticket's copy, unless an earlier attempt has. `None`: it is there, and its key is written down.
    async fn obtain(&mut self, scene: &Scene) -> Result<Option<End>, Halt> {
        if let Some(known) = self.settle_earlier(scene).await? {
            return Ok(known);
        }
        if !scene.is_wanted(self) {
            let text = "The ticket was deleted, or pointed at another integration, before it was handed over.";
            let failure = Failure::new(
                ErrorCategory::UserFixable,
                Reason::IntegrationDisabled,
                text,
            );
            return Ok(Some(End::Failed {
                outcome: DispatchOutcome::RetryLater,
                failure: failure.of_the_ticket(),
                again: false,
            }));
        }
        step("dispatch.before_intent");
        let aim = match scene.connector.aim(&scene.parcel).await {
            // A row without an aim is one of which nothing was sent.
            Ok(aim) if aim.is_null() => json!({}),
            Ok(aim) => aim,
            Err(outcome) => return self.made_nothing(outcome).await,
        };
        match scene.connector.draft(&scene.parcel, &aim).await {
            Ok(draft) => self.send(scene, aim, draft).await,
            Err(outcome) => self.made_nothing(outcome).await,
        }
    }

    /// The outcome of a preparation.
    async fn made_nothing(&mut self, outcome: Outcome) -> Result<Option<End>, Halt> {
        Ok(Some(match outcome {
            Outcome::Rejected(failure) => failed(DispatchOutcome::Rejected, failure, false),
            Outcome::RetryLater(failure) | Outcome::Uncertain(failure) => {
                failed(DispatchOutcome::RetryLater, failure, true)
            }
            Outcome::Created(external) => return self.keep(external).await.map(|()| None),
        }))
    }

    /// Clears up what an earlier attempt may have made. `None`: nothing is in doubt, and the ticket may be sent.
    async fn settle_earlier(&mut self, scene: &Scene) -> Result<Option<Option<End>>, Halt> {
        let again = scene.connector.when_uncertain() == WhenUncertain::SendAgain;
        if self.row.aim.is_none() || again {
            return Ok(None);
        }
        let waits = self.waits_for_earlier();
        match self.seek(scene, waits).await? {
            Seek::Found(external) => {
                self.keep(external).await?;
                return Ok(Some(None));
            }
            Seek::Unknown(failure) => {
                return Ok(Some(Some(failed(
                    DispatchOutcome::Uncertain,
                    failure,
                    true,
                ))));
            }
            // Whoever asks for it has been told so, and has looked.
            Seek::Never(_) if self.row.trigger == DispatchTrigger::Request => (),
            Seek::Never(why) => {
                let failure = unanswerable(&why);
                return Ok(Some(Some(failed(
                    DispatchOutcome::Uncertain,
                    failure,
                    false,
                ))));
            }
            Seek::Absent => (),
        }
        self.row.aim = None;
        self.row.sent_time = None;
        Ok(None)
    }

    /// Sends the ticket, having written down where to look for what that makes: right before each request, so that a process that was held
    /// up while it asked what the platform takes sends nothing beside another one that has taken over.
    async fn send(
        &mut self,
        scene: &Scene,
        aim: serde_json::Value,
        mut draft: Draft<'_>,
    ) -> Result<Option<End>, Halt> {
        let outcome = loop {
            self.row.aim = Some(aim.clone());
            self.row.sent_time = Some(self.app.clock.now());
            self.save(DispatchState::Sent).await?;
            step("dispatch.intended");
            if self.held.is_over(self.app.clock.now()) {
                return Err(Halt::Lost);
            }
            if let Some(outcome) = draft.send(&scene.parcel, &aim).await {
                break outcome;
            }
        };
        step("dispatch.answered");
        let end = match outcome {
            Outcome::Created(external) => {
                self.keep(external).await?;
                return Ok(None);
            }
            Outcome::Rejected(failure) => {
                self.row.aim = None;
                failed(DispatchOutcome::Rejected, failure, false)
            }
            Outcome::RetryLater(failure) => {
                self.row.aim = None;
                failed(DispatchOutcome::RetryLater, failure, true)
            }
            Outcome::Uncertain(failure) => return self.clear_up(scene, failure).await,
        };
        Ok(Some(end))
    }

    /// What an uncertain outcome comes to.
    async fn clear_up(&mut self, scene: &Scene, failure: Failure) -> Result<Option<End>, Halt> {
        tracing::warn!(reason = ?failure.reason, "a dispatch had no clear answer");
        if scene.connector.when_uncertain() == WhenUncertain::SendAgain {
            return Ok(Some(failed(DispatchOutcome::Uncertain, failure, true)));
        }
        Ok(match self.seek(scene, waits_for(&failure)).await? {
            Seek::Found(external) => {
                self.keep(external).await?;
                None
            }
            // It is looked for once more before it is sent again.
            Seek::Absent => {
                let text = "docket has looked for it since and found nothing.";
                let failure = joined(failure, text);
                Some(failed(DispatchOutcome::RetryLater, failure, true))
            }
            Seek::Unknown(second) => {
                let failure = joined(failure, &second.message);
                Some(failed(DispatchOutcome::Uncertain, failure, true))
            }
            Seek::Never(why) => {
                let failure = joined(failure, &unanswerable(&why).message);
                Some(failed(DispatchOutcome::Uncertain, failure, false))
            }
        })
    }

    /// Writes down what was made or found, at once and before anything else.
    async fn keep(&mut self, external: External) -> Result<(), Halt> {
        let key = external.key.clone();
        self.row.external = Some(json!(external));
        let mut tries = 0;
        loop {
            tries += 1;
            match self.save(DispatchState::Sent).await {
                Ok(()) => break,
                Err(Halt::Storage(error)) if tries < TRIES => {
                    tracing::warn!(%error, key, "what a dispatch made could not be written down yet");
                    self.app.clock.sleep(Duration::from_secs(1)).await;
                }
                Err(halt) => {
                    tracing::error!(
                        key,
                        "what a dispatch made could not be written down; it is looked for again"
                    );
                    return Err(halt);
                }
            }
        }
        step("dispatch.key_kept");
        Ok(())
    }

    /// Writes the row as it has become, open still.
    pub(super) async fn save(&mut self, state: DispatchState) -> Result<(), Halt> {
        let expected = std::mem::replace(&mut self.row.state, state);
        let mut row = self.row.clone();
        // The keeper may have renewed the lease since: it is never taken back.
        row.lease_until = Some(self.app.lease_from(self.app.clock.now()));
        let (until, written) = (row.lease_until, row.clone());
        let saved = self
            .app
            .db
            .write(move |tx| {
                let row = written.clone();
                Box::pin(async move { dispatch::save(tx, expected, None, &row).await })
            })
            .await;
        if let Err(error) = saved {
            self.row.state = expected;
            return Err(error.into());
        }
        self.row = row;
        if let Some(until) = until {
            self.held.extend(until);
        }
        Ok(())
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

    /// A failure before anything was sent. A copy that an earlier attempt made is there all the same; where one is in doubt, that is what there
    /// is to tell.
    fn in_doubt_or(&self, failure: Failure, again: bool) -> End {
        if self.row.external.is_some() {
            return End::Made;
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

fn failed(outcome: DispatchOutcome, failure: Failure, again: bool) -> End {
    End::Failed {
        outcome,
        failure,
        again,
    }
}

/// Nobody can tell, and nothing is sent again unless a person decides so.
fn unanswerable(why: &str) -> Failure {
    let text = format!(
        "{why} docket does not send it again by itself. Look there; if the ticket has not arrived, DispatchTicket sends it again."
    );
    Failure::new(ErrorCategory::UserFixable, Reason::Unavailable, text).of_the_ticket()
}

/// The failure, with what is known since.
fn joined(failure: Failure, more: &str) -> Failure {
    let text = format!("{} {more}", failure.message);
    Failure {
        http_status: failure.http_status,
        retry_after: failure.retry_after,
        at_fault: failure.at_fault,
        ..Failure::new(failure.category, failure.reason, text)
    }
}
