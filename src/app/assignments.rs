//! Assigning tickets: who works on one, and who did.

use super::{
    App,
    pages::{Listing, Page, PageRequest},
    ticket_change::Update,
    ticket_edit::Edit,
    ticket_view::TicketView,
};
use crate::{
    db::{Conn, Tx, assignment, user},
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

/// The rule that somebody who cannot be assigned a ticket breaks.
pub(crate) const ACTIVE_USER: &str = "must be the id of an active user";

/// PERMISSION_DENIED unless the caller may assign tickets to this person, and take them from them. Whether the person is an active user.
///
/// The caller's team is the token's or, where that tells of none, the one that the auth service has told.
pub(crate) async fn require_assignable(
    conn: &impl Conn,
    actor: &Actor,
    person: &UserId,
) -> Result<bool> {
    let both = [person, &actor.user_id].map(UserId::clone).to_vec();
    let both = user::find_many(conn, both).await?;
    let known = |id: &UserId| both.iter().find(|row| row.id == *id);
    let team = |id: &UserId| known(id).and_then(|row| row.team.clone());
    let caller = Actor {
        team: actor.team.clone().or_else(|| team(&actor.user_id)),
        ..actor.clone()
    };
    let relation = Relation::to_person(&caller, person, team(person).as_deref());
    actor.require_on(TicketAction::AssignTicket, relation)?;
    Ok(known(person).is_some_and(|row| row.active))
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
        let active = require_assignable(tx, actor, person).await?;
        if !active && wanted.assignee_id.is_some() {
            return Err(Error::invalid(wanted.field, ACTIVE_USER));
        }
        self.ticket.assignee_id = wanted.assignee_id.clone();
        Ok(())
    }
}
