//! How a ticket's due times came about, as its history tells.

use super::App;
use crate::{
    db::ticket_sla,
    domain::{
        actor::Actor,
        ids::TicketId,
        permission::TicketAction,
        sla::{Piece, SlaTarget},
        ticket::TicketPriority,
        time::Time,
    },
    error::Result,
};

/// How the due times of a ticket came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlaExplanation {
    /// Each priority that the ticket has had, what it promises, and since when it had it; oldest first.
    pub targets: Vec<(TicketPriority, SlaTarget, Time)>,
    /// From the creation to the later due time.
    pub pieces: Vec<Piece>,
    /// When the first response is due.
    pub response_due: Time,
    /// When the resolution is due.
    pub resolution_due: Time,
}

impl App {
    /// How the ticket's due times came about, for whoever may view it. Targets and hours are those of the settings now.
    pub async fn explain_sla(&self, actor: &Actor, id: Result<TicketId>) -> Result<SlaExplanation> {
        let view = TicketAction::ViewTicket;
        let (ticket, ()) = self.permitted(actor, id, view, || Ok(())).await?;
        let pauses = ticket_sla::pauses(self.db.read(), ticket.id).await?;
        let changes = ticket_sla::priorities(self.db.read(), ticket.id).await?;
        let first = changes
            .first()
            .map_or(ticket.priority, |change| change.from);
        let mut had = vec![(first, ticket.create_time)];
        had.extend(changes.iter().map(|change| (change.to, change.at)));
        let target = |(priority, since)| (priority, self.sla.target(priority), since);
        Ok(SlaExplanation {
            targets: had.into_iter().map(target).collect(),
            pieces: self.sla.explain(&ticket.clock(), &pauses),
            response_due: ticket.response_due_time,
            resolution_due: ticket.resolution_due_time,
        })
    }
}
