//! Tickets that change together with their session.

use serde_json::json;

use super::{Edit, Event};
use crate::{
    db::{Tx, ticket::Visible, ticket_change},
    domain::{actor::Actor, history::HistoryEventType, ids::TicketId, time::Time},
    error::{Error, Result},
};

impl Edit {
    /// The ticket, also a deleted one, to be changed in this transaction by a caller whose right to change its session is known.
    pub(crate) async fn in_session(
        tx: &Tx,
        actor: &Actor,
        id: TicketId,
        now: Time,
    ) -> Result<Self> {
        let found = ticket_change::lock(tx, &Visible::All, id, true).await?;
        let ticket = found.ok_or_else(|| Error::not_found("ticket", id))?;
        Ok(Self::new(
            ticket,
            actor.user_id.clone(),
            actor.ip_address,
            now,
        ))
    }

    /// Says that a field changed which callers see with the ticket and which is kept elsewhere.
    pub(crate) fn tell_field(
        &mut self,
        field: &'static str,
        old_value: Option<String>,
        new_value: Option<String>,
    ) {
        self.ticket.version = self.before.version + 1;
        self.events.push(Event {
            event_type: HistoryEventType::Updated,
            field: Some(field),
            old_value,
            new_value,
            metadata: json!({}),
            internal: false,
        });
    }
}
