//! How integrations fare: what hand-overs say about them, written together with each attempt's end. The etag stays, for nobody has changed
//! anything; but where an integration is switched off.

use chrono::TimeDelta;
use sea_orm::{QuerySelect as _, UpdateMany, entity::prelude::*, sea_query::LockType};

use super::{
    integration::{Column, Entity, Model},
    query::next_version,
};
use crate::{
    domain::{ids::IntegrationId, integration::IntegrationStatus, time::Time},
    error::Result,
};

/// A ticket was handed over: it works.
pub async fn took(conn: &impl ConnectionTrait, id: IntegrationId, now: Time) -> Result<()> {
    let update = || {
        changed(id, now)
            .col_expr(Column::DispatchCount, next_version(Column::DispatchCount))
            .col_expr(Column::LastError, Expr::value(None::<String>))
            .col_expr(Column::FirstFailureTime, Expr::value(None::<Time>))
            .col_expr(Column::HeldSeconds, Expr::value(0_i64))
    };
    with_status(conn, update, IntegrationStatus::Active).await
}

/// The platform did not take a ticket for what that says. It answered, and another ticket it may well take: the integration works.
pub async fn refused(conn: &impl ConnectionTrait, id: IntegrationId, now: Time) -> Result<()> {
    let update = || {
        changed(id, now)
            .col_expr(Column::FailureCount, next_version(Column::FailureCount))
            .col_expr(Column::LastError, Expr::value(None::<String>))
            .col_expr(Column::FirstFailureTime, Expr::value(None::<Time>))
            .col_expr(Column::HeldSeconds, Expr::value(0_i64))
    };
    with_status(conn, update, IntegrationStatus::Active).await
}

/// A hand-over failed on the way.
pub async fn failed(
    conn: &impl ConnectionTrait,
    id: IntegrationId,
    why: &str,
    now: Time,
) -> Result<()> {
    let Some(row) = lock(conn, id).await? else {
        return Ok(());
    };
    let (first, held) = match row.first_failure_time {
        Some(first) => (first, row.held_seconds),
        // What is left of a wait that was asked for before counts as one.
        None => (now, row.held_until.map_or(0, |until| seconds(until - now))),
    };
    let update = || {
        changed(id, now)
            .col_expr(Column::FailureCount, next_version(Column::FailureCount))
            .col_expr(Column::LastError, Expr::value(why))
            .col_expr(Column::FirstFailureTime, Expr::value(first))
            .col_expr(Column::HeldSeconds, Expr::value(held))
    };
    with_status(conn, update, IntegrationStatus::Error).await
}

/// Records what a check found. One that was switched off meanwhile stays INACTIVE. The etag stays: nobody has changed anything.
pub async fn checked(
    conn: &impl ConnectionTrait,
    id: IntegrationId,
    last_error: Option<String>,
    now: Time,
) -> Result<()> {
    let ok = last_error.is_none();
    let update = || {
        let update = changed(id, now).col_expr(Column::LastError, Expr::value(last_error.clone()));
        match ok {
            true => update
                .col_expr(Column::FirstFailureTime, Expr::value(None::<Time>))
                .col_expr(Column::HeldSeconds, Expr::value(0_i64)),
            false => update,
        }
    };
    let status = match ok {
        true => IntegrationStatus::Active,
        false => IntegrationStatus::Error,
    };
    with_status(conn, update, status).await
}

/// The integration, unless it was deleted; nobody else changes it until the transaction ends.
pub async fn lock(conn: &impl ConnectionTrait, id: IntegrationId) -> Result<Option<Model>> {
    // A stronger lock would keep out whoever adds a row that points at it.
    let row = Entity::find_by_id(id).lock(LockType::NoKeyUpdate);
    let row = row.filter(Column::DeleteTime.is_null());
    Ok(row.one(conn).await?)
}

/// A ticket was handed over, which says nothing of how the integration is by now.
pub async fn counted(conn: &impl ConnectionTrait, id: IntegrationId) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::DispatchCount, next_version(Column::DispatchCount))
        .filter(Column::Id.eq(id))
        .exec(conn)
        .await?;
    Ok(())
}

/// Nothing is sent to the platform from `now` until `until`, which it asks for; a longer wait stays.
pub async fn hold(
    conn: &impl ConnectionTrait,
    id: IntegrationId,
    now: Time,
    until: Time,
) -> Result<()> {
    let Some(row) = lock(conn, id).await? else {
        return Ok(());
    };
    // What was asked for before counts once.
    let from = row.held_until.map_or(now, |held| Ord::max(held, now));
    let more = seconds(until - from);
    if more == 0 {
        return Ok(());
    }
    // What is no failure is no part of a spell of them.
    let counts = row.first_failure_time.is_some();
    let held = row.held_seconds + if counts { more } else { 0 };
    Entity::update_many()
        .col_expr(Column::HeldUntil, Expr::value(until))
        .col_expr(Column::HeldSeconds, Expr::value(held))
        .filter(Column::Id.eq(id))
        .exec(conn)
        .await?;
    Ok(())
}

/// Those whose platforms ask to be sent nothing until later than `now`.
pub(super) async fn held(conn: &impl ConnectionTrait, now: Time) -> Result<Vec<Model>> {
    let rows = Entity::find().filter(Column::DeleteTime.is_null());
    let rows = rows.filter(Column::HeldUntil.gt(now));
    Ok(rows.all(conn).await?)
}

/// Switches an integration off that does nothing but fail, and says so.
pub async fn give_up(
    conn: &impl ConnectionTrait,
    id: IntegrationId,
    why: &str,
    now: Time,
) -> Result<()> {
    changed(id, now)
        .col_expr(Column::Version, next_version(Column::Version))
        .col_expr(Column::StatusVersion, next_version(Column::Version))
        .col_expr(Column::Enabled, Expr::value(false))
        .col_expr(Column::Status, Expr::value(IntegrationStatus::Inactive))
        .col_expr(Column::LastError, Expr::value(why))
        .col_expr(Column::FirstFailureTime, Expr::value(None::<Time>))
        .col_expr(Column::HeldSeconds, Expr::value(0_i64))
        .exec(conn)
        .await?;
    Ok(())
}

fn seconds(wait: TimeDelta) -> i64 {
    wait.num_seconds().max(0)
}

/// One that is switched off stays INACTIVE.
async fn with_status(
    conn: &impl ConnectionTrait,
    update: impl Fn() -> UpdateMany<Entity>,
    status: IntegrationStatus,
) -> Result<()> {
    let on = update()
        .col_expr(Column::Status, Expr::value(status))
        .filter(Column::Enabled.eq(true));
    if on.exec(conn).await?.rows_affected == 0 {
        let off = update().filter(Column::Enabled.eq(false));
        off.exec(conn).await?;
    }
    Ok(())
}

fn changed(id: IntegrationId, now: Time) -> UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::UpdateTime, Expr::value(now))
        .col_expr(Column::LastCheckTime, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::DeleteTime.is_null())
}
