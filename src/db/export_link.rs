//! Export links: the dependencies of a run as links between issues, each made once.

use sea_orm::{IntoActiveModel, QueryOrder, QuerySelect, entity::prelude::*};

use crate::{
    domain::{
        export::LinkState,
        ids::{ExportId, TicketId},
    },
    error::Result,
};

/// A row of `export_link`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "export_link")]
pub struct Model {
    /// The run.
    #[sea_orm(primary_key, auto_increment = false)]
    pub export_id: ExportId,
    /// The ticket that blocks.
    #[sea_orm(primary_key, auto_increment = false)]
    pub from_ticket_id: TicketId,
    /// The ticket that is blocked.
    #[sea_orm(primary_key, auto_increment = false)]
    pub to_ticket_id: TicketId,
    /// How far it has come.
    pub state: LinkState,
    /// Why it was refused.
    pub error: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Adds links to be made.
pub async fn insert_many(conn: &impl ConnectionTrait, rows: &[Model]) -> Result<()> {
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

/// The links that are still to be made, in a fixed order, from behind `after`.
pub async fn pending(
    conn: &impl ConnectionTrait,
    export: ExportId,
    limit: u64,
) -> Result<Vec<Model>> {
    let rows = Entity::find()
        .filter(Column::ExportId.eq(export))
        .filter(Column::State.eq(LinkState::Pending));
    let rows = rows
        .order_by_asc(Column::FromTicketId)
        .order_by_asc(Column::ToTicketId);
    Ok(rows.limit(limit).all(conn).await?)
}

/// How far a link of the run has come, if it is the run's.
pub async fn state(
    conn: &impl ConnectionTrait,
    export: ExportId,
    [from, to]: [TicketId; 2],
) -> Result<Option<LinkState>> {
    let row = Entity::find_by_id((export, from, to)).one(conn).await?;
    Ok(row.map(|row| row.state))
}

/// Every link of the run.
pub async fn of_export(conn: &impl ConnectionTrait, export: ExportId) -> Result<Vec<Model>> {
    let rows = Entity::find().filter(Column::ExportId.eq(export));
    Ok(rows.all(conn).await?)
}

/// Writes how far a link has come.
pub async fn save(conn: &impl ConnectionTrait, row: &Model) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(row.state))
        .col_expr(Column::Error, Expr::value(row.error.clone()))
        .filter(Column::ExportId.eq(row.export_id))
        .filter(Column::FromTicketId.eq(row.from_ticket_id))
        .filter(Column::ToTicketId.eq(row.to_ticket_id))
        .exec(conn)
        .await?;
    Ok(())
}
