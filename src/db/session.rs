//! Sessions: tickets that are prepared and exported together.

use sea_orm::{IntoActiveModel, Order, QueryOrder, QuerySelect, UpdateMany, entity::prelude::*};

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
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
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

/// Sessions that are not deleted.
fn live() -> Select<Entity> {
    Entity::find().filter(Column::DeleteTime.is_null())
}

/// The session, unless it was deleted.
pub async fn find(conn: &impl ConnectionTrait, id: SessionId) -> Result<Option<Model>> {
    Ok(live().filter(Column::Id.eq(id)).one(conn).await?)
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
        .filter(Column::Id.eq(id))
        .exec(conn)
        .await?;
    Ok(())
}

/// Notes that the session's tickets change, while it is still being put together and as it was read: with this version.
/// [`Error::Fenced`]: it is not, and nothing was written.
pub async fn touch(conn: &impl ConnectionTrait, read: &Model, now: Time) -> Result<()> {
    super::query::exactly_one(guarded(read, now), conn).await
}

/// Closes the session for its export, as it was read: with every ticket that the export has. [`Error::Fenced`]: it changed since.
pub async fn begin_export(conn: &impl ConnectionTrait, read: &Model, now: Time) -> Result<()> {
    let update = guarded(read, now)
        .col_expr(Column::Stage, Expr::value(SessionStage::JiraExport))
        .col_expr(Column::Status, Expr::value(SessionStatus::Exporting));
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
