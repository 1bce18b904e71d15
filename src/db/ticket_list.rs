//! Lists of tickets: filters, orders and keyset pages. A page costs the same wherever in the list it is.

use sea_orm::{
    Condition, ConnectionTrait, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select, entity::prelude::*,
};
use serde::{Deserialize, Serialize};

use super::{
    query,
    ticket::{self, Column, Entity, Model, Visible},
    ticket_tag,
};
use crate::{
    domain::{
        ids::{ConversationId, IntegrationId, SessionId, TicketId, UserId},
        ticket::{Environment, TicketCategory, TicketPriority, TicketStatus},
        time::Time,
    },
    error::Result,
};

/// Which tickets a list shows; an empty list of values means any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only in one of these states.
    pub statuses: Vec<TicketStatus>,
    /// Only of one of these priorities.
    pub priorities: Vec<TicketPriority>,
    /// Only of one of these categories.
    pub categories: Vec<TicketCategory>,
    /// Only in one of these environments.
    pub environments: Vec<Environment>,
    /// Only assigned to this person.
    pub assignee_id: Option<UserId>,
    /// Only assigned to nobody (`true`) or to somebody (`false`).
    pub unassigned: Option<bool>,
    /// Only filed by this person.
    pub creator_id: Option<UserId>,
    /// Only with this team.
    pub team: Option<String>,
    /// Only with every one of these tags.
    pub tags: Vec<String>,
    /// Only with this integration.
    pub integration_id: Option<IntegrationId>,
    /// Only of this session.
    pub session_id: Option<SessionId>,
    /// Only of this conversation.
    pub conversation_id: Option<ConversationId>,
    /// Only filed at or after the first and before the second instant.
    pub created: (Option<Time>, Option<Time>),
    /// Only changed at or after the first and before the second instant.
    pub updated: (Option<Time>, Option<Time>),
    /// Only with (`true`) or without (`false`) a due time that passed unmet.
    pub sla_breached: Option<bool>,
    /// Also the deleted ones.
    pub show_deleted: bool,
}

/// What a list is ordered by; ties go by id, in the same direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// When it was filed.
    CreateTime,
    /// When it was changed last.
    UpdateTime,
    /// How urgent it is, P1 first.
    Priority,
    /// The ticket's number.
    Number,
}

/// What a list is ordered by, and in which direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListOrder {
    /// By what.
    pub key: Key,
    /// Largest or newest first.
    pub descending: bool,
}

/// Where a page ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Position {
    /// The instant and id of the last ticket.
    Time(Time, TicketId),
    /// The priority and id of the last ticket.
    Priority(TicketPriority, TicketId),
    /// The number of the last ticket.
    Number(i64),
}

impl Key {
    /// Where a page that ends with this ticket ends.
    pub fn position(self, row: &Model) -> Position {
        match self {
            Self::CreateTime => Position::Time(row.create_time, row.id),
            Self::UpdateTime => Position::Time(row.update_time, row.id),
            Self::Priority => Position::Priority(row.priority, row.id),
            Self::Number => Position::Number(row.number),
        }
    }

    fn column(self) -> Column {
        match self {
            Self::CreateTime => Column::CreateTime,
            Self::UpdateTime => Column::UpdateTime,
            Self::Priority => Column::Priority,
            Self::Number => Column::Number,
        }
    }
}

/// The tickets behind `after`.
pub async fn page(
    conn: &impl ConnectionTrait,
    visible: &Visible,
    filter: &Filter,
    ListOrder { key, descending }: ListOrder,
    after: Option<Position>,
    limit: u64,
) -> Result<Vec<Model>> {
    let order = if descending { Order::Desc } else { Order::Asc };
    let mut rows = matching(visible, filter);
    if let Some(position) = after {
        let pair = [key.column(), Column::Id];
        rows = rows.filter(match position {
            Position::Time(time, id) => {
                query::behind(pair, [time.into(), id.into()], order.clone())
            }
            Position::Priority(priority, id) => {
                query::behind(pair, [priority.into(), id.into()], order.clone())
            }
            Position::Number(number) => {
                query::behind([Column::Number], [number.into()], order.clone())
            }
        });
    }
    rows = rows.order_by(key.column(), order.clone());
    if key != Key::Number {
        rows = rows.order_by(Column::Id, order);
    }
    Ok(rows.limit(limit).all(conn).await?)
}

/// How many tickets the whole list has.
pub async fn count(conn: &impl ConnectionTrait, visible: &Visible, filter: &Filter) -> Result<u64> {
    Ok(matching(visible, filter).count(conn).await?)
}

fn matching(visible: &Visible, filter: &Filter) -> Select<Entity> {
    ticket::live_or_all(visible, filter.show_deleted)
        .filter(values(filter))
        .filter(people_and_places(filter))
        .filter(instants(filter))
}

fn values(filter: &Filter) -> Condition {
    let mut all = Condition::all();
    if !filter.statuses.is_empty() {
        all = all.add(Column::Status.is_in(filter.statuses.iter().copied()));
    }
    if !filter.priorities.is_empty() {
        all = all.add(Column::Priority.is_in(filter.priorities.iter().copied()));
    }
    if !filter.categories.is_empty() {
        all = all.add(Column::Category.is_in(filter.categories.iter().copied()));
    }
    if !filter.environments.is_empty() {
        all = all.add(Column::Environment.is_in(filter.environments.iter().copied()));
    }
    for tag in &filter.tags {
        let tagged = ticket_tag::Entity::find()
            .select_only()
            .column(ticket_tag::Column::TicketId);
        let tagged = tagged.filter(ticket_tag::Column::Tag.eq(tag)).into_query();
        all = all.add(Column::Id.in_subquery(tagged));
    }
    all
}

fn people_and_places(filter: &Filter) -> Condition {
    Condition::all()
        .add_option(
            filter
                .assignee_id
                .clone()
                .map(|id| Column::AssigneeId.eq(id)),
        )
        .add_option(filter.unassigned.map(|none| {
            if none {
                Column::AssigneeId.is_null()
            } else {
                Column::AssigneeId.is_not_null()
            }
        }))
        .add_option(filter.creator_id.clone().map(|id| Column::CreatorId.eq(id)))
        .add_option(filter.team.clone().map(|team| Column::Team.eq(team)))
        .add_option(filter.integration_id.map(|id| Column::IntegrationId.eq(id)))
        .add_option(filter.session_id.map(|id| Column::SessionId.eq(id)))
        .add_option(
            filter
                .conversation_id
                .clone()
                .map(|id| Column::ConversationId.eq(id)),
        )
}

fn instants(filter: &Filter) -> Condition {
    let (created, updated) = (filter.created, filter.updated);
    let breached = |either: bool| {
        let any = Condition::any()
            .add(Column::ResponseBreached.eq(true))
            .add(Column::ResolutionBreached.eq(true));
        if either { any } else { any.not() }
    };
    Condition::all()
        .add_option(created.0.map(|from| Column::CreateTime.gte(from)))
        .add_option(created.1.map(|to| Column::CreateTime.lt(to)))
        .add_option(updated.0.map(|from| Column::UpdateTime.gte(from)))
        .add_option(updated.1.map(|to| Column::UpdateTime.lt(to)))
        .add_option(filter.sla_breached.map(breached))
}
