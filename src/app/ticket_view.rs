//! Tickets as a caller may see them: which ones, and what of them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{App, pages::fitting, struct_size};
use crate::{
    db::{dependency, ticket, ticket::Visible},
    domain::{actor::Actor, ids::TicketId, permission::Action, ticket::number_text},
    error::{Error, Result},
};

/// The most bytes of a ticket's fields of one short line each, and of its times.
const SHORT_FIELDS: usize = 8 * 1024;

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
        if !missing.is_empty() {
            return Err(Error::not_found("ticket", missing.join(", ")));
        }
        fit_one_answer(&rows)?;
        self.views(actor, rows).await
    }

    /// Refuses to go on where these of the tickets that the caller may see are more than clients take in one answer.
    pub(crate) async fn require_fit(&self, actor: &Actor, ids: &[TicketId]) -> Result<()> {
        let (visible, ids) = (visible(actor), ids.iter().copied());
        fit_one_answer(&ticket::find_visible(self.db.read(), &visible, ids).await?)
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

/// At most so many bytes has the picture of a ticket.
pub(crate) fn weight(ticket: &ticket::Model) -> usize {
    let json = |value: Value| struct_size::size(&value).bytes;
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let result = ticket.integration_result.as_ref();
    let words = [Some(&ticket.tags), ticket.labels.as_ref()];
    let words = words.into_iter().flatten().flat_map(|words| &words.0);
    ticket.description.len()
        + json(Value::Object(ticket.custom_fields.0.clone()))
        + result.map_or(0, |result| json(json!(result)))
        + text(&ticket.resolution_notes)
        + words.map(|word| word.len() + 4).sum::<usize>()
        + SHORT_FIELDS
}

fn fit_one_answer(tickets: &[ticket::Model]) -> Result<()> {
    let fit = fitting(tickets, weight);
    match fit == tickets.len() {
        true => Ok(()),
        false => Err(Error::invalid(
            "ids",
            format!("name more than one answer can hold; ask for at most {fit} of these at once"),
        )),
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
