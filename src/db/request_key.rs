//! Request keys: what a call with a request id was answered, so that a repeat changes nothing.

use chrono::TimeDelta;
use sea_orm::{IntoActiveModel, entity::prelude::*};

use crate::{
    domain::{ids::UserId, time::Time},
    error::Result,
};

/// A row of `request_key`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "request_key")]
pub struct Model {
    /// The caller's `sub`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub caller: String,
    /// The RPC's full name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub method: String,
    /// The id that the caller chose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub request_id: Uuid,
    /// The SHA-256 of the request: 32 bytes.
    pub request_hash: Vec<u8>,
    /// The answer, encoded.
    pub response: Vec<u8>,
    /// When it was answered; after 24 hours the row may go.
    pub create_time: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// What was answered to this request before, if it was made before.
pub async fn find(
    conn: &impl ConnectionTrait,
    caller: &UserId,
    method: &str,
    request_id: Uuid,
) -> Result<Option<Model>> {
    let key = (caller.as_str().to_owned(), method.to_owned(), request_id);
    Ok(Entity::find_by_id(key).one(conn).await?)
}

/// How long an answer is remembered.
pub const KEPT: TimeDelta = TimeDelta::hours(24);

/// Remembers the answer, in the transaction of the request's effect. Of two at once, one fails as a duplicate; an answer that is no
/// longer to be remembered gives way.
pub async fn insert(conn: &impl ConnectionTrait, row: Model) -> Result<()> {
    Entity::delete_many()
        .filter(Column::Caller.eq(&row.caller))
        .filter(Column::Method.eq(&row.method))
        .filter(Column::RequestId.eq(row.request_id))
        .filter(Column::CreateTime.lte(row.create_time - KEPT))
        .exec(conn)
        .await?;
    let name = row.request_id.to_string();
    let inserted = Entity::insert(row.into_active_model())
        .exec_without_returning(conn)
        .await;
    inserted.map_err(|error| super::errors::taken(error, "request", name))?;
    Ok(())
}

/// Forgets the answers given before `time`.
pub async fn forget_before(conn: &impl ConnectionTrait, time: Time) -> Result<()> {
    Entity::delete_many()
        .filter(Column::CreateTime.lt(time))
        .exec(conn)
        .await?;
    Ok(())
}
