//! Assignments: who worked on a ticket, from when until when; at most one of a ticket is open.

use sea_orm::{IntoActiveModel, Order, QueryOrder, QuerySelect, entity::prelude::*};

use super::query;
use crate::{
    domain::{
        ids::{AssignmentId, TicketId, UserId},
        time::Time,
    },
    error::Result,
};

/// A row of `assignment`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "assignment")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AssignmentId,
    /// The ticket.
    pub ticket_id: TicketId,
    /// Who works on it.
    pub assignee_id: UserId,
    /// Who said so.
    pub assigned_by_id: UserId,
    /// From when.
    pub assign_time: DateTimeUtc,
    /// Until when; none while it is open.
    pub unassign_time: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Notes that somebody was assigned.
pub async fn insert(conn: &impl ConnectionTrait, row: Model) -> Result<()> {
    Entity::insert(row.into_active_model())
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// Adds assignments.
pub async fn insert_many(conn: &impl ConnectionTrait, rows: Vec<Model>) -> Result<()> {
    for chunk in rows.chunks(query::ROWS_A_STATEMENT) {
        let rows = chunk
            .iter()
            .cloned()
            .map(IntoActiveModel::into_active_model);
        Entity::insert_many(rows)
            .exec_without_returning(conn)
            .await?;
    }
    Ok(())
}

/// Notes that whoever works on the ticket does so no longer.
pub async fn end(conn: &impl ConnectionTrait, ticket_id: TicketId, now: Time) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::UnassignTime, Expr::value(now))
        .filter(Column::TicketId.eq(ticket_id))
        .filter(Column::UnassignTime.is_null())
        .exec(conn)
        .await?;
    Ok(())
}

/// Where a list goes on: behind the assignment of this time and id.
pub type Position = (Time, AssignmentId);

/// A ticket's assignments, oldest first, from behind `after`.
pub async fn page(
    conn: &impl ConnectionTrait,
    ticket_id: TicketId,
    after: Option<Position>,
    limit: u64,
) -> Result<Vec<Model>> {
    let mut rows = Entity::find().filter(Column::TicketId.eq(ticket_id));
    if let Some((time, id)) = after {
        let columns = [Column::AssignTime, Column::Id];
        rows = rows.filter(query::behind(columns, [time.into(), id.into()], Order::Asc));
    }
    let rows = rows
        .order_by_asc(Column::AssignTime)
        .order_by_asc(Column::Id);
    Ok(rows.limit(limit).all(conn).await?)
}
