//! The one way to change a ticket: load it for the caller, ask, check the etag, decide, write, all in one transaction.
//!
//! A use case hands [`App::change_ticket`] what to do with the ticket; it gets the row as an [`Edit`], sets fields of `edit.ticket`, and
//! says what else happened. Whatever differs afterwards is written with its history entries, its tags, its assignment and its search
//! document in the same transaction, so that nothing changes without an entry. Loops of docket's own, and stories that write more than a
//! ticket, begin an [`Edit`] inside their own write. Nobody writes a ticket's row in another way, export workers excepted, which alone
//! write the columns of an export.

use std::sync::Arc;

use super::{
    App,
    ticket_edit::Edit,
    ticket_view::{TicketView, visible},
};
use crate::{
    db::{Tx, WriteFuture, ticket},
    domain::{
        actor::Actor,
        ids::TicketId,
        permission::{Relation, TicketAction},
    },
    error::{Error, Result, Violations},
};

/// A request that changes a ticket, every rule of a single field already checked.
#[derive(Clone, Debug)]
pub struct Update<T> {
    /// What is to be changed.
    pub change: T,
    /// The version that the caller has seen (see [`crate::domain::etag::version`]); `None`: whatever it is now.
    pub seen: Option<i64>,
    /// Only check, and write nothing.
    pub validate_only: bool,
}

impl<T> Update<T> {
    /// A change of the ticket as it is now.
    pub fn now(change: T) -> Self {
        Self {
            change,
            seen: None,
            validate_only: false,
        }
    }
}

impl App {
    /// Changes a ticket as `decide` says and answers it as GetTicket does.
    ///
    /// `action` is what the caller has to be allowed: asked without a request before anything of it is looked at (AIP-211), and with it
    /// once it is read. `decide` runs in the writing transaction, on the ticket as it is then, and again when the transaction does. It
    /// reads through the transaction; what it wants written it leaves in the [`Edit`].
    pub(crate) async fn change_ticket<T, F>(
        &self,
        actor: &Actor,
        id: Result<TicketId>,
        action: fn(Option<&T>) -> TicketAction,
        parse: impl FnOnce() -> Result<Update<T>> + Send,
        decide: F,
    ) -> Result<TicketView>
    where
        T: Send + Sync + 'static,
        F: for<'a> Fn(&'a Tx, &'a mut Edit, &'a T) -> WriteFuture<'a, ()> + Send + Sync + 'static,
    {
        let (ticket, update) = self.permitted(actor, id, action(None), parse).await?;
        self.record_caller(actor).await?;
        let (id, now) = (ticket.id, self.clock.now());
        let story = Arc::new((actor.clone(), update, decide));
        let written = self.db.write(move |tx| {
            let story = Arc::clone(&story);
            Box::pin(async move {
                let (actor, update, decide) = &*story;
                let action = action(Some(&update.change));
                let mut edit = Edit::begin(tx, actor, id, action, now).await?;
                edit.check_seen(tx, actor, update.seen).await?;
                decide(tx, &mut edit, &update.change).await?;
                match update.validate_only {
                    true => Ok(edit.planned()),
                    false => edit.write(tx).await,
                }
            })
        });
        self.view(actor, written.await?).await
    }

    /// The ticket, if the caller may see it and do `action` on it, and then what `parse` makes of the request. A role that may never do it
    /// is told so first, then a broken id, a ticket that the caller may not see, and one on which they may not do it.
    pub(crate) async fn permitted<T>(
        &self,
        actor: &Actor,
        id: Result<TicketId>,
        action: TicketAction,
        parse: impl FnOnce() -> Result<T> + Send,
    ) -> Result<(ticket::Model, T)> {
        actor.require_ever(action)?;
        let id = match id {
            Ok(id) => id,
            Err(broken) => return Err(broken_id(broken, parse)),
        };
        let deleted = sees_deleted(action);
        let found = ticket::find(self.db.read(), &visible(actor), id, deleted).await?;
        let ticket = found.ok_or_else(|| Error::not_found("ticket", id))?;
        require(actor, action, &ticket)?;
        Ok((ticket, parse()?))
    }
}

/// What is wrong with a request whose id is: that, and all else.
pub(crate) fn broken_id<T>(broken: Error, parse: impl FnOnce() -> Result<T>) -> Error {
    let mut violations = Violations::new();
    let told = violations.absorb::<()>(Err(broken)).map(drop);
    let told = told.and_then(|()| violations.absorb(parse()).map(drop));
    let told = told.and_then(|()| violations.finish());
    told.err()
        .unwrap_or_else(|| Error::internal("a broken id that breaks no rule"))
}

/// Whether the ticket may be a deleted one.
pub(crate) fn sees_deleted(action: TicketAction) -> bool {
    action == TicketAction::UndeleteTicket
}

/// PERMISSION_DENIED unless the caller may do it on this ticket. Whom a ticket may be assigned to is asked once that is known.
pub(crate) fn require(actor: &Actor, action: TicketAction, ticket: &ticket::Model) -> Result<()> {
    match action {
        TicketAction::AssignTicket => actor.require_ever(action),
        _ => actor.require_on(action, relation(actor, ticket)),
    }
}

/// The caller's relation to the ticket.
pub(crate) fn relation(actor: &Actor, ticket: &ticket::Model) -> Relation {
    Relation::to_ticket(actor, &ticket.creator_id, ticket.assignee_id.as_ref())
}
