//! The index of tickets by tag: `ticket.tags` taken apart, one row a tag, on both databases.
//!
//! `ticket.tags` is what a ticket says; these rows only find it, so whoever writes the one writes the other, in the same transaction.

use sea_orm::{IntoActiveModel, entity::prelude::*};

use crate::{
    domain::{ids::TicketId, ticket::Words},
    error::Result,
};

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

/// Puts a ticket under these tags and no others.
pub(super) async fn replace(
    conn: &impl ConnectionTrait,
    ticket_id: TicketId,
    tags: &Words,
) -> Result<()> {
    Entity::delete_many()
        .filter(Column::TicketId.eq(ticket_id))
        .exec(conn)
        .await?;
    let row = |tag: &String| Model {
        tag: tag.clone(),
        ticket_id,
    };
    insert_many(conn, tags.0.iter().map(row).collect()).await
}
