//! The part of an attempt that makes the ticket's copy: what earlier ones have left in doubt, the request, and what its answer means.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{
    attempt::{Attempt, End, Halt, failed},
    load::Scene,
    look::{Seek, waits_for},
    take::Wanted,
};
use crate::{
    app::step::step,
    connectors::{
        BODY, Draft, PLACE,
        outcome::{External, Failure, Outcome, WhenUncertain},
    },
    db::dispatch::{DispatchState, READING, TOLD},
    domain::{dispatch::DispatchOutcome, export::ErrorCategory, export_log::shortened},
    error::Reason,
};

/// How often the key of what was made is tried to be written down.
const TRIES: u32 = 5;
/// For how long a platform may come round to what it was sent and gave no clear answer to: so long it is looked for before each send, from
/// where the first one would be found.
pub(super) const LATE: TimeDelta = TimeDelta::hours(1);

impl Attempt {
    /// Has the platform make the ticket's copy, unless an earlier attempt has. `None`: it is there, and its key is written down.
    pub(super) async fn obtain(&mut self, scene: &Scene) -> Result<Option<End>, Halt> {
        if let Some(known) = self.settle_earlier(scene).await? {
            return Ok(known);
        }
        let (text, again) = match Wanted::of(Some(&scene.ticket), &self.row) {
            Wanted::Yes => ("", false),
            Wanted::Deleted => (
                "The ticket was deleted before it was handed over; that goes on once it is restored with UndeleteTicket.",
                true,
            ),
            Wanted::Elsewhere => (
                "The ticket was pointed at another integration before it was handed over; DispatchTicket hands it to that one.",
                false,
            ),
        };
        if !text.is_empty() {
            let failure = Failure::new(ErrorCategory::UserFixable, Reason::Unavailable, text);
            let outcome = DispatchOutcome::RetryLater;
            return Ok(Some(failed(outcome, failure.of_the_ticket(), again)));
        }
        step("dispatch.before_intent");
        let aim = match scene.connector.aim(&scene.parcel).await {
            Ok(aim) => self.repeating(aim),
            Err(outcome) => return self.made_nothing(outcome).await,
        };
        match scene.connector.draft(&scene.parcel, &aim).await {
            Ok(draft) => self.send(scene, aim, draft).await,
            Err(outcome) => self.made_nothing(outcome).await,
        }
    }

    /// The message that may have arrived already, where there is one; nothing else is sent under its id.
    fn message(&self) -> Option<Value> {
        self.row.aim.as_ref()?.get(BODY).cloned()
    }

    /// The aim, with that message in the place of one that tells of the ticket as it is now; or, where an earlier send to the same place
    /// may come to something yet, the aim of that one.
    fn repeating(&self, mut aim: Value) -> Value {
        if let Some(body) = self.message() {
            aim[BODY] = body;
            return aim;
        }
        let earlier = self.row.aim.clone();
        let mut aim = earlier
            .filter(|earlier| earlier[PLACE] == aim[PLACE])
            .unwrap_or(aim);
        // Of what is sent now nothing has been told.
        if let Value::Object(aim) = &mut aim {
            aim.remove(TOLD);
        }
        aim
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
        let waits = self.waits_since(self.row.sent_time, Duration::ZERO);
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
            Seek::Never(_) if self.row.is_meant() => self.forget_aim(),
            Seek::Never(why) => {
                self.row.note_told(self.app.clock.now());
                let failure = unanswerable(&why);
                return Ok(Some(Some(failed(
                    DispatchOutcome::Uncertain,
                    failure,
                    false,
                ))));
            }
            Seek::Absent => {
                let now = self.app.clock.now();
                if self.row.sent_time.is_none_or(|sent| now - sent > LATE) {
                    self.forget_aim();
                }
            }
        }
        Ok(None)
    }

    fn forget_aim(&mut self) {
        (self.row.aim, self.row.sent_time) = (None, None);
    }

    /// Sends the ticket, having written down where to look for what that makes: right before each request, so that a process that was held
    /// up while it asked what the platform takes sends nothing beside another one that has taken over.
    async fn send(
        &mut self,
        scene: &Scene,
        aim: Value,
        mut draft: Draft<'_>,
    ) -> Result<Option<End>, Halt> {
        let repeated = self.message().is_some();
        // What was in doubt before is in doubt after a refusal, too.
        let before = match repeated {
            true => (None, None),
            false => (self.row.aim.take(), self.row.sent_time),
        };
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
                (self.row.aim, self.row.sent_time) = before;
                failed(DispatchOutcome::Rejected, failure, false)
            }
            // The one before may have been taken all the same.
            Outcome::RetryLater(failure) if repeated => {
                failed(DispatchOutcome::Uncertain, failure, true)
            }
            Outcome::RetryLater(failure) => {
                (self.row.aim, self.row.sent_time) = before;
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
                let text = "docket has looked for the ticket there since and found nothing.";
                let failure = joined(failure, text);
                Some(failed(DispatchOutcome::RetryLater, failure, true))
            }
            Seek::Unknown(second) => {
                let asked = failure.retry_after.max(second.retry_after);
                // What is in the way of the look is often what was in the way of the request.
                let failure = match second.message == failure.message {
                    true => failure,
                    false => joined(failure, &second.text()),
                };
                Some(failed(
                    DispatchOutcome::Uncertain,
                    failure.after(asked),
                    true,
                ))
            }
            Seek::Never(why) => {
                self.row.note_told(self.app.clock.now());
                let failure = joined(failure, &unanswerable(&why).message);
                Some(failed(DispatchOutcome::Uncertain, failure, false))
            }
        })
    }

    /// Writes down what was made or found, at once and before anything else.
    async fn keep(&mut self, external: External) -> Result<(), Halt> {
        let key = external.key.clone();
        self.row.external = Some(json!(external));
        self.row.http_status = external.http_status.map(i32::from);
        let mut tries = 0;
        loop {
            tries += 1;
            match self.save_made().await {
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
}

/// Nobody can tell, and nothing is sent again unless a person decides so.
fn unanswerable(why: &str) -> Failure {
    let text = format!(
        "{why} docket does not send the ticket again by itself; if it has not arrived, DispatchTicket, {} seconds after this or later, sends it again.",
        READING.num_seconds()
    );
    Failure::new(ErrorCategory::UserFixable, Reason::Unavailable, text).of_the_ticket()
}

/// The failure, with what is known since in place of what was to be done before.
fn joined(failure: Failure, more: &str) -> Failure {
    let text = format!("{} {more}", failure.message);
    Failure {
        message: shortened(&text, Failure::MESSAGE_MAX),
        advice: String::new(),
        ..failure
    }
}
