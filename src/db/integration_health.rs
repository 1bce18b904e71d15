//! How integrations fare: what hand-overs say about them, written together with each attempt's end. The etag stays, for nobody has changed
//! anything; but where an integration is switched off.

use sea_orm::{
    Condition, UpdateMany,
    entity::prelude::*,
    sea_query::{ExprTrait as _, SimpleExpr},
};

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
    let update = || {
        changed(id, now)
            .col_expr(Column::FailureCount, next_version(Column::FailureCount))
            .col_expr(Column::LastError, Expr::value(why))
            .col_expr(Column::FirstFailureTime, first(now))
    };
    with_status(conn, update, IntegrationStatus::Error).await
}

/// Nothing is sent to the platform before `until`, which it asks for; a longer wait stays.
pub async fn hold(conn: &impl ConnectionTrait, id: IntegrationId, until: Time) -> Result<()> {
    let shorter = Condition::any()
        .add(Column::HeldUntil.is_null())
        .add(Column::HeldUntil.lt(until));
    Entity::update_many()
        .col_expr(Column::HeldUntil, Expr::value(until))
        .filter(Column::Id.eq(id))
        .filter(shorter)
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
        .exec(conn)
        .await?;
    Ok(())
}

/// The time of the first failure since the last success.
fn first(now: Time) -> SimpleExpr {
    let known = Expr::col(Column::FirstFailureTime);
    Expr::expr(known).if_null(Expr::value(now))
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
