//! Blobs: each content once, and how many attachments have it. The row is what makes an object in the blob store count: it is written
//! after the bytes are safe, and gone before they go.
//!
//! No object's name is ever used twice. So whoever takes the row away may delete the object in its own time, whatever is uploaded
//! meanwhile, and an object without a row that is older than any upload is nobody's.

use sea_orm::{
    IntoActiveModel, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, LockType},
};

use super::Tx;
use crate::{domain::time::Time, error::Result};

/// A row of `blob`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "blob")]
pub struct Model {
    /// The content's SHA-256 in 64 lower-case hexadecimal digits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sha256: String,
    /// The name under which the bytes lie.
    #[sea_orm(unique)]
    pub object: String,
    /// The size.
    pub size_bytes: i64,
    /// How many attachments that are not deleted have the content.
    pub reference_count: i32,
    /// When the bytes were kept.
    pub create_time: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// The content, if it is kept.
pub async fn find(conn: &impl ConnectionTrait, sha256: &str) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(sha256).one(conn).await?)
}

/// Locks the content until the transaction ends, also where it is not kept any more: what is read of its attachments then stands.
pub async fn lock(tx: &Tx, sha256: &str) -> Result<()> {
    let row = Entity::find_by_id(sha256).lock(LockType::NoKeyUpdate);
    row.one(tx).await?;
    Ok(())
}

/// Counts one more attachment of a content that is kept. `false`: it is not (any more).
pub async fn hold(conn: &impl ConnectionTrait, sha256: &str) -> Result<bool> {
    let done = Entity::update_many()
        .col_expr(
            Column::ReferenceCount,
            Expr::col(Column::ReferenceCount.as_column_ref()).add(1),
        )
        .filter(Column::Sha256.eq(sha256))
        .exec(conn)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Keeps a content whose bytes are safe under `object`, with one attachment. Of two at once one fails as a duplicate.
pub async fn insert(
    conn: &impl ConnectionTrait,
    sha256: &str,
    object: &str,
    size_bytes: i64,
    now: Time,
) -> Result<()> {
    let row = Model {
        sha256: sha256.to_owned(),
        object: object.to_owned(),
        size_bytes,
        reference_count: 1,
        create_time: now,
    };
    let inserted = Entity::insert(row.into_active_model())
        .exec_without_returning(conn)
        .await;
    inserted.map_err(|error| super::errors::taken(error, "blob", sha256.to_owned()))?;
    Ok(())
}

/// Counts one attachment less. The name of the object that nobody needs any more, if it was the last.
pub async fn release(conn: &impl ConnectionTrait, sha256: &str) -> Result<Option<String>> {
    Entity::update_many()
        .col_expr(
            Column::ReferenceCount,
            Expr::col(Column::ReferenceCount.as_column_ref()).sub(1),
        )
        .filter(Column::Sha256.eq(sha256))
        .exec(conn)
        .await?;
    // The row is locked by now: nobody else can count on it before this transaction ends.
    let Some(row) = find(conn, sha256).await? else {
        return Ok(None);
    };
    if row.reference_count > 0 {
        return Ok(None);
    }
    Entity::delete_by_id(sha256).exec(conn).await?;
    Ok(Some(row.object))
}

/// Those of the objects that a content lies under.
pub async fn known(conn: &impl ConnectionTrait, objects: &[String]) -> Result<Vec<String>> {
    let rows = Entity::find()
        .select_only()
        .column(Column::Object)
        .filter(Column::Object.is_in(objects));
    Ok(rows.into_tuple().all(conn).await?)
}
