//! The parts of an upload that have come in: where each begins and where its bytes lie.

use sea_orm::{IntoActiveModel, PaginatorTrait, QueryOrder, entity::prelude::*};

use crate::{domain::ids::UploadId, error::Result};

/// A row of `upload_part`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "upload_part")]
pub struct Model {
    /// The upload.
    #[sea_orm(primary_key, auto_increment = false)]
    pub upload_id: UploadId,
    /// Where it begins within the file.
    #[sea_orm(primary_key, auto_increment = false)]
    pub start_offset: i64,
    /// The size.
    pub size_bytes: i64,
    /// The name under which the bytes lie.
    pub object: String,
}

impl ActiveModelBehavior for ActiveModel {}

/// Adds a part.
pub async fn insert(conn: &impl ConnectionTrait, row: Model) -> Result<()> {
    Entity::insert(row.into_active_model())
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// The parts of an upload, in the order of the file.
pub async fn of_upload(conn: &impl ConnectionTrait, upload: UploadId) -> Result<Vec<Model>> {
    let rows = Entity::find().filter(Column::UploadId.eq(upload));
    Ok(rows.order_by_asc(Column::StartOffset).all(conn).await?)
}

/// In how many parts an upload has come so far.
pub async fn count(conn: &impl ConnectionTrait, upload: UploadId) -> Result<u64> {
    let rows = Entity::find().filter(Column::UploadId.eq(upload));
    Ok(rows.count(conn).await?)
}

/// Forgets the parts of an upload.
pub async fn delete(conn: &impl ConnectionTrait, upload: UploadId) -> Result<()> {
    Entity::delete_many()
        .filter(Column::UploadId.eq(upload))
        .exec(conn)
        .await?;
    Ok(())
}
