//! Attachments: the facts about a file; its bytes lie in the blob store under their SHA-256.

use sea_orm::{QueryOrder, entity::prelude::*};

use crate::{
    domain::{
        ids::{AttachmentId, TicketId, UserId},
        ticket::ScanStatus,
    },
    error::Result,
};

/// A row of `attachment`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
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

/// The files of these tickets that are not deleted, the oldest first.
pub async fn of_tickets(
    conn: &impl ConnectionTrait,
    tickets: impl IntoIterator<Item = TicketId>,
) -> Result<Vec<Model>> {
    let rows = Entity::find()
        .filter(Column::TicketId.is_in(tickets))
        .filter(Column::DeleteTime.is_null());
    let rows = rows
        .order_by_asc(Column::CreateTime)
        .order_by_asc(Column::Id);
    Ok(rows.all(conn).await?)
}
