//! Attachments: the facts about a file; its bytes lie in the blob store under their SHA-256.

use sea_orm::{IntoActiveModel, Order, QueryOrder, QuerySelect, entity::prelude::*};
use serde::{Deserialize, Serialize};

use super::{
    query,
    ticket::{self, Visible},
};
use crate::{
    domain::{
        ids::{AttachmentId, TicketId, UserId},
        ticket::ScanStatus,
        time::Time,
    },
    error::Result,
};

/// A row of `attachment`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "attachment")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AttachmentId,
    /// The ticket.
    pub ticket_id: TicketId,
    /// Who uploaded it.
    pub uploader_id: UserId,
    /// 1 to 255 characters.
    pub filename: String,
    /// The media type.
    pub content_type: String,
    /// The size.
    pub size_bytes: i64,
    /// Where the bytes lie: their SHA-256 in 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// What a scan for malware said.
    pub scan_status: ScanStatus,
    /// When it was uploaded.
    pub create_time: DateTimeUtc,
    /// When it was deleted, softly.
    pub delete_time: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

/// The attachments that are not deleted.
fn live() -> Select<Entity> {
    Entity::find().filter(Column::DeleteTime.is_null())
}

/// The attachment of a visible ticket, unless it or the ticket was deleted.
pub async fn find(
    conn: &impl ConnectionTrait,
    visible: &Visible,
    id: AttachmentId,
) -> Result<Option<Model>> {
    let row = live()
        .filter(Column::Id.eq(id))
        .filter(Column::TicketId.in_subquery(ticket::ids(visible)));
    Ok(row.one(conn).await?)
}

/// The attachment, also of a deleted ticket, unless it was deleted itself: what no caller asks for.
pub async fn kept(conn: &impl ConnectionTrait, id: AttachmentId) -> Result<Option<Model>> {
    Ok(live().filter(Column::Id.eq(id)).one(conn).await?)
}

/// A ticket's attachments, oldest first, from behind `after`.
pub async fn page_of_ticket(
    conn: &impl ConnectionTrait,
    ticket: TicketId,
    after: Option<(Time, AttachmentId)>,
    limit: u64,
) -> Result<Vec<Model>> {
    let mut rows = live().filter(Column::TicketId.eq(ticket));
    if let Some((time, id)) = after {
        let columns = [Column::CreateTime, Column::Id];
        rows = rows.filter(query::behind(columns, [time.into(), id.into()], Order::Asc));
    }
    let rows = rows
        .order_by_asc(Column::CreateTime)
        .order_by_asc(Column::Id);
    Ok(rows.limit(limit).all(conn).await?)
}

/// Adds an attachment.
pub async fn insert(conn: &impl ConnectionTrait, row: Model) -> Result<()> {
    Entity::insert(row.into_active_model())
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// Deletes an attachment. `false`: it is deleted already.
pub async fn delete(conn: &impl ConnectionTrait, id: AttachmentId, now: Time) -> Result<bool> {
    let done = Entity::update_many()
        .col_expr(Column::DeleteTime, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::DeleteTime.is_null())
        .exec(conn)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Notes what a scan has said of an attachment's bytes. `false`: it is not as it was read any more.
pub async fn set_scan_status(
    conn: &impl ConnectionTrait,
    read: &Model,
    status: ScanStatus,
) -> Result<bool> {
    let done = Entity::update_many()
        .col_expr(Column::ScanStatus, Expr::value(status))
        .filter(Column::Id.eq(read.id))
        .filter(Column::ScanStatus.eq(read.scan_status))
        .filter(Column::DeleteTime.is_null())
        .exec(conn)
        .await?;
    Ok(done.rows_affected == 1)
}

/// The other attachments with these bytes that are given to everybody.
pub async fn served_alike(conn: &impl ConnectionTrait, file: &Model) -> Result<Vec<Model>> {
    let served = [ScanStatus::Clean, ScanStatus::Skipped];
    let rows = live()
        .filter(Column::Sha256.eq(file.sha256.as_str()))
        .filter(Column::ScanStatus.is_in(served));
    Ok(rows.all(conn).await?)
}

/// Whether something was found in these bytes in any attachment, also in one that is deleted by now.
pub async fn is_infected(conn: &impl ConnectionTrait, sha256: &str) -> Result<bool> {
    let rows = Entity::find()
        .filter(Column::Sha256.eq(sha256))
        .filter(Column::ScanStatus.eq(ScanStatus::Infected));
    Ok(rows.one(conn).await?.is_some())
}

/// The attachments of these tickets, oldest first.
pub async fn of_tickets(
    conn: &impl ConnectionTrait,
    tickets: impl IntoIterator<Item = TicketId>,
) -> Result<Vec<Model>> {
    let rows = live().filter(Column::TicketId.is_in(tickets));
    let rows = rows
        .order_by_asc(Column::CreateTime)
        .order_by_asc(Column::Id);
    Ok(rows.all(conn).await?)
}
