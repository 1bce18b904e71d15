//! The index of tickets by tag: `ticket.tags` taken apart, one row a tag, on both databases.
//!
//! `ticket.tags` is what a ticket says; these rows only find it, so whoever writes the one writes the other, in the same transaction.

use sea_orm::{IntoActiveModel, entity::prelude::*};

use super::ticket;
use crate::{domain::ids::TicketId, error::Result};

/// A row of `ticket_tag`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ticket_tag")]
pub struct Model {
    /// The tag.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tag: String,
    /// A ticket that has it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub ticket_id: TicketId,
    /// When that was filed, which never changes.
    pub create_time: DateTimeUtc,
}

/// A row for each tag of the ticket.
pub(super) fn rows(ticket: &ticket::Model) -> impl Iterator<Item = Model> {
    ticket.tags.0.iter().map(|tag| Model {
        tag: tag.clone(),
        ticket_id: ticket.id,
        create_time: ticket.create_time,
    })
}

impl ActiveModelBehavior for ActiveModel {}

/// Adds tags to the index.
pub(super) async fn insert_many(conn: &impl ConnectionTrait, rows: Vec<Model>) -> Result<()> {
    for chunk in rows.chunks(super::query::ROWS_A_STATEMENT) {
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

/// Puts a ticket under its tags and no others.
pub(super) async fn replace(conn: &impl ConnectionTrait, ticket: &ticket::Model) -> Result<()> {
    Entity::delete_many()
        .filter(Column::TicketId.eq(ticket.id))
        .exec(conn)
        .await?;
    insert_many(conn, rows(ticket).collect()).await
}
