//! The clock of a ticket in its row, and in its history.

use chrono::TimeDelta;
use sea_orm::{QueryOrder as _, entity::prelude::*};

use super::{history, ticket::Model};
use crate::{
    domain::{
        ids::TicketId,
        sla::{Pause, PromiseState, SlaClock},
        ticket::TicketStatus,
    },
    error::Result,
};

impl Model {
    /// The ticket's clock.
    pub fn clock(&self) -> SlaClock {
        SlaClock {
            created: self.create_time,
            response: PromiseState {
                due: self.response_due_time,
                warning: self.response_warning_time,
                breached: self.response_breached,
            },
            resolution: PromiseState {
                due: self.resolution_due_time,
                warning: self.resolution_warning_time,
                breached: self.resolution_breached,
            },
            first_response: self.first_response_time,
            ended: self.resolve_time.or(self.close_time),
            paused_since: self.paused_since,
            paused: TimeDelta::microseconds(self.paused_micros),
        }
    }

    /// Takes over what happened to the clock. When the ticket was created, resolved and closed is not the clock's to say.
    pub fn set_clock(&mut self, state: &SlaClock) {
        self.response_due_time = state.response.due;
        self.response_warning_time = state.response.warning;
        self.response_breached = state.response.breached;
        self.resolution_due_time = state.resolution.due;
        self.resolution_warning_time = state.resolution.warning;
        self.resolution_breached = state.resolution.breached;
        self.first_response_time = state.first_response;
        self.paused_since = state.paused_since;
        self.paused_micros = state.paused.num_microseconds().unwrap_or(i64::MAX);
    }
}

/// The ticket's stays in PENDING_INFO, oldest first, as its history tells of them.
pub async fn pauses(conn: &impl ConnectionTrait, ticket: TicketId) -> Result<Vec<Pause>> {
    let pending = <&str>::from(TicketStatus::PendingInfo);
    let moves = history::Entity::find()
        .filter(history::Column::TicketId.eq(ticket))
        .filter(history::Column::Field.eq("status"))
        .order_by_asc(history::Column::Sequence)
        .all(conn)
        .await?;
    let mut pauses: Vec<Pause> = Vec::new();
    for entry in moves {
        if entry.old_value.as_deref() == Some(pending)
            && let Some(open) = pauses.last_mut()
        {
            open.to = Some(entry.create_time);
        }
        if entry.new_value.as_deref() == Some(pending) {
            pauses.push(Pause {
                from: entry.create_time,
                to: None,
            });
        }
    }
    Ok(pauses)
}
