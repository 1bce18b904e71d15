//! Integrations: the outside systems that tickets are handed to.

use std::{collections::HashMap, time::Duration};

use sea_orm::{
    IntoActiveModel, Order, PaginatorTrait, QueryOrder, QuerySelect, entity::prelude::*,
};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        ids::IntegrationId,
        integration::{IntegrationCategory, IntegrationStatus, Platform, PlatformConfig},
        time::Time,
    },
    error::Result,
};

/// A row of `integration`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "integration")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IntegrationId,
    /// Unique, whatever the case of its ASCII letters.
    pub name: String,
    /// What the platform is for; follows from it.
    pub category: IntegrationCategory,
    /// The platform.
    pub platform: Platform,
    /// Whether it may be used.
    pub enabled: bool,
    /// Whether it works, as far as is known; INACTIVE exactly when not enabled.
    pub status: IntegrationStatus,
    /// The platform's settings, never its credentials.
    #[sea_orm(column_type = "JsonBinary")]
    pub config: PlatformConfig,
    /// The credentials, sealed; in this row alone, and in no other form of it.
    #[serde(skip)]
    pub credentials: Option<Vec<u8>>,
    /// Which key sealed them.
    pub credentials_key_id: Option<String>,
    /// When it was checked last.
    pub last_check_time: Option<DateTimeUtc>,
    /// What the last check that failed said.
    pub last_error: Option<String>,
    /// How many tickets were handed over.
    pub dispatch_count: i64,
    /// How many were not taken.
    pub failure_count: i64,
    /// Grows with every change; the etag.
    pub version: i64,
    /// When it was created.
    pub create_time: DateTimeUtc,
    /// When it was changed last.
    pub update_time: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// The integration.
pub async fn find(conn: &impl ConnectionTrait, id: IntegrationId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id).one(conn).await?)
}

/// Adds an integration; a name that is taken (whatever the case) fails as a duplicate.
pub async fn insert(conn: &impl ConnectionTrait, row: Model) -> Result<()> {
    let name = row.name.clone();
    let inserted = Entity::insert(row.into_active_model())
        .exec_without_returning(conn)
        .await;
    inserted.map_err(|error| super::errors::taken(error, "integration", name))?;
    Ok(())
}

/// Which integrations a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of this category.
    pub category: Option<IntegrationCategory>,
    /// Only of the platform with this name; one that docket does not know has none.
    pub platform_name: Option<String>,
    /// Only switched on, or only switched off.
    pub enabled: Option<bool>,
    /// Only in this state.
    pub status: Option<IntegrationStatus>,
    /// Only with this text in the name, whatever the case.
    pub query: Option<String>,
}

/// Integrations by name, then id, from behind `after`.
pub async fn list(
    conn: &impl ConnectionTrait,
    filter: &Filter,
    after: Option<(String, IntegrationId)>,
    limit: u64,
) -> Result<Vec<Model>> {
    let mut rows = Entity::find();
    if let Some(category) = filter.category {
        rows = rows.filter(Column::Category.eq(category));
    }
    if let Some(name) = &filter.platform_name {
        rows = rows.filter(Column::Platform.eq(name.to_ascii_uppercase()));
    }
    if let Some(enabled) = filter.enabled {
        rows = rows.filter(Column::Enabled.eq(enabled));
    }
    if let Some(status) = filter.status {
        rows = rows.filter(Column::Status.eq(status));
    }
    if let Some(text) = &filter.query {
        rows = rows.filter(super::query::contains(conn, Column::Name, text));
    }
    if let Some((name, id)) = after {
        rows = rows.filter(super::query::behind(
            [Column::Name, Column::Id],
            [name.into(), id.into()],
            Order::Asc,
        ));
    }
    let rows = rows
        .order_by_asc(Column::Name)
        .order_by_asc(Column::Id)
        .limit(limit);
    Ok(rows.all(conn).await?)
}

/// Switches an integration; its etag grows.
pub async fn switch(
    conn: &impl ConnectionTrait,
    id: IntegrationId,
    enabled: bool,
    status: IntegrationStatus,
    now: Time,
) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Enabled, Expr::value(enabled))
        .col_expr(Column::Status, Expr::value(status))
        .col_expr(Column::UpdateTime, Expr::value(now))
        .col_expr(Column::Version, super::query::next_version(Column::Version))
        .filter(Column::Id.eq(id))
        .exec(conn)
        .await?;
    Ok(())
}

/// Records what a check found. One that was switched off meanwhile stays INACTIVE.
pub async fn checked(
    conn: &impl ConnectionTrait,
    id: IntegrationId,
    status: IntegrationStatus,
    last_error: Option<String>,
    now: Time,
) -> Result<()> {
    let update = || {
        Entity::update_many()
            .col_expr(Column::LastCheckTime, Expr::value(now))
            .col_expr(Column::LastError, Expr::value(last_error.clone()))
            .col_expr(Column::UpdateTime, Expr::value(now))
            .col_expr(Column::Version, super::query::next_version(Column::Version))
            .filter(Column::Id.eq(id))
    };
    let on = update()
        .col_expr(Column::Status, Expr::value(status))
        .filter(Column::Enabled.eq(true));
    if on.exec(conn).await?.rows_affected == 0 {
        update()
            .filter(Column::Enabled.eq(false))
            .exec(conn)
            .await?;
    }
    Ok(())
}

/// The least time between two creates, by integration.
pub async fn paces(
    conn: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = IntegrationId>,
) -> Result<HashMap<IntegrationId, Duration>> {
    let rows = Entity::find()
        .filter(Column::Id.is_in(ids))
        .all(conn)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, row.config.pace()))
        .collect())
}

/// Whether an integration has this name, whatever the case.
pub async fn name_taken(conn: &impl ConnectionTrait, name: &str) -> Result<bool> {
    let same = super::query::same_text(conn, Column::Name, name);
    Ok(Entity::find().filter(same).count(conn).await? > 0)
}
