//! Integrations: the outside systems that tickets are handed to.

use std::{collections::HashMap, time::Duration};

use sea_orm::{
    Condition, IntoActiveModel, Order, PaginatorTrait, QueryOrder, QuerySelect, QueryTrait as _,
    entity::prelude::*, sea_query::SelectStatement,
};
use serde::{Deserialize, Serialize};
use strum::IntoEnumIterator as _;

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
    /// How many attempts to do so failed.
    pub failure_count: i64,
    /// Since when nothing went well; none after a success.
    pub first_failure_time: Option<DateTimeUtc>,
    /// Until when its platform asks to be sent nothing.
    pub held_until: Option<DateTimeUtc>,
    /// For how many seconds since the first of those failures its platform has asked to be sent nothing.
    pub held_seconds: i64,
    /// Grows with every change that somebody asks for; the etag. Not with what checks and hand-overs find: see [`update`].
    pub version: i64,
    /// The version at which the name changed last; so with what follows.
    pub name_version: i64,
    /// See `name_version`.
    pub config_version: i64,
    /// See `name_version`.
    pub credentials_version: i64,
    /// See `name_version`: whether it is switched on, or has to be checked anew.
    pub status_version: i64,
    /// When it was created.
    pub create_time: DateTimeUtc,
    /// When it was changed last.
    pub update_time: DateTimeUtc,
    /// When it was deleted; rows with one are seen by nobody, and have no credentials.
    pub delete_time: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

/// How an integration reaches its platform, by the versions of what that depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    config: i64,
    credentials: i64,
}

impl Model {
    /// The fields that changed after `version`, by their names in the contract; none for a version that never was.
    pub fn changed_since(&self, version: i64) -> Vec<&'static str> {
        if !(1..self.version).contains(&version) {
            return Vec::new();
        }
        let parts = [
            ("name", self.name_version),
            (self.platform.name(), self.config_version),
            ("credentials", self.credentials_version),
            ("status", self.status_version),
        ];
        let changed = parts.into_iter().filter(|(_, at)| *at > version);
        changed.map(|(name, _)| name).collect()
    }

    /// This row as it follows `read`: with the next version, and that noted for what is different. One whose settings or credentials are
    /// others has yet to pass a check.
    pub fn following(mut self, read: &Self, now: Time) -> Self {
        self.version = read.version + 1;
        self.update_time = now;
        if self.name != read.name {
            self.name_version = self.version;
        }
        if self.config != read.config {
            self.config_version = self.version;
        }
        if self.credentials != read.credentials {
            self.credentials_version = self.version;
        }
        if self.reaches_otherwise(read) {
            // It was another account, or another place, that asked docket to wait.
            self.held_until = None;
            self.first_failure_time = None;
            self.held_seconds = 0;
        }
        if self.enabled && self.reaches_otherwise(read) {
            self.status = IntegrationStatus::Pending;
            self.status_version = self.version;
        }
        self
    }

    /// How it reaches its platform.
    pub fn way(&self) -> Way {
        Way {
            config: self.config_version,
            credentials: self.credentials_version,
        }
    }

    /// Whether it reaches its platform in another way than `read` does.
    pub fn reaches_otherwise(&self, read: &Self) -> bool {
        self.config != read.config || self.credentials != read.credentials
    }

    /// Whether it leads to another site than `read` does.
    pub fn moves_from(&self, read: &Self) -> bool {
        self.config.site() != read.config.site()
            || self.config.deployment() != read.config.deployment()
    }
}

/// Integrations that are not deleted.
fn live() -> Select<Entity> {
    Entity::find().filter(Column::DeleteTime.is_null())
}

/// The integration, unless it was deleted.
pub async fn find(conn: &impl ConnectionTrait, id: IntegrationId) -> Result<Option<Model>> {
    Ok(live().filter(Column::Id.eq(id)).one(conn).await?)
}

/// The integration, also one that was deleted.
pub async fn with_deleted(conn: &impl ConnectionTrait, id: IntegrationId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id).one(conn).await?)
}

/// As [`with_deleted`], and it stays as it is until the transaction ends.
pub async fn hold_with_deleted(
    conn: &impl ConnectionTrait,
    id: IntegrationId,
) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id).lock_shared().one(conn).await?)
}

/// As [`find`], and it stays as it is until the transaction ends: on PostgreSQL a change of it waits until then.
pub async fn hold(conn: &impl ConnectionTrait, id: IntegrationId) -> Result<Option<Model>> {
    let row = live().filter(Column::Id.eq(id)).lock_shared();
    Ok(row.one(conn).await?)
}

/// Writes what is different in `next`, if nobody else has changed the integration since it was read; a name that is taken fails as a
/// duplicate. [`Error::Fenced`]: somebody has, and nothing was written. What checks and hand-overs have found meanwhile stays, but for a
/// status that has been set anew.
///
/// [`Error::Fenced`]: crate::error::Error::Fenced
pub async fn update(conn: &impl ConnectionTrait, read: &Model, next: &Model) -> Result<()> {
    let mut change = next.clone().into_active_model();
    let anew_reached = next.way() != read.way();
    let anew = |column: Column| match column {
        Column::Status if next.status_version != read.status_version => true,
        // What the account or the place before it was answered meanwhile says nothing of this one.
        Column::HeldUntil | Column::FirstFailureTime | Column::HeldSeconds if anew_reached => true,
        _ => next.get(column) != read.get(column),
    };
    for column in Column::iter().filter(|column| anew(*column)) {
        change.set(column, next.get(column));
    }
    let update = Entity::update_many()
        .set(change)
        .filter(Column::Id.eq(read.id))
        .filter(Column::Version.eq(read.version))
        .filter(Column::DeleteTime.is_null());
    let written = update.exec(conn).await;
    let written =
        written.map_err(|error| super::errors::taken(error, "integration", next.name.clone()))?;
    match written.rows_affected {
        1 => Ok(()),
        _ => Err(crate::error::Error::Fenced),
    }
}

/// The ids of those that tickets can be handed to.
pub(super) fn enabled_ids() -> SelectStatement {
    ids_of(live().filter(Column::Enabled.eq(true)))
}

/// The ids of those that tickets can be handed to and whose platforms do not ask to wait.
pub(super) fn ready_ids(now: Time) -> SelectStatement {
    let free = Condition::any()
        .add(Column::HeldUntil.is_null())
        .add(Column::HeldUntil.lte(now));
    ids_of(live().filter(Column::Enabled.eq(true)).filter(free))
}

fn ids_of(rows: Select<Entity>) -> SelectStatement {
    rows.select_only().column(Column::Id).into_query()
}

/// Integrations whose credentials another key than this one has sealed, by name.
pub async fn sealed_otherwise(conn: &impl ConnectionTrait, key_id: &str) -> Result<Vec<Model>> {
    let rows = live()
        .filter(Column::CredentialsKeyId.ne(key_id))
        .order_by_asc(Column::Name);
    Ok(rows.all(conn).await?)
}

/// Keeps the same credentials, sealed with another key, if the integration is still as it was read. [`Error::Fenced`]: it is not. Its
/// etag grows, so that whoever is about to write it with the older seal does not.
///
/// [`Error::Fenced`]: crate::error::Error::Fenced
pub async fn seal_anew(
    conn: &impl ConnectionTrait,
    read: &Model,
    sealed: &[u8],
    key_id: &str,
) -> Result<()> {
    let anew = Model {
        credentials: Some(sealed.to_vec()),
        credentials_key_id: Some(key_id.to_owned()),
        version: read.version + 1,
        ..read.clone()
    };
    update(conn, read, &anew).await
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
    /// Only of the platform with exactly this name; one that docket does not know has none.
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
    let mut rows = live();
    if let Some(category) = filter.category {
        rows = rows.filter(Column::Category.eq(category));
    }
    if let Some(name) = &filter.platform_name {
        let known = Platform::iter().find(|platform| platform.name() == name);
        // No row is of none.
        let stored = known.map(|platform| platform.to_string());
        rows = rows.filter(Column::Platform.eq(stored.unwrap_or_default()));
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

/// Deletes the integration, softly, if it is still as it was read: its credentials are gone for good. [`Error::Fenced`]: it is not.
///
/// [`Error::Fenced`]: crate::error::Error::Fenced
pub async fn delete(conn: &impl ConnectionTrait, read: &Model, now: Time) -> Result<()> {
    let gone = Model {
        enabled: false,
        status: IntegrationStatus::Inactive,
        credentials: None,
        credentials_key_id: None,
        delete_time: Some(now),
        ..read.clone()
    };
    update(conn, read, &gone.following(read, now)).await
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
        // Whoever switches it on gives it a fresh spell.
        .col_expr(Column::FirstFailureTime, Expr::value(None::<Time>))
        .col_expr(Column::HeldSeconds, Expr::value(0_i64))
        .col_expr(Column::UpdateTime, Expr::value(now))
        .col_expr(Column::Version, super::query::next_version(Column::Version))
        .col_expr(
            Column::StatusVersion,
            super::query::next_version(Column::Version),
        )
        .filter(Column::Id.eq(id))
        .filter(Column::DeleteTime.is_null())
        .exec(conn)
        .await?;
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

/// Whether an integration has this name, whatever the case; `except` may.
pub async fn name_taken(
    conn: &impl ConnectionTrait,
    name: &str,
    except: Option<IntegrationId>,
) -> Result<bool> {
    let mut same = live().filter(super::query::same_text(conn, Column::Name, name));
    if let Some(id) = except {
        same = same.filter(Column::Id.ne(id));
    }
    Ok(same.count(conn).await? > 0)
}
