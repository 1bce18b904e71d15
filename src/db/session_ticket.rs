//! The tickets of sessions: their places, and what an export makes of them.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, QueryOrder, QuerySelect, entity::prelude::*};

use super::{
    query,
    ticket::{self, Column, Entity, Model, Visible},
};
use crate::{
    domain::{
        export::TicketExportStatus,
        ids::{SessionId, TicketId},
        integration::IntegrationResult,
        time::Time,
    },
    error::Result,
};

/// The refs of a session's tickets and whose they are; those of deleted ones are free.
pub async fn refs_of_session(
    conn: &impl ConnectionTrait,
    session: SessionId,
) -> Result<Vec<(Option<String>, TicketId)>> {
    let rows = ticket::live(&Visible::All)
        .filter(Column::SessionId.eq(session))
        .select_only();
    let rows = rows.columns([Column::SessionRef, Column::Id]);
    Ok(rows.into_tuple().all(conn).await?)
}

/// Takes these refs from deleted tickets of the session, so that new ones can have them.
pub async fn free_refs(
    conn: &impl ConnectionTrait,
    session: SessionId,
    refs: Vec<String>,
) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::SessionRef, Expr::value(None::<String>))
        .filter(Column::SessionId.eq(session))
        .filter(Column::SessionRef.is_in(refs))
        .filter(Column::DeleteTime.is_not_null())
        .exec(conn)
        .await?;
    Ok(())
}

/// What the dependency order needs of a session's tickets: id, wished place, number.
pub async fn places_in_session(
    conn: &impl ConnectionTrait,
    session: SessionId,
) -> Result<Vec<(TicketId, i32)>> {
    let rows = ticket::live(&Visible::All)
        .filter(Column::SessionId.eq(session))
        .select_only();
    let rows = rows
        .columns([Column::Id, Column::SessionOrder])
        .order_by_asc(Column::Number);
    Ok(rows.into_tuple().all(conn).await?)
}

/// The tickets of a session with their versions.
pub async fn versions_in_session(
    conn: &impl ConnectionTrait,
    session: SessionId,
) -> Result<Vec<(TicketId, i64)>> {
    let rows = ticket::live(&Visible::All)
        .filter(Column::SessionId.eq(session))
        .select_only();
    let rows = rows.columns([Column::Id, Column::Version]);
    Ok(rows.into_tuple().all(conn).await?)
}

/// The ids of a session's tickets, deleted ones among them.
pub async fn all_of_session(
    conn: &impl ConnectionTrait,
    session: SessionId,
) -> Result<Vec<TicketId>> {
    let rows = ticket::seen(&Visible::All)
        .filter(Column::SessionId.eq(session))
        .select_only();
    Ok(rows.column(Column::Id).into_tuple().all(conn).await?)
}

/// The titles of a session's tickets.
pub async fn titles_of_session(
    conn: &impl ConnectionTrait,
    session: SessionId,
) -> Result<HashMap<TicketId, String>> {
    let rows = Entity::find()
        .filter(Column::SessionId.eq(session))
        .select_only();
    let rows: Vec<(TicketId, String)> = rows
        .columns([Column::Id, Column::Title])
        .into_tuple()
        .all(conn)
        .await?;
    Ok(rows.into_iter().collect())
}

/// How many tickets each session has.
pub async fn count_by_session(
    conn: &impl ConnectionTrait,
    sessions: impl IntoIterator<Item = SessionId>,
) -> Result<Vec<(SessionId, i64)>> {
    let rows = ticket::live(&Visible::All)
        .filter(Column::SessionId.is_in(sessions))
        .select_only();
    let rows = rows
        .column(Column::SessionId)
        .column_as(Column::Id.count(), "tickets");
    Ok(rows
        .group_by(Column::SessionId)
        .into_tuple()
        .all(conn)
        .await?)
}

/// A session's tickets by wished place, from behind `after`.
pub async fn page_of_session(
    conn: &impl ConnectionTrait,
    session: SessionId,
    after: Option<(i32, i64)>,
    limit: u64,
) -> Result<Vec<Model>> {
    let mut rows = ticket::live(&Visible::All).filter(Column::SessionId.eq(session));
    if let Some((place, number)) = after {
        let columns = [Column::SessionOrder, Column::Number];
        rows = rows.filter(query::behind(
            columns,
            [place.into(), number.into()],
            sea_orm::Order::Asc,
        ));
    }
    let rows = rows
        .order_by_asc(Column::SessionOrder)
        .order_by_asc(Column::Number);
    Ok(rows.limit(limit).all(conn).await?)
}

/// The issue that a ticket became.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The ticket.
    pub id: TicketId,
    /// The issue's key.
    pub key: String,
    /// Its address.
    pub url: String,
    /// What is told of it on the ticket.
    pub result: IntegrationResult,
}

/// Records the issue that a ticket became.
pub async fn exported(conn: &impl ConnectionTrait, issue: &Exported, now: Time) -> Result<()> {
    changed(issue.id, TicketExportStatus::Exported, now)
        .col_expr(Column::JiraKey, Expr::value(issue.key.as_str()))
        .col_expr(Column::JiraUrl, Expr::value(issue.url.as_str()))
        .col_expr(Column::IntegrationResult, Expr::value(issue.result.clone()))
        .col_expr(Column::ExportTime, Expr::value(now))
        .exec(conn)
        .await?;
    Ok(())
}

/// Replaces what is told on a ticket of its issue.
pub async fn told_anew(
    conn: &impl ConnectionTrait,
    id: TicketId,
    result: IntegrationResult,
    now: Time,
) -> Result<()> {
    changed(id, TicketExportStatus::Exported, now)
        .col_expr(Column::IntegrationResult, Expr::value(result))
        .filter(Column::ExportStatus.eq(TicketExportStatus::Exported))
        .exec(conn)
        .await?;
    Ok(())
}

/// Records how a ticket stands in its session's export.
pub async fn set_export_status(
    conn: &impl ConnectionTrait,
    id: TicketId,
    status: TicketExportStatus,
    now: Time,
) -> Result<()> {
    // One that has its issue stays EXPORTED, whatever happens to the run.
    changed(id, status, now)
        .filter(Column::ExportStatus.ne(TicketExportStatus::Exported))
        .exec(conn)
        .await?;
    Ok(())
}

/// The wished places of a session's tickets, also of those that were deleted since.
pub async fn orders_of_session(
    conn: &impl ConnectionTrait,
    session: SessionId,
) -> Result<HashMap<TicketId, Option<i32>>> {
    let rows = Entity::find()
        .filter(Column::SessionId.eq(session))
        .select_only()
        .columns([Column::Id, Column::SessionOrder]);
    let rows: Vec<(TicketId, Option<i32>)> = rows.into_tuple().all(conn).await?;
    Ok(rows.into_iter().collect())
}

/// Records that the issue of this key, which a ticket had become, was taken back.
pub async fn taken_back(
    conn: &impl ConnectionTrait,
    id: TicketId,
    key: &str,
    now: Time,
) -> Result<()> {
    without_issue(TicketExportStatus::Skipped, now)
        .filter(Column::Id.eq(id))
        .filter(Column::JiraKey.eq(key))
        .exec(conn)
        .await?;
    Ok(())
}

/// Lets a session's tickets be exported anew: what an earlier run made of them is no more theirs.
pub async fn begin_anew(conn: &impl ConnectionTrait, session: SessionId, now: Time) -> Result<()> {
    without_issue(TicketExportStatus::Pending, now)
        .filter(Column::SessionId.eq(session))
        .filter(Column::ExportStatus.ne(TicketExportStatus::Pending))
        .exec(conn)
        .await?;
    Ok(())
}

fn without_issue(status: TicketExportStatus, now: Time) -> sea_orm::UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::ExportStatus, Expr::value(status))
        .col_expr(Column::JiraKey, Expr::value(None::<String>))
        .col_expr(Column::JiraUrl, Expr::value(None::<String>))
        .col_expr(Column::ExportTime, Expr::value(None::<Time>))
        // It told of the issue.
        .col_expr(
            Column::IntegrationResult,
            Expr::value(None::<IntegrationResult>),
        )
        .col_expr(Column::UpdateTime, Expr::value(now))
        .col_expr(Column::Version, query::next_version(Column::Version))
}

/// Puts the tickets that a session's run stopped at back to PENDING.
pub async fn reset_failed(
    conn: &impl ConnectionTrait,
    session: SessionId,
    now: Time,
) -> Result<()> {
    Entity::update_many()
        .col_expr(
            Column::ExportStatus,
            Expr::value(TicketExportStatus::Pending),
        )
        .col_expr(Column::UpdateTime, Expr::value(now))
        .col_expr(Column::Version, query::next_version(Column::Version))
        .filter(Column::SessionId.eq(session))
        .filter(Column::ExportStatus.eq(TicketExportStatus::Failed))
        .exec(conn)
        .await?;
    Ok(())
}

fn changed(id: TicketId, status: TicketExportStatus, now: Time) -> sea_orm::UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::ExportStatus, Expr::value(status))
        .col_expr(Column::UpdateTime, Expr::value(now))
        .col_expr(Column::Version, query::next_version(Column::Version))
        .filter(Column::Id.eq(id))
}
