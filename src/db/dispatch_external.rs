//! What attempts have made on platforms, found by the platform's own id of it.

use sea_orm::{Condition, DbBackend, ExprTrait as _, QueryOrder, Value, entity::prelude::*};

use super::dispatch::{Column, DispatchState, Entity, Model};
use crate::{
    domain::{
        dispatch::DispatchOutcome,
        ids::{IntegrationId, TicketId},
    },
    error::Result,
};

/// Of each ticket that this is the copy of, the latest attempt that made or found it there, or goes on with it.
pub async fn made(
    conn: &impl ConnectionTrait,
    integration: IntegrationId,
    external_id: &str,
) -> Result<Vec<Model>> {
    // As the index has it.
    let same = match conn.get_database_backend() {
        DbBackend::Sqlite => "external IS NOT NULL AND json_extract(external, '$.id') = ?",
        _ => "external IS NOT NULL AND external ->> 'id' = $1",
    };
    let rows = Entity::find()
        .filter(Column::IntegrationId.eq(integration))
        .filter(
            Condition::any()
                .add(Column::Outcome.eq(DispatchOutcome::Created))
                .add(Column::State.ne(DispatchState::Ended)),
        )
        .filter(Expr::cust_with_values(same, [Value::from(external_id)]))
        .order_by_asc(Column::TicketId)
        .order_by_desc(Column::Number);
    let mut rows = rows.all(conn).await?;
    rows.dedup_by_key(|row| row.ticket_id);
    Ok(rows)
}

/// The latest attempt of a ticket that has ended, or has made its copy: the one that the ticket shows.
pub async fn latest_shown(conn: &impl ConnectionTrait, ticket: TicketId) -> Result<Option<Model>> {
    let rows = Entity::find()
        .filter(Column::TicketId.eq(ticket))
        .filter(
            Column::State
                .eq(DispatchState::Ended)
                .or(Column::External.is_not_null()),
        )
        .order_by_desc(Column::Number);
    Ok(rows.one(conn).await?)
}

/// Keeps what is now known of what the attempt made.
pub async fn set_external(conn: &impl ConnectionTrait, row: &Model) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::External, Expr::value(row.external.clone()))
        .filter(Column::Id.eq(row.id))
        .exec(conn)
        .await?;
    Ok(())
}
