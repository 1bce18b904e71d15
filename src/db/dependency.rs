//! Dependencies: which ticket of a session has to exist before which.

use std::collections::HashMap;

use sea_orm::{
    IntoActiveModel, QueryOrder, QuerySelect, QueryTrait, entity::prelude::*,
    sea_query::SelectStatement,
};

use super::ticket::{self, Visible};

use crate::{
    domain::ids::{SessionId, TicketId},
    error::Result,
};

/// A row of `dependency`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "dependency")]
pub struct Model {
    /// The ticket that waits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub ticket_id: TicketId,
    /// The ticket that goes first; never the same.
    #[sea_orm(primary_key, auto_increment = false)]
    pub depends_on_id: TicketId,
    /// The session that both belong to.
    pub session_id: SessionId,
}

impl ActiveModelBehavior for ActiveModel {}

/// Adds dependencies.
pub async fn insert_many(conn: &impl ConnectionTrait, rows: Vec<Model>) -> Result<()> {
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

/// Replaces what one ticket depends on.
pub async fn replace(
    conn: &impl ConnectionTrait,
    session_id: SessionId,
    ticket_id: TicketId,
    depends_on: &[TicketId],
) -> Result<()> {
    Entity::delete_many()
        .filter(Column::TicketId.eq(ticket_id))
        .exec(conn)
        .await?;
    let rows = depends_on.iter().map(|&depends_on_id| Model {
        ticket_id,
        depends_on_id,
        session_id,
    });
    insert_many(conn, rows.collect()).await
}

/// Forgets the dependencies of a session.
pub async fn delete_of_session(conn: &impl ConnectionTrait, session: SessionId) -> Result<()> {
    Entity::delete_many()
        .filter(Column::SessionId.eq(session))
        .exec(conn)
        .await?;
    Ok(())
}

/// Every dependency of a session between tickets that are not deleted, in the order of their ids.
pub async fn of_session(conn: &impl ConnectionTrait, session: SessionId) -> Result<Vec<Model>> {
    let rows = Entity::find()
        .filter(Column::SessionId.eq(session))
        .filter(Column::TicketId.in_subquery(there()))
        .filter(Column::DependsOnId.in_subquery(there()));
    Ok(rows
        .order_by_asc(Column::TicketId)
        .order_by_asc(Column::DependsOnId)
        .all(conn)
        .await?)
}

/// What the tickets depend on, by ticket; what is deleted is left out.
pub async fn of_tickets(
    conn: &impl ConnectionTrait,
    tickets: impl IntoIterator<Item = TicketId>,
) -> Result<HashMap<TicketId, Vec<TicketId>>> {
    let rows = Entity::find()
        .filter(Column::TicketId.is_in(tickets))
        .filter(Column::DependsOnId.in_subquery(there()));
    let mut found: HashMap<TicketId, Vec<TicketId>> = HashMap::new();
    for row in rows.order_by_asc(Column::DependsOnId).all(conn).await? {
        found
            .entry(row.ticket_id)
            .or_default()
            .push(row.depends_on_id);
    }
    Ok(found)
}

/// The ids of tickets that are not deleted. A deleted one keeps its dependencies for when it is restored.
fn there() -> SelectStatement {
    let rows = ticket::live(&Visible::All).select_only();
    rows.column(ticket::Column::Id).into_query()
}
