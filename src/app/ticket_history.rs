//! What happened to a ticket, as a caller may see it.

use super::{
    App,
    pages::{Listing, Page, PageRequest},
};
use crate::{
    db::history,
    domain::{
        actor::Actor,
        ids::TicketId,
        permission::{Action, TicketAction},
    },
    error::Result,
};

impl App {
    /// A ticket's history, oldest first, for whoever may view it. Who may not read internal comments sees nothing of them; who sees
    /// their own tickets alone does not see from where others called.
    pub async fn list_ticket_history(
        &self,
        actor: &Actor,
        id: Result<TicketId>,
        parse: impl FnOnce() -> Result<PageRequest> + Send,
    ) -> Result<Page<history::Model>> {
        let view = TicketAction::ViewTicket;
        let (ticket, request) = self.permitted(actor, id, view, parse).await?;
        let internal = actor.may(Action::SeeInternalComments);
        let listing = Listing::new(&self.sealer, "history", &(ticket.id, internal));
        let after: Option<i64> = listing.position(&request)?;
        let limit = request.size.get() + 1;
        let rows = history::page(self.db.read(), ticket.id, internal, after, limit).await?;
        let weight = history::Model::weight;
        let mut page = listing.page_by_weight(&request, rows, weight, |row| row.sequence)?;
        for entry in &mut page.items {
            hide(actor, entry);
        }
        Ok(page)
    }
}

/// Takes out of an entry what this caller may not see.
pub(crate) fn hide(actor: &Actor, entry: &mut history::Model) {
    if !actor.may(Action::ViewAllTickets) {
        entry.ip_address = None;
    }
}
