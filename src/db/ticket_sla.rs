//! The clock of a ticket in its row, and in its history.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use sea_orm::{QueryOrder as _, QuerySelect as _, entity::prelude::*};

use super::{
    history,
    ticket::{Column, Entity, Model},
};
use crate::{
    domain::{
        ids::TicketId,
        sla::{Pause, PromiseState, SlaClock},
        ticket::{TicketPriority, TicketStatus},
        time::Time,
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
    let moves = told_of(conn, ticket, "status").await?;
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

/// A change of a ticket's priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriorityChange {
    /// What it was.
    pub from: TicketPriority,
    /// What it is since.
    pub to: TicketPriority,
    /// When it changed.
    pub at: Time,
}

/// The changes of the ticket's priority, oldest first, as its history tells of them.
pub async fn priorities(
    conn: &impl ConnectionTrait,
    ticket: TicketId,
) -> Result<Vec<PriorityChange>> {
    let told = told_of(conn, ticket, "priority").await?;
    let change = |entry: history::Model| {
        Some(PriorityChange {
            from: entry.old_value?.parse().ok()?,
            to: entry.new_value?.parse().ok()?,
            at: entry.create_time,
        })
    };
    Ok(told.into_iter().filter_map(change).collect())
}

async fn told_of(
    conn: &impl ConnectionTrait,
    ticket: TicketId,
    field: &str,
) -> Result<Vec<history::Model>> {
    let rows = history::Entity::find()
        .filter(history::Column::TicketId.eq(ticket))
        .filter(history::Column::Field.eq(field))
        .order_by_asc(history::Column::Sequence);
    Ok(rows.all(conn).await?)
}

/// What a partial index for the sweep holds, word for word, so that the databases see that it fits: promises that are still to be kept, on
/// a clock that runs.
const RESPONSE_RUNS: &str = "first_response_time IS NULL AND NOT response_breached \
    AND paused_since IS NULL AND resolve_time IS NULL AND close_time IS NULL AND delete_time IS NULL";
const RESOLUTION_RUNS: &str = "NOT resolution_breached \
    AND paused_since IS NULL AND resolve_time IS NULL AND close_time IS NULL AND delete_time IS NULL";

/// Some of the tickets whose clock has something to be noted at `now`, a promise that is broken or soon will be: up to `limit` of each, in
/// the order of their ids.
pub async fn to_be_noted(
    conn: &impl ConnectionTrait,
    now: Time,
    limit: u64,
) -> Result<BTreeSet<TicketId>> {
    let mut found = BTreeSet::new();
    for (rule, column, late) in [
        (
            RESPONSE_RUNS,
            Column::ResponseDueTime,
            Column::ResponseDueTime.lt(now),
        ),
        (
            RESOLUTION_RUNS,
            Column::ResolutionDueTime,
            Column::ResolutionDueTime.lt(now),
        ),
        (
            RESPONSE_RUNS,
            Column::ResponseWarningTime,
            Column::ResponseWarningTime.lte(now),
        ),
        (
            RESOLUTION_RUNS,
            Column::ResolutionWarningTime,
            Column::ResolutionWarningTime.lte(now),
        ),
    ] {
        let rows = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Expr::cust(rule))
            .filter(late)
            .order_by_asc(column)
            .order_by_asc(Column::Id)
            .limit(limit);
        let ids: Vec<TicketId> = rows.into_tuple().all(conn).await?;
        found.extend(ids);
    }
    Ok(found)
}
