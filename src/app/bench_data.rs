//! Made-up tickets in any number, to see how docket does with many: written past the API, in large transactions, and yet as calls would
//! have left them. Every ticket lives its life through the same changes that calls make, so that its history replays to it.

mod cast;
mod filing;
mod life;
mod words;

use std::sync::Arc;

use chrono::TimeDelta;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::sync::mpsc;

use super::workflow::MoveRules;
use crate::{
    db::{
        Db, Tx, assignment, bulk, comment, conversation, counter, history, ticket, ticket_search,
        user,
    },
    domain::{sla::SlaPolicy, time::Time},
    error::{Error, Result},
};
use cast::Cast;
use life::{Stage, Story, tell};

/// How many tickets are written in one transaction.
const BATCH: u64 = 5_000;
/// How many of those are ready before they can be written.
const READY: usize = 2;

/// What is to be made up.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many tickets.
    pub tickets: u64,
    /// What they are like: the same seed makes the same tickets, if all else is the same.
    pub seed: u64,
    /// When the last of them was filed, and up to when they have lived.
    pub until: Time,
    /// Over how long a time they were filed.
    pub span: TimeDelta,
    /// What each priority promises.
    pub sla: Arc<SlaPolicy>,
    /// For how long a closed ticket can be reopened.
    pub reopen_window: TimeDelta,
}

/// How many rows were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Tickets.
    pub tickets: u64,
    /// Comments, those of docket itself among them.
    pub comments: u64,
    /// Entries of history.
    pub entries: u64,
    /// Assignments.
    pub assignments: u64,
}

/// Makes the tickets up, and tells after each batch what has been written so far. What has been written stays, also when a later batch
/// fails. `AlreadyExists`: the tickets of this seed are there already.
pub async fn fill(db: &Db, plan: Plan, mut progress: impl FnMut(Made)) -> Result<Made> {
    let cast = Cast::of(plan.tickets);
    let people = cast.rows(plan.until - plan.span);
    db.write(move |tx| Box::pin(user::replace(tx, people.clone())))
        .await?;
    let stage = Stage {
        cast,
        rules: MoveRules {
            sla: Arc::clone(&plan.sla),
            reopen_window: plan.reopen_window,
        },
        until: plan.until,
    };
    let (ready, mut batches) = mpsc::channel(READY);
    // Telling takes one processor, writing another.
    let told = tokio::task::spawn_blocking(move || tell_all(&stage, &plan, &ready));
    let mut made = Made::default();
    while let Some(batch) = batches.recv().await {
        let batch = Arc::new(batch);
        let written = db.write({
            let batch = Arc::clone(&batch);
            move |tx| {
                let batch = Arc::clone(&batch);
                Box::pin(async move { write(tx, &batch).await })
            }
        });
        written.await?;
        made.count(&batch);
        progress(made);
    }
    told.await.map_err(Error::internal)?;
    bulk::settle(db).await?;
    Ok(made)
}

impl Made {
    fn count(&mut self, batch: &[Story]) {
        for story in batch {
            self.tickets += 1;
            self.comments += story.comments.len() as u64;
            self.entries += story.entries.len() as u64;
            self.assignments += story.assignments.len() as u64;
        }
    }
}

/// Tells all stories in the order in which their tickets were filed, as far as somebody takes them.
fn tell_all(stage: &Stage, plan: &Plan, ready: &mpsc::Sender<Vec<Story>>) {
    let mut rng = StdRng::seed_from_u64(plan.seed);
    let micros = plan.span.num_microseconds().unwrap_or(i64::MAX);
    let step = micros / i64::try_from(plan.tickets.max(1)).unwrap_or(i64::MAX);
    let first = plan.until - plan.span;
    let mut number = 0_i64;
    let mut left = plan.tickets;
    while left > 0 {
        let count = left.min(BATCH);
        let stories = (0..count).map(|_| {
            let within = rng.random_range(0..step.max(1));
            let filed = first + TimeDelta::microseconds(number * step + within);
            number += 1;
            tell(stage, rng.random(), filed)
        });
        if ready.blocking_send(stories.collect()).is_err() {
            return;
        }
        left -= count;
    }
}

async fn write(tx: &Tx, batch: &[Story]) -> Result<()> {
    bulk::prepare(tx).await?;
    let count = u32::try_from(batch.len()).unwrap_or(u32::MAX);
    let numbers = counter::next_ticket_numbers(tx, count).await?;
    let numbered = || batch.iter().zip(&numbers);
    let conversations = batch.iter().filter_map(|story| story.conversation.clone());
    conversation::mention(tx, conversations.collect()).await?;
    let tickets = numbered().map(|(story, &number)| ticket::Model {
        number,
        ..story.ticket.clone()
    });
    ticket::insert_many(tx, tickets.collect()).await?;
    let documents: Vec<_> = numbered()
        .map(|(story, &number)| ticket_search::Document {
            number,
            ..story.document.clone()
        })
        .collect();
    ticket_search::index(tx, &documents).await?;
    let comments = batch.iter().flat_map(|story| story.comments.clone());
    comment::insert_many(tx, comments.collect()).await?;
    let assignments = batch.iter().flat_map(|story| story.assignments.clone());
    assignment::insert_many(tx, assignments.collect()).await?;
    // In the order in which it happened, as far as a batch goes.
    let mut entries: Vec<_> = batch
        .iter()
        .flat_map(|story| story.entries.clone())
        .collect();
    entries.sort_by_key(|entry| entry.create_time);
    history::append(tx, entries).await
}
