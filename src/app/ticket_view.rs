//! Tickets as a caller may see them: which ones, and what of them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::App;
use crate::{
    db::{dependency, ticket, ticket::Visible},
    domain::{actor::Actor, ids::TicketId, permission::Action, ticket::number_text},
    error::{Error, Result},
};

/// A ticket as one caller may see it, with what its picture shows from other tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TicketView {
    /// The row; its `comment_count` is what the caller may read.
    pub ticket: ticket::Model,
    /// What it depends on in its session.
    pub depends_on: Vec<TicketId>,
}

/// How a caller names a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketName {
    /// By id.
    Id(TicketId),
    /// By number.
    Number(i64),
}

impl TicketView {
    /// The ticket as this caller may see it.
    pub(crate) fn new(actor: &Actor, ticket: ticket::Model, depends_on: Vec<TicketId>) -> Self {
        let mut ticket = ticket;
        if !actor.may(Action::SeeInternalComments) {
            ticket.comment_count -= ticket.internal_comment_count;
        }
        Self { ticket, depends_on }
    }
}

impl App {
    /// The ticket, if the caller may see it; a deleted one only for those who see deleted tickets. Every role may ask.
    pub async fn get_ticket(&self, actor: &Actor, name: TicketName) -> Result<TicketView> {
        let (visible, deleted) = (visible(actor), actor.may(Action::SeeDeleted));
        let found = match name {
            TicketName::Id(id) => ticket::find(self.db.read(), &visible, id, deleted).await?,
            TicketName::Number(number) => {
                ticket::find_by_number(self.db.read(), &visible, number, deleted).await?
            }
        };
        let found = found.ok_or_else(|| match name {
            TicketName::Id(id) => Error::not_found("ticket", id),
            TicketName::Number(number) => Error::not_found("ticket", number_text(number)),
        })?;
        self.view(actor, found).await
    }

    /// Several tickets in the order asked for, all or none. Every role may ask.
    pub async fn batch_get_tickets(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<Vec<TicketId>> + Send,
    ) -> Result<Vec<TicketView>> {
        let ids = parse()?;
        let visible = visible(actor);
        let found = ticket::find_visible(self.db.read(), &visible, ids.iter().copied()).await?;
        let mut found: HashMap<TicketId, ticket::Model> =
            found.into_iter().map(|row| (row.id, row)).collect();
        let (mut rows, mut missing) = (Vec::with_capacity(ids.len()), Vec::new());
        for id in ids {
            match found.remove(&id) {
                Some(row) => rows.push(row),
                None => missing.push(id.to_string()),
            }
        }
        match missing.is_empty() {
            true => self.views(actor, rows).await,
            false => Err(Error::not_found("ticket", missing.join(", "))),
        }
    }

    /// The tickets as this caller may see them, in the same order.
    pub(crate) async fn views(
        &self,
        actor: &Actor,
        tickets: Vec<ticket::Model>,
    ) -> Result<Vec<TicketView>> {
        let of_sessions = tickets.iter().filter(|ticket| ticket.session_id.is_some());
        let ids: Vec<TicketId> = of_sessions.map(|ticket| ticket.id).collect();
        let mut depends_on = match ids.is_empty() {
            true => Default::default(),
            false => dependency::of_tickets(self.db.read(), ids).await?,
        };
        let view = |ticket: ticket::Model| {
            let depends_on = depends_on.remove(&ticket.id).unwrap_or_default();
            TicketView::new(actor, ticket, depends_on)
        };
        Ok(tickets.into_iter().map(view).collect())
    }

    /// The ticket as this caller may see it.
    pub(crate) async fn view(&self, actor: &Actor, ticket: ticket::Model) -> Result<TicketView> {
        let id = ticket.id;
        let view = self.views(actor, vec![ticket]).await?.pop();
        view.ok_or_else(|| Error::not_found("ticket", id))
    }
}

/// Whose tickets this caller sees.
pub(crate) fn visible(actor: &Actor) -> Visible {
    if actor.may(Action::ViewAllTickets) {
        Visible::All
    } else {
        Visible::FiledBy(actor.user_id.clone())
    }
}
