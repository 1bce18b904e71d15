//! Attachments: the facts about a file; its bytes lie in the blob store under their SHA-256.

use sea_orm::entity::prelude::*;

use crate::domain::{
    ids::{AttachmentId, TicketId, UserId},
    ticket::ScanStatus,
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
