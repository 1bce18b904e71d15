//! Export attachments: the files of a run's tickets on their way to the issues, each sent once.

use sea_orm::{IntoActiveModel, QueryOrder, Unchanged, entity::prelude::*};

use crate::{
    domain::{
        export::{FileSource, FileState},
        ids::{AttachmentId, ExportId, TicketId},
    },
    error::Result,
};

/// A row of `export_attachment`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "export_attachment")]
pub struct Model {
    /// The run.
    #[sea_orm(primary_key, auto_increment = false)]
    pub export_id: ExportId,
    /// The attachment; a file that is made of the description has an id of its own.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AttachmentId,
    /// The ticket.
    pub ticket_id: TicketId,
    /// Its place among the ticket's files, from 0.
    pub position: i32,
    /// Where its bytes come from.
    pub source: FileSource,
    /// Its name on the issue.
    pub filename: String,
    /// The size.
    pub size_bytes: i64,
    /// How far it has come.
    pub state: FileState,
    /// Jira's id of it: exactly when SENT.
    pub external_id: Option<String>,
    /// Why it is not there.
    pub error: Option<String>,
    /// Whether it was sent again although nobody could be sure that nothing had come of it: the issue may come to have it twice.
    pub doubted: bool,
}

impl ActiveModelBehavior for ActiveModel {}

/// The files of a ticket, in their order.
pub async fn of_ticket(
    conn: &impl ConnectionTrait,
    export: ExportId,
    ticket: TicketId,
) -> Result<Vec<Model>> {
    let rows = Entity::find()
        .filter(Column::ExportId.eq(export))
        .filter(Column::TicketId.eq(ticket));
    Ok(rows.order_by_asc(Column::Position).all(conn).await?)
}

/// Every file of a run.
pub async fn of_export(conn: &impl ConnectionTrait, export: ExportId) -> Result<Vec<Model>> {
    let rows = Entity::find().filter(Column::ExportId.eq(export));
    Ok(rows.all(conn).await?)
}

/// Every file that was sent again in doubt, a ticket's one after the other.
pub async fn doubted(conn: &impl ConnectionTrait, export: ExportId) -> Result<Vec<Model>> {
    let rows = Entity::find()
        .filter(Column::ExportId.eq(export))
        .filter(Column::Doubted.eq(true));
    let rows = rows
        .order_by_asc(Column::TicketId)
        .order_by_asc(Column::Position);
    Ok(rows.all(conn).await?)
}

/// Adds files that nothing was done about yet.
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

/// Takes a file off the run: nobody wants it on the issue any more.
pub async fn forget(conn: &impl ConnectionTrait, row: &Model) -> Result<()> {
    Entity::delete_by_id((row.export_id, row.id))
        .exec(conn)
        .await?;
    Ok(())
}

/// Writes how far a file has come.
pub async fn save(conn: &impl ConnectionTrait, row: &Model) -> Result<()> {
    let mut change = row.clone().into_active_model().reset_all();
    change.export_id = Unchanged(row.export_id);
    change.id = Unchanged(row.id);
    Entity::update(change).exec(conn).await?;
    Ok(())
}
