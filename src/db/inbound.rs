//! Webhooks that were taken: each once.

use sea_orm::{ActiveValue::Set, entity::prelude::*, sea_query::OnConflict};

use crate::{
    domain::{ids::IntegrationId, time::Time},
    error::Result,
};

/// A row of `inbound_delivery`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "inbound_delivery")]
pub struct Model {
    /// Whom it was sent for.
    #[sea_orm(primary_key, auto_increment = false)]
    pub integration_id: IntegrationId,
    /// What it is known by: the id of the delivery, or a digest of its content.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// When it came.
    pub receive_time: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// Whether a delivery of one of these names was there.
pub async fn any(
    conn: &impl ConnectionTrait,
    integration: IntegrationId,
    names: &[String],
) -> Result<bool> {
    let there = Entity::find()
        .filter(Column::IntegrationId.eq(integration))
        .filter(Column::Name.is_in(names));
    Ok(there.one(conn).await?.is_some())
}

/// Remembers a delivery by these names.
pub async fn remember(
    conn: &impl ConnectionTrait,
    integration: IntegrationId,
    names: &[String],
    now: Time,
) -> Result<()> {
    let rows = names.iter().map(|name| ActiveModel {
        integration_id: Set(integration),
        name: Set(name.clone()),
        receive_time: Set(now),
    });
    let there = OnConflict::columns([Column::IntegrationId, Column::Name])
        .do_nothing()
        .to_owned();
    Entity::insert_many(rows)
        .on_conflict(there)
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// Forgets an integration's deliveries from before then.
pub async fn forget(
    conn: &impl ConnectionTrait,
    integration: IntegrationId,
    before: Time,
) -> Result<()> {
    Entity::delete_many()
        .filter(Column::IntegrationId.eq(integration))
        .filter(Column::ReceiveTime.lt(before))
        .exec(conn)
        .await?;
    Ok(())
}
