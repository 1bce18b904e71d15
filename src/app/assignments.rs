//! Assigning tickets: who works on one, and who did.

use super::{
    App,
    pages::{Listing, Page, PageRequest},
    ticket_change::Update,
    ticket_edit::Edit,
    ticket_view::TicketView,
};
use crate::{
    db::{Tx, assignment, user},
    domain::{
        actor::Actor,
        ids::{TicketId, UserId},
        permission::{Relation, TicketAction},
    },
    error::{Error, Result},
};

/// Whom a ticket is to be assigned to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assign {
    /// The person; `None`: nobody.
    pub assignee_id: Option<UserId>,
    /// The field's path in the request.
    pub field: &'static str,
}

impl App {
    /// Assigns a ticket, or takes the assignment back.
    pub async fn assign_ticket(
        &self,
        actor: &Actor,
        id: Result<TicketId>,
        parse: impl FnOnce() -> Result<Update<Assign>> + Send,
    ) -> Result<TicketView> {
        let caller = actor.clone();
        let action = |_: Option<&Assign>| TicketAction::AssignTicket;
        self.change_ticket(actor, id, action, parse, move |tx, edit, wanted| {
            let caller = caller.clone();
            Box::pin(async move { edit.assign(tx, &caller, wanted).await })
        })
        .await
    }

    /// A ticket's assignments, oldest first, for whoever may view it.
    pub async fn list_ticket_assignments(
        &self,
        actor: &Actor,
        id: Result<TicketId>,
        parse: impl FnOnce() -> Result<PageRequest> + Send,
    ) -> Result<Page<assignment::Model>> {
        let view = TicketAction::ViewTicket;
        let (ticket, request) = self.permitted(actor, id, view, parse).await?;
        let listing = Listing::new(&self.sealer, "assignments", &ticket.id);
        let after: Option<assignment::Position> = listing.position(&request)?;
        let limit = request.size.get() + 1;
        let rows = assignment::page(self.db.read(), ticket.id, after, limit).await?;
        listing.page(&request, rows, |row| (row.assign_time, row.id))
    }
}

impl Edit {
    /// Assigns the ticket. Who is asked about is the person who is to work on it or, where that is nobody, whoever does.
    pub(crate) async fn assign(&mut self, tx: &Tx, actor: &Actor, wanted: &Assign) -> Result<()> {
        let Some(person) = wanted
            .assignee_id
            .as_ref()
            .or(self.ticket.assignee_id.as_ref())
        else {
            return Ok(());
        };
        let found = user::active(tx, person).await?;
        let team = found.as_ref().and_then(|found| found.team.as_deref());
        let relation = Relation::to_person(actor, person, team);
        actor.require_on(TicketAction::AssignTicket, relation)?;
        if found.is_none() && wanted.assignee_id.is_some() {
            return Err(Error::invalid(
                wanted.field,
                "must be the id of an active user",
            ));
        }
        self.ticket.assignee_id = wanted.assignee_id.clone();
        Ok(())
    }
}
