//! Sessions: tickets that are prepared and exported together.

use sea_orm::{
    IntoActiveModel, Order, QueryOrder, QuerySelect, Unchanged, UpdateMany, entity::prelude::*,
};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        ids::{IntegrationId, SessionId, UserId},
        session::{SessionStage, SessionStatus},
        time::Time,
    },
    error::Result,
};

/// A row of `session`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    /// 1 to 255 characters.
    pub name: String,
    /// Who created it.
    pub owner_id: UserId,
    /// Where it is exported to.
    pub integration_id: Option<IntegrationId>,
    /// The project to export to; empty until chosen.
    pub jira_project_key: String,
    /// How far it has come.
    pub stage: SessionStage,
    /// What may be done with it now.
    pub status: SessionStatus,
    /// Grows with every change; the etag.
    pub version: i64,
    /// The version at which the name changed last; so with what follows.
    pub name_version: i64,
    /// See `name_version`.
    pub integration_version: i64,
    /// See `name_version`.
    pub project_version: i64,
    /// See `name_version`.
    pub stage_version: i64,
    /// See `name_version`: status and times.
    pub status_version: i64,
    /// See `name_version`: which tickets there are, their order and dependencies.
    pub tickets_version: i64,
    /// When it was created.
    pub create_time: DateTimeUtc,
    /// When it was changed last.
    pub update_time: DateTimeUtc,
    /// When every ticket was in Jira.
    pub complete_time: Option<DateTimeUtc>,
    /// When it was deleted; rows with one are seen by nobody.
    pub delete_time: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The fields that changed after `version`, by their names in the contract; none for a version that never was.
    pub fn changed_since(&self, version: i64) -> Vec<&'static str> {
        if !(1..self.version).contains(&version) {
            return Vec::new();
        }
        let parts = [
            ("name", self.name_version),
            ("integration_id", self.integration_version),
            ("jira_project_key", self.project_version),
            ("stage", self.stage_version),
            ("status", self.status_version),
            ("tickets", self.tickets_version),
        ];
        let changed = parts.into_iter().filter(|(_, at)| *at > version);
        changed.map(|(name, _)| name).collect()
    }

    /// This row as it follows `read`: with the next version, and that noted for what is different.
    pub fn following(mut self, read: &Self, now: Time) -> Self {
        self.version = read.version + 1;
        self.update_time = now;
        let version = self.version;
        let note = |at: &mut i64, changed: bool| {
            if changed {
                *at = version;
            }
        };
        note(&mut self.name_version, self.name != read.name);
        note(
            &mut self.integration_version,
            self.integration_id != read.integration_id,
        );
        note(
            &mut self.project_version,
            self.jira_project_key != read.jira_project_key,
        );
        note(&mut self.stage_version, self.stage != read.stage);
        self
    }
}

/// Sessions that are not deleted.
fn live() -> Select<Entity> {
    Entity::find().filter(Column::DeleteTime.is_null())
}

/// The session, unless it was deleted.
pub async fn find(conn: &impl ConnectionTrait, id: SessionId) -> Result<Option<Model>> {
    Ok(live().filter(Column::Id.eq(id)).one(conn).await?)
}

/// The session, also one that was deleted.
pub async fn with_deleted(conn: &impl ConnectionTrait, id: SessionId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id).one(conn).await?)
}

/// Adds a session.
pub async fn insert(conn: &impl ConnectionTrait, row: Model) -> Result<()> {
    Entity::insert(row.into_active_model())
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// Which sessions a list shows; an empty list of values means any.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only in one of these states.
    pub statuses: Vec<SessionStatus>,
    /// Only at one of these stages.
    pub stages: Vec<SessionStage>,
    /// Only of this owner.
    pub owner_id: Option<UserId>,
    /// Only with this integration.
    pub integration_id: Option<IntegrationId>,
    /// Only with this text in the name, whatever the case.
    pub query: Option<String>,
}

/// Sessions, newest first, from behind `after`.
pub async fn list(
    conn: &impl ConnectionTrait,
    filter: &Filter,
    after: Option<(Time, SessionId)>,
    limit: u64,
) -> Result<Vec<Model>> {
    let mut rows = live();
    if !filter.statuses.is_empty() {
        rows = rows.filter(Column::Status.is_in(filter.statuses.iter().copied()));
    }
    if !filter.stages.is_empty() {
        rows = rows.filter(Column::Stage.is_in(filter.stages.iter().copied()));
    }
    if let Some(owner) = &filter.owner_id {
        rows = rows.filter(Column::OwnerId.eq(owner.clone()));
    }
    if let Some(integration) = filter.integration_id {
        rows = rows.filter(Column::IntegrationId.eq(integration));
    }
    if let Some(text) = &filter.query {
        rows = rows.filter(super::query::contains(conn, Column::Name, text));
    }
    if let Some((time, id)) = after {
        rows = rows.filter(super::query::behind(
            [Column::CreateTime, Column::Id],
            [time.into(), id.into()],
            Order::Desc,
        ));
    }
    let rows = rows
        .order_by_desc(Column::CreateTime)
        .order_by_desc(Column::Id)
        .limit(limit);
    Ok(rows.all(conn).await?)
}

/// Moves a session on; its etag grows.
pub async fn advance(
    conn: &impl ConnectionTrait,
    id: SessionId,
    stage: SessionStage,
    status: SessionStatus,
    now: Time,
) -> Result<()> {
    let complete_time = (status == SessionStatus::Completed).then_some(now);
    Entity::update_many()
        .col_expr(Column::Stage, Expr::value(stage))
        .col_expr(Column::Status, Expr::value(status))
        .col_expr(Column::CompleteTime, Expr::value(complete_time))
        .col_expr(Column::UpdateTime, Expr::value(now))
        .col_expr(Column::Version, super::query::next_version(Column::Version))
        .col_expr(
            Column::StageVersion,
            super::query::next_version(Column::Version),
        )
        .col_expr(
            Column::StatusVersion,
            super::query::next_version(Column::Version),
        )
        .filter(Column::Id.eq(id))
        .exec(conn)
        .await?;
    Ok(())
}

/// Notes that the session's tickets change, while it is still being put together and as it was read: with this version.
/// [`Error::Fenced`]: it is not, and nothing was written.
pub async fn touch(conn: &impl ConnectionTrait, read: &Model, now: Time) -> Result<()> {
    let update = guarded(read, now).col_expr(
        Column::TicketsVersion,
        super::query::next_version(Column::Version),
    );
    super::query::exactly_one(update, conn).await
}

/// Closes the session for its export, as it was read: with every ticket that the export has. [`Error::Fenced`]: it changed since.
pub async fn begin_export(conn: &impl ConnectionTrait, read: &Model, now: Time) -> Result<()> {
    let update = guarded(read, now)
        .col_expr(Column::Stage, Expr::value(SessionStage::JiraExport))
        .col_expr(Column::Status, Expr::value(SessionStatus::Exporting))
        .col_expr(
            Column::StageVersion,
            super::query::next_version(Column::Version),
        )
        .col_expr(
            Column::StatusVersion,
            super::query::next_version(Column::Version),
        );
    super::query::exactly_one(update, conn).await
}

/// Writes the session as `next`, if it is still as it was read. [`Error::Fenced`]: it is not, and nothing was written.
pub async fn update(conn: &impl ConnectionTrait, read: &Model, next: &Model) -> Result<()> {
    let mut change = next.clone().into_active_model().reset_all();
    change.id = Unchanged(read.id);
    let update = Entity::update_many()
        .set(change)
        .filter(Column::Id.eq(read.id))
        .filter(Column::Version.eq(read.version))
        .filter(Column::DeleteTime.is_null());
    super::query::exactly_one(update, conn).await
}

/// Deletes the session, softly, if it is still as it was read and not being exported. [`Error::Fenced`]: it is not.
pub async fn delete(conn: &impl ConnectionTrait, read: &Model, now: Time) -> Result<()> {
    let update = Entity::update_many()
        .col_expr(Column::DeleteTime, Expr::value(now))
        .col_expr(Column::UpdateTime, Expr::value(now))
        .col_expr(Column::Version, super::query::next_version(Column::Version))
        .filter(Column::Id.eq(read.id))
        .filter(Column::Version.eq(read.version))
        .filter(Column::Status.ne(SessionStatus::Exporting))
        .filter(Column::DeleteTime.is_null());
    super::query::exactly_one(update, conn).await
}

fn guarded(read: &Model, now: Time) -> UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::UpdateTime, Expr::value(now))
        .col_expr(Column::Version, super::query::next_version(Column::Version))
        .filter(Column::Id.eq(read.id))
        .filter(Column::Version.eq(read.version))
        .filter(Column::Status.eq(SessionStatus::Active))
        .filter(Column::DeleteTime.is_null())
}
