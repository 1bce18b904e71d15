//! The tickets of a run on their way: one after the other or, where the integration allows it, several at once.
//!
//! A lane takes the next ticket in the run's order and brings it to its issue, then the next. A ticket's turn comes once all that it depends
//! on have their issues. Where one is sent at a time, and no time is kept in between, there is a second lane: while Jira works, it makes the
//! next ticket ready, or writes down what has become of the last one. Whatever stops one lane stops the run: the others bring what is under
//! way to a clear end, and begin nothing. So those that were begun always come before those that were not, and whoever goes on meets them
//! first.

use futures::{StreamExt as _, stream::FuturesUnordered};
use tokio::sync::Mutex;

use super::{
    run::{Run, Stop},
    turns::{Came, Place, Turns},
};
use crate::{
    connectors::jira::{Jira, ProjectMeta},
    db::{dependency, export_item, ticket},
    domain::export::{CurrentTicket, ItemState},
};

/// A ticket that a lane has taken.
struct Taken {
    item: export_item::Model,
    ticket: ticket::Model,
    told: CurrentTicket,
    /// In the line of those that are brought to their issues.
    place: Place,
}

/// Why a lane has ended before the last ticket, and the ticket that it was at.
struct Halt {
    stop: Stop,
    at: Option<CurrentTicket>,
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Self { stop, at: None }
    }
}

impl Run {
    /// Brings every ticket to its issue.
    pub(super) async fn export_tickets(
        &mut self,
        jira: &Jira,
        meta: &ProjectMeta,
    ) -> Result<(), Stop> {
        let halts = self.open_lanes(jira, meta).await?;
        let Some((first, others)) = by_weight(halts) else {
            return Ok(());
        };
        let hard = |halt: &Halt| matches!(halt.stop, Stop::Hard(_));
        if hard(&first) {
            let others = others.into_iter().filter(hard);
            let told = others.filter_map(|halt| halt.at);
            self.failed_at = first.at.into_iter().chain(told).collect();
        }
        Err(first.stop)
    }

    /// Gives why lanes have ended early. `Err`: the lease is lost, and everything is dropped where it is.
    async fn open_lanes(&self, jira: &Jira, meta: &ProjectMeta) -> Result<Vec<Halt>, Stop> {
        // The place of the ticket that was taken last.
        let queue = Mutex::new(None);
        let turns = Turns::new(self.lanes);
        let lanes = match self.pace.is_zero() {
            true => self.lanes.max(2),
            false => self.lanes,
        };
        let lanes = (0..lanes).map(|_| self.lane(jira, meta, &queue, &turns));
        let mut lanes: FuturesUnordered<_> = lanes.collect();
        let mut halts = Vec::new();
        while let Some(ended) = lanes.next().await {
            match ended {
                Ok(()) => (),
                Err(Halt {
                    stop: Stop::Lost, ..
                }) => return Err(Stop::Lost),
                Err(halt) => halts.push(halt),
            }
        }
        Ok(halts)
    }

    async fn lane(
        &self,
        jira: &Jira,
        meta: &ProjectMeta,
        queue: &Mutex<Option<i32>>,
        turns: &Turns,
    ) -> Result<(), Halt> {
        let ended = async {
            while let Some(taken) = self.take(queue, turns).await? {
                let position = taken.item.position;
                let carried = self.carry(jira, meta, taken, turns).await;
                self.traffic.arrive(position);
                carried?;
            }
            Ok(())
        };
        let ended = ended.await;
        if ended.is_err() {
            self.traffic.halting.cancel();
        }
        ended
    }

    /// Makes the ticket ready, and takes it to its issue when its turn has come.
    async fn carry(
        &self,
        jira: &Jira,
        meta: &ProjectMeta,
        taken: Taken,
        turns: &Turns,
    ) -> Result<(), Halt> {
        let Taken {
            item,
            ticket,
            told,
            place,
        } = taken;
        let at = |stop| Halt {
            stop,
            at: Some(told.clone()),
        };
        let passage = match self.ready(jira, meta, item.clone(), &ticket).await {
            // Those before it come first, also where it cannot be sent: it is made ready again when its turn has come.
            Err(Stop::Hard(_) | Stop::Storage(_)) if matches!(place, Place::Behind(_)) => None,
            ready => Some(ready.map_err(at)?),
        };
        let begins = matches!(item.state, ItemState::Pending | ItemState::Failed);
        let heir = passage.as_ref().filter(|_| begins && self.lanes == 1);
        let heir = heir.map(|passage| (ticket.clone(), self.intent(passage)));
        let came = turns.wait(place, heir).await;
        let came = came.map_err(|error| at(error.into()))?;
        let (turn, item) = match (came, passage) {
            (Came::AtOnce(turn), Some(passage)) => {
                return self.export_ticket(passage, turn, turns).await.map_err(at);
            }
            (
                Came::Inherited {
                    turn,
                    intent,
                    is_ready: true,
                },
                Some(passage),
            ) => {
                let passage = passage.intended(*intent);
                return self.export_ticket(passage, turn, turns).await.map_err(at);
            }
            (Came::Inherited { turn, intent, .. }, _) => {
                (turn, self.withdraw(*intent).await.map_err(at)?)
            }
            (Came::AtOnce(turn) | Came::Waited(turn), _) => (turn, item),
        };
        // Anything may have happened since the ticket was made ready.
        self.may_begin().await?;
        let now = self.app.ticket_row(ticket.id).await;
        let ticket = now.map_err(|error| at(error.into()))?;
        let passage = self.ready(jira, meta, item, &ticket).await;
        let passage = passage.map_err(at)?;
        self.export_ticket(passage, turn, turns).await.map_err(at)
    }

    /// Whether another ticket may begin now.
    async fn may_begin(&self) -> Result<(), Stop> {
        match self.traffic.halting.is_cancelled() {
            true => Err(Stop::GaveWay),
            false => self.boundary().await,
        }
    }

    /// The next ticket, once it may begin.
    async fn take(&self, queue: &Mutex<Option<i32>>, turns: &Turns) -> Result<Option<Taken>, Stop> {
        let mut last = queue.lock().await;
        let next = export_item::next(self.app.db.read(), self.claimed.id, *last);
        let Some(item) = next.await? else {
            return Ok(None);
        };
        self.wait_for_blockers(&item).await?;
        if self.traffic.halting.is_cancelled() {
            return Ok(None);
        }
        self.boundary().await?;
        let ticket = self.app.ticket_row(item.ticket_id).await?;
        let told = ticket.current();
        *last = Some(item.position);
        self.traffic.set_out(item.position, told.clone());
        let place = turns.line_up().await;
        Ok(Some(Taken {
            item,
            ticket,
            told,
            place,
        }))
    }

    /// Waits for those that the ticket depends on, where turns are not in the run's order anyhow. They come before it in that order, so
    /// that each has arrived or is on its way.
    async fn wait_for_blockers(&self, item: &export_item::Model) -> Result<(), Stop> {
        if self.lanes == 1 || self.traffic.is_empty() {
            return Ok(());
        }
        let found = dependency::of_tickets(self.app.db.read(), [item.ticket_id]).await?;
        let blockers: Vec<_> = found.into_values().flatten().collect();
        self.traffic.clear_of(&blockers).await;
        Ok(())
    }
}

/// The halt that decides what becomes of the run, and the others; those of one kind by their tickets' order.
fn by_weight(mut halts: Vec<Halt>) -> Option<(Halt, Vec<Halt>)> {
    let weight = |halt: &Halt| {
        let order = halt.at.as_ref().map_or(i32::MAX, |ticket| ticket.order);
        match &halt.stop {
            // A failure is told, whatever was asked for meanwhile.
            Stop::Hard(_) => (0, i64::from(order)),
            // A person's pause outlasts Jira's.
            Stop::Asked(_) => (1, 0),
            Stop::Throttled { retry_after, .. } => {
                let seconds = i64::try_from(retry_after.as_secs()).unwrap_or(i64::MAX);
                (2, -seconds)
            }
            Stop::Shutdown => (3, 0),
            Stop::Storage(_) => (4, 0),
            Stop::Lost | Stop::GaveWay => (5, 0),
        }
    };
    halts.sort_by_key(weight);
    let mut halts = halts.into_iter();
    halts.next().map(|first| (first, halts.collect()))
}
