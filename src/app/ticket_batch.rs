//! One change for several tickets: each on its own, as the RPC for a single one would make it.

use futures::future::join_all;

use super::{
    App,
    assignments::Assign,
    ticket_change::Update,
    ticket_edit::Edit,
    ticket_view::TicketView,
    workflow::{MoveRules, Transition, action_of},
};
use crate::{
    db::Tx,
    domain::{
        actor::Actor,
        ids::TicketId,
        permission::TicketAction,
        ticket::{TicketPriority, Words},
    },
    error::{Error, Result},
};

/// How many tickets are changed at once: a batch is not to take the database from everybody else.
const AT_ONCE: usize = 8;

/// Several tickets, and what is to become of each.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Which tickets.
    pub ids: Vec<TicketId>,
    /// What to do with each.
    pub change: BatchChange,
    /// Only check, and write nothing.
    pub validate_only: bool,
}

/// What is to become of each ticket of a batch.
#[derive(Clone, Debug)]
pub enum BatchChange {
    /// As TransitionTicket.
    Move(Transition),
    /// As AssignTicket.
    Assign(Assign),
    /// Another priority, as UpdateTicket.
    Priority(TicketPriority),
    /// Other tags, as UpdateTicket.
    Tags {
        /// Added at the end, in this order; a ticket that has one keeps it where it is.
        add: Words,
        /// Taken away.
        remove: Words,
    },
}

impl App {
    /// Changes each ticket on its own; what became of each, in the order given.
    pub async fn batch_update_tickets(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<Batch> + Send,
    ) -> Result<Vec<(TicketId, Result<TicketView>)>> {
        let batch = parse()?;
        self.require_fit(actor, &batch.ids).await?;
        let mut results = Vec::with_capacity(batch.ids.len());
        for ids in batch.ids.chunks(AT_ONCE) {
            let changes = ids.iter().map(|&id| self.change_one(actor, id, &batch));
            let outcomes = join_all(changes).await;
            results.extend(ids.iter().copied().zip(outcomes));
        }
        Ok(results)
    }

    async fn change_one(&self, actor: &Actor, id: TicketId, batch: &Batch) -> Result<TicketView> {
        let (caller, rules) = (actor.clone(), self.move_rules());
        let update = Update {
            change: batch.change.clone(),
            seen: None,
            validate_only: batch.validate_only,
        };
        self.change_ticket(
            actor,
            Ok(id),
            action,
            || Ok(update),
            move |tx, edit, change| {
                let (caller, rules) = (caller.clone(), rules.clone());
                Box::pin(async move { edit.apply(tx, &caller, change, &rules).await })
            },
        )
        .await
    }
}

/// What a caller has to be allowed for it, ticket by ticket.
fn action(change: Option<&BatchChange>) -> TicketAction {
    match change {
        None => TicketAction::ViewTicket,
        Some(BatchChange::Move(wanted)) => action_of(Some(wanted)),
        Some(BatchChange::Assign(_)) => TicketAction::AssignTicket,
        Some(BatchChange::Priority(_) | BatchChange::Tags { .. }) => TicketAction::UpdateTicket,
    }
}

impl Edit {
    async fn apply(
        &mut self,
        tx: &Tx,
        actor: &Actor,
        change: &BatchChange,
        rules: &MoveRules,
    ) -> Result<()> {
        match change {
            BatchChange::Move(wanted) => self.move_to(wanted, rules),
            BatchChange::Assign(wanted) => self.assign(tx, actor, wanted).await,
            BatchChange::Priority(priority) => {
                self.refuse_during_export(tx).await?;
                self.set_priority(tx, &rules.sla, *priority).await
            }
            BatchChange::Tags { add, remove } => {
                self.refuse_during_export(tx).await?;
                let tags = &mut self.ticket.tags.0;
                tags.retain(|tag| !remove.0.contains(tag));
                for tag in &add.0 {
                    if !tags.contains(tag) {
                        tags.push(tag.clone());
                    }
                }
                match tags.len() > Words::MAX {
                    true => Err(Error::invalid(
                        "tags.add",
                        "must leave the ticket with at most 50 tags",
                    )),
                    false => Ok(()),
                }
            }
        }
    }
}
