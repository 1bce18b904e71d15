//! Attachments that wait for their scan: one row each, from the upload to the verdict.

use sea_orm::{IntoActiveModel, QueryOrder, QuerySelect, entity::prelude::*};

use super::query;
use crate::{
    domain::{ids::AttachmentId, time::Time},
    error::Result,
};

/// A row of `scan`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "scan")]
pub struct Model {
    /// The attachment.
    #[sea_orm(primary_key, auto_increment = false)]
    pub attachment_id: AttachmentId,
    /// How often somebody has taken it up.
    pub attempts: i32,
    /// From when on somebody may take it up.
    pub next_time: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// Adds an attachment that waits.
pub async fn insert(conn: &impl ConnectionTrait, id: AttachmentId, now: Time) -> Result<()> {
    let row = Model {
        attachment_id: id,
        attempts: 0,
        next_time: now,
    };
    Entity::insert(row.into_active_model())
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// Those that may be taken up at `now`: the least often tried first, so that what brings the scanner to nothing stands in nobody's way,
/// and of these the longest waiting.
pub async fn due(conn: &impl ConnectionTrait, now: Time, limit: u64) -> Result<Vec<Model>> {
    let rows = Entity::find()
        .filter(Column::NextTime.lte(now))
        .order_by_asc(Column::Attempts)
        .order_by_asc(Column::NextTime)
        .order_by_asc(Column::AttachmentId);
    Ok(rows.limit(limit).all(conn).await?)
}

/// Takes one up until `until`, as nobody else has since it was read. [`crate::error::Error::Fenced`]: somebody has.
pub async fn claim(conn: &impl ConnectionTrait, seen: &Model, until: Time) -> Result<()> {
    let update = Entity::update_many()
        .col_expr(Column::Attempts, query::next_version(Column::Attempts))
        .col_expr(Column::NextTime, Expr::value(until))
        .filter(Column::AttachmentId.eq(seen.attachment_id))
        .filter(Column::Attempts.eq(seen.attempts));
    query::exactly_one(update, conn).await
}

/// Has one wait until `time`, where it still waits.
pub async fn put_off(conn: &impl ConnectionTrait, id: AttachmentId, time: Time) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::NextTime, Expr::value(time))
        .filter(Column::AttachmentId.eq(id))
        .exec(conn)
        .await?;
    Ok(())
}

/// Ends the wait. Whether it still waited.
pub async fn end(conn: &impl ConnectionTrait, id: AttachmentId) -> Result<bool> {
    let done = Entity::delete_by_id(id).exec(conn).await?;
    Ok(done.rows_affected == 1)
}
