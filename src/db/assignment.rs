//! Assignments: who worked on a ticket, from when until when; at most one of a ticket is open.

use sea_orm::{IntoActiveModel, entity::prelude::*};

use crate::{
    domain::ids::{AssignmentId, TicketId, UserId},
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
