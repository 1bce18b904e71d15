//! Uploads in unary calls: what is announced, and how far it has come.

use chrono::TimeDelta;
use sea_orm::{IntoActiveModel, entity::prelude::*};

use super::query;
use crate::{
    domain::{
        ids::{AttachmentId, TicketId, UploadId, UserId},
        time::Time,
    },
    error::Result,
};

/// A row of `upload`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "upload")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UploadId,
    /// The ticket.
    pub ticket_id: TicketId,
    /// Who began it, and alone may go on with it.
    pub uploader_id: UserId,
    /// 1 to 255 characters.
    pub filename: String,
    /// The media type, as the uploader says.
    pub content_type: String,
    /// The size that is announced.
    pub size_bytes: i64,
    /// The digest that is announced, if one is.
    pub sha256: Option<String>,
    /// How many bytes have come in without a gap.
    pub received_bytes: i64,
    /// The attachment made of it, once it is.
    pub attachment_id: Option<AttachmentId>,
    /// When it began.
    pub create_time: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// How long an upload may take.
pub const KEPT: TimeDelta = TimeDelta::hours(24);

/// Begins an upload.
pub async fn insert(conn: &impl ConnectionTrait, row: Model) -> Result<()> {
    Entity::insert(row.into_active_model())
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// The upload that this person began, unless it is too old by now.
pub async fn find(
    conn: &impl ConnectionTrait,
    id: UploadId,
    uploader: &UserId,
    now: Time,
) -> Result<Option<Model>> {
    let rows = Entity::find_by_id(id)
        .filter(Column::UploaderId.eq(uploader.clone()))
        .filter(Column::CreateTime.gt(now - KEPT));
    Ok(rows.one(conn).await?)
}

/// How many uploads this person has begun that are neither attachments yet nor too old by now.
pub async fn count_open(conn: &impl ConnectionTrait, uploader: &UserId, now: Time) -> Result<u64> {
    let open = Entity::find()
        .filter(Column::UploaderId.eq(uploader.clone()))
        .filter(Column::AttachmentId.is_null())
        .filter(Column::CreateTime.gt(now - KEPT));
    Ok(open.count(conn).await?)
}

/// Notes that the bytes from `from` to `to` have come in. [`Error::Fenced`](crate::error::Error::Fenced): it has come to another
/// point meanwhile.
pub async fn advance(conn: &impl ConnectionTrait, id: UploadId, from: i64, to: i64) -> Result<()> {
    let update = Entity::update_many()
        .col_expr(Column::ReceivedBytes, Expr::value(to))
        .filter(Column::Id.eq(id))
        .filter(Column::ReceivedBytes.eq(from));
    query::exactly_one(update, conn).await
}

/// Notes which attachment was made of it. [`Error::Fenced`](crate::error::Error::Fenced): one was made already.
pub async fn finish(
    conn: &impl ConnectionTrait,
    id: UploadId,
    attachment: AttachmentId,
) -> Result<()> {
    let update = Entity::update_many()
        .col_expr(Column::AttachmentId, Expr::value(attachment))
        .filter(Column::Id.eq(id))
        .filter(Column::AttachmentId.is_null());
    query::exactly_one(update, conn).await
}

/// Forgets an upload and its parts.
pub async fn delete(conn: &impl ConnectionTrait, id: UploadId) -> Result<()> {
    Entity::delete_by_id(id).exec(conn).await?;
    Ok(())
}

/// Forgets the uploads that began before `time`.
pub async fn forget_before(conn: &impl ConnectionTrait, time: Time) -> Result<()> {
    Entity::delete_many()
        .filter(Column::CreateTime.lte(time))
        .exec(conn)
        .await?;
    Ok(())
}
