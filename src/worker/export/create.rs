//! Making a ticket's issue exactly once: the intent first, one request at a time, and a look before anything is sent again.

use serde_json::Value;

use super::{
    change::Change,
    passage::Passage,
    patience::{NEAR_LIMIT, Patience},
    run::{Run, Stop},
    settle::Doubt,
    turns::{Heir, Turns},
};
use crate::{
    app::{issue_draft::IssueDraft, snapshot::Snapshot, step::step},
    connectors::jira::{
        CreateContext, CreateOutcome, IssueRef, Jira, Marker, NewIssue, Rejection, Trouble,
    },
    db::{export_item, ticket},
    domain::export::ItemState,
};

/// How often a description may be cut after a refusal. Fields are dropped as often as Jira refuses one: each time one less is left.
const CUTS: u32 = 5;
/// How often a create is sent again after an uncertain outcome that proved to be nothing.
const UNCERTAIN_ROUNDS: u32 = 2;

/// How the tries to create an issue have gone so far.
struct Tries {
    patience: Patience,
    /// How often the description was cut.
    cuts: u32,
    /// How often nobody could say at first what had become of a create.
    doubts: u32,
    /// Whether there is certainly no issue yet.
    certain: bool,
    /// Whether it is written down what is sent next.
    noted: bool,
}

impl Tries {
    fn of(passage: &Passage<'_>) -> Self {
        Self {
            patience: Patience::default(),
            cuts: 0,
            doubts: 0,
            // A create of an earlier worker may still come to something: then no refusal proves that there is no issue.
            certain: passage.intended || passage.item.state != ItemState::Creating,
            noted: passage.intended,
        }
    }
}

impl Run {
    /// The ticket's issue, and whether it was found rather than answered. A ticket whose create may have been sent before is looked
    /// for first.
    pub(super) async fn issue_of(
        &self,
        passage: &mut Passage<'_>,
    ) -> Result<(IssueRef, bool), Stop> {
        if passage.item.state == ItemState::Creating
            && !passage.intended
            && let Some(found) = self.settle(passage, Doubt::Interrupted).await?
        {
            return Ok((found, true));
        }
        self.create(passage).await
    }

    /// Sends the create until it has an issue, or until something stops the run: then nothing more is sent.
    async fn create(&self, passage: &mut Passage<'_>) -> Result<(IssueRef, bool), Stop> {
        let mut tries = Tries::of(passage);
        if !tries.noted {
            // Waited for before the intent: what stops the run meanwhile leaves no doubt behind.
            self.keep_pace(passage.jira).await?;
            step("export.before_intent");
        }
        loop {
            if !tries.noted {
                self.intend(passage, &mut tries).await?;
            }
            step("export.intended");
            self.still_holds()?;
            let outcome = passage.jira.create_issue(&self.new_issue(passage)).await;
            self.traffic.sent_create(self.app.clock.now());
            match self.answered(passage, &mut tries, outcome).await {
                Ok(None) => (),
                Ok(Some(issue)) => return Ok(issue),
                Err(stop) => return Err(self.stop_at(passage, stop, tries.certain).await),
            }
        }
    }

    /// The issue, and whether it was found rather than answered. `None`: there is none, and the create may be sent again now. `Err`: it
    /// may not.
    async fn answered(
        &self,
        passage: &mut Passage<'_>,
        tries: &mut Tries,
        outcome: CreateOutcome,
    ) -> Result<Option<(IssueRef, bool)>, Stop> {
        match outcome {
            CreateOutcome::Created(issue, _) => return Ok(Some((issue, false))),
            CreateOutcome::Rejected(refused) => {
                tries.cuts += u32::from(refused.is_too_long());
                if tries.cuts > CUTS || !passage.give_way(&refused) {
                    let context = passage.context(&self.claimed.jira_project_key);
                    return Err(refused.failure(&context).into());
                }
                tries.noted = false;
            }
            CreateOutcome::RetryLater { after, reason } => {
                self.throttled(&mut tries.patience, after, &reason).await?;
            }
            CreateOutcome::NotSent(trouble) => self.outage(&mut tries.patience, &trouble).await?,
            CreateOutcome::Uncertain(trouble) => {
                if let Some(found) = self.in_doubt(passage, tries, trouble).await? {
                    return Ok(Some((found, true)));
                }
            }
        }
        self.keep_pace(passage.jira).await.map(|()| None)
    }

    /// Looks for the issue of a create that had no clear answer. `None`: it is not there, and the create may be sent again.
    async fn in_doubt(
        &self,
        passage: &mut Passage<'_>,
        tries: &mut Tries,
        trouble: Trouble,
    ) -> Result<Option<IssueRef>, Stop> {
        tracing::warn!(%trouble, ticket = %passage.ticket.id, "a create had no clear answer");
        tries.certain = false;
        let found = self.settle(passage, Doubt::of(&trouble)).await?;
        if found.is_some() {
            return Ok(found);
        }
        let overloaded = matches!(trouble, Trouble::Overloaded { .. });
        if tries.doubts == UNCERTAIN_ROUNDS && !overloaded {
            return Err(trouble.failure().into());
        }
        // It may yet be carried out, however late: once it is sent again there may come to be two.
        tries.noted = false;
        if let Trouble::Overloaded { after, reason } = trouble {
            self.throttled(&mut tries.patience, Some(after), &reason)
                .await?;
            return self.settle(passage, Doubt::Waited).await;
        }
        tries.doubts += 1;
        Ok(None)
    }

    /// Records, before anything is sent, that an issue may exist from now on, where to look for it, and what it does without.
    async fn intend(&self, passage: &mut Passage<'_>, tries: &mut Tries) -> Result<(), Stop> {
        passage.item = self.intent(passage);
        passage.item.doubted |= !tries.certain;
        self.look_from_here(&mut passage.item);
        let change = Change {
            intent: Some(passage.item.clone()),
            ..Change::default()
        };
        self.record_change(change, Vec::new()).await?;
        tries.noted = true;
        Ok(())
    }

    /// What is written down before the ticket is sent, but for the key behind which its issue would be.
    pub(super) fn intent(&self, passage: &Passage<'_>) -> export_item::Model {
        let exported = Snapshot::of(passage.ticket, &passage.plan);
        export_item::Model {
            state: ItemState::Creating,
            attempt: self.claimed.attempt,
            error: None,
            exported: serde_json::to_value(exported).ok(),
            fallbacks: serde_json::to_value(&passage.plan.unsent)
                .unwrap_or(Value::Array(Vec::new())),
            ..passage.item.clone()
        }
    }

    /// Notes behind which key the ticket's issue would be.
    fn look_from_here(&self, item: &mut export_item::Model) {
        let high_key = self.traffic.high_key();
        item.high_key = Some(item.high_key.map_or(high_key, |known| known.min(high_key)));
    }

    /// The ticket that waits, where Jira has nothing against it being sent at once.
    pub(super) fn heir(&self, jira: &Jira, turns: &Turns) -> Option<Heir> {
        let mut heir = turns.heir()?;
        let held = self.traffic.held_back(self.app.clock.now()).is_some() || jira.near_limit();
        if held || self.traffic.halting.is_cancelled() || self.stop.is_cancelled() {
            return None;
        }
        self.look_from_here(&mut heir.intent);
        step("export.before_intent");
        Some(heir)
    }

    /// Whether the ticket may begin, and is what it was when it was made ready.
    pub(super) async fn is_ready(&self, ticket: &ticket::Model) -> bool {
        let (may_begin, now) = tokio::join!(self.boundary(), self.app.ticket_row(ticket.id));
        may_begin.is_ok() && now.is_ok_and(|now| now == *ticket)
    }

    /// Takes an intent back: the ticket was not sent.
    pub(super) async fn withdraw(
        &self,
        mut item: export_item::Model,
    ) -> Result<export_item::Model, Stop> {
        item.state = ItemState::Pending;
        let change = Change {
            item: Some(item.clone()),
            ..Change::default()
        };
        self.record_patiently(|_| (), change, Vec::new()).await?;
        Ok(item)
    }

    /// Waits until the next create may be sent: longer than the integration asks for while Jira says that little of its limit is left.
    /// Those on their way at once do so one after the other. Once the run is stopped none is sent any more; and while it was waited for,
    /// by whomever, somebody may have asked to halt, or have switched the integration off.
    async fn keep_pace(&self, jira: &Jira) -> Result<(), Stop> {
        let _turn = self.traffic.turn.lock().await;
        self.wait_out_the_throttle().await?;
        if let Some(last) = self.traffic.last_create() {
            let pace = if jira.near_limit() {
                (self.pace * 2).max(NEAR_LIMIT)
            } else {
                self.pace
            };
            let passed = (self.app.clock.now() - last).to_std().unwrap_or_default();
            self.wait(pace.saturating_sub(passed)).await?;
        }
        if self.traffic.halting.is_cancelled() {
            return Err(Stop::GaveWay);
        }
        if let Err(stop) = self.boundary().await {
            // Whoever comes next in the line gives way to this one.
            self.traffic.halting.cancel();
            return Err(stop);
        }
        self.traffic.sent_create(self.app.clock.now());
        Ok(())
    }

    /// Notes that no issue exists, where that is certain, before the run stops: nobody has to look for one then.
    async fn stop_at(&self, passage: &mut Passage<'_>, stop: Stop, certain: bool) -> Stop {
        if !certain || matches!(stop, Stop::Lost | Stop::Storage(_)) {
            return stop;
        }
        passage.item.state = match &stop {
            Stop::Hard(hard) => {
                passage.item.error = Some(Value::String(hard.user_message.clone()));
                ItemState::Failed
            }
            _ => ItemState::Pending,
        };
        let change = Change {
            item: Some(passage.item.clone()),
            ..Change::default()
        };
        match self.record_patiently(|_| (), change, Vec::new()).await {
            Ok(()) => stop,
            Err(worse) => worse,
        }
    }

    fn new_issue(&self, passage: &Passage<'_>) -> NewIssue {
        NewIssue {
            fields: passage.plan.fields.clone(),
            marker: self.marker(passage),
        }
    }

    /// What marks the ticket's issue as this run's.
    pub(super) fn marker(&self, passage: &Passage<'_>) -> Marker {
        Marker {
            ticket: passage.ticket.id,
            task: self.claimed.id,
            attempt: self.claimed.attempt,
        }
    }
}

impl Passage<'_> {
    /// Leaves out, or cuts, what the refusal is about. `false`: it cannot be spared.
    fn give_way(&mut self, refused: &Rejection) -> bool {
        if !refused.is_too_long() {
            return !self.plan.give_way(refused).is_empty();
        }
        let Some((description, cut)) = IssueDraft::cut_further(self.ticket, &self.plan) else {
            return false;
        };
        self.plan
            .fields
            .insert("description".to_owned(), description);
        self.plan.unsent.retain(|it| it.fix_type != cut.fix_type);
        self.plan.unsent.push(cut);
        true
    }

    /// The create, for the texts of a failure.
    pub(super) fn context<'a>(&'a self, project: &'a str) -> CreateContext<'a> {
        CreateContext {
            project,
            issue_type: &self.plan.issue_type,
            title: &self.ticket.title.0,
            sent: &self.plan.fields,
        }
    }
}
