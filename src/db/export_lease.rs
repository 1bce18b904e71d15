//! Who holds a run: the worker that carries it through, or, once it has ended, the call that applies its fixes.

use sea_orm::{entity::prelude::*, sea_query::Condition};

use super::{
    export::{Column, Entity},
    query,
};
use crate::{
    domain::{export::ExportStatus, ids::ExportId, time::Time},
    error::Result,
};

/// How a run stands whose fixes can be applied.
const ENDED: [ExportStatus; 3] = [
    ExportStatus::Completed,
    ExportStatus::Failed,
    ExportStatus::Cancelled,
];

/// Holds the lease longer. `false`: it is somebody else's now.
pub async fn renew(
    conn: &impl ConnectionTrait,
    id: ExportId,
    fence: i64,
    until: Time,
) -> Result<bool> {
    let done = Entity::update_many()
        .col_expr(Column::LeaseUntil, Expr::value(until))
        .filter(Column::Id.eq(id))
        .filter(Column::Fence.eq(fence))
        .filter(Column::LeaseOwner.is_not_null())
        .exec(conn)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Moves the fence of a run that is held: what was begun with the older one either is written by then, or never. `Error::Fenced`: it is
/// somebody else's now.
pub async fn move_fence(conn: &impl ConnectionTrait, id: ExportId, fence: i64) -> Result<()> {
    let update = Entity::update_many()
        .col_expr(Column::Fence, query::next_version(Column::Fence))
        .filter(Column::Id.eq(id))
        .filter(Column::Fence.eq(fence))
        .filter(Column::LeaseOwner.is_not_null());
    query::exactly_one(update, conn).await
}

/// Takes the lease of a run that nothing more happens to by itself, and moves its fence. `Error::Fenced`: it is not as it was read, or
/// somebody has the lease.
pub async fn take_ended(
    conn: &impl ConnectionTrait,
    id: ExportId,
    fence: i64,
    owner: &str,
    (now, until): (Time, Time),
) -> Result<()> {
    let free = Condition::any()
        .add(Column::LeaseUntil.is_null())
        .add(Column::LeaseUntil.lt(now));
    let update = Entity::update_many()
        .col_expr(Column::LeaseOwner, Expr::value(owner))
        .col_expr(Column::LeaseUntil, Expr::value(until))
        .col_expr(Column::Fence, query::next_version(Column::Fence))
        .filter(Column::Id.eq(id))
        .filter(Column::Fence.eq(fence))
        .filter(Column::Status.is_in(ENDED.into_iter().chain([ExportStatus::Reverted])))
        .filter(free);
    query::exactly_one(update, conn).await
}

/// Holds the lease of an ended run longer. `Error::Fenced`: it is not this owner's any more.
pub async fn hold_ended(
    conn: &impl ConnectionTrait,
    id: ExportId,
    owner: &str,
    until: Time,
) -> Result<()> {
    let update = Entity::update_many()
        .col_expr(Column::LeaseUntil, Expr::value(until))
        .filter(Column::Id.eq(id))
        .filter(Column::LeaseOwner.eq(owner));
    query::exactly_one(update, conn).await
}

/// Gives the lease of an ended run back, if it is still this owner's.
pub async fn release_ended(conn: &impl ConnectionTrait, id: ExportId, owner: &str) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::LeaseOwner, Expr::value(None::<String>))
        .col_expr(Column::LeaseUntil, Expr::value(None::<Time>))
        .col_expr(Column::Fence, query::next_version(Column::Fence))
        .filter(Column::Id.eq(id))
        .filter(Column::LeaseOwner.eq(owner))
        .exec(conn)
        .await?;
    Ok(())
}

/// Counts a manual fix as applied, of an ended run whose lease this owner has, and the link that it may have been about as set. The
/// fence moves, so that whoever takes the run up with what it counted before reads it again. `Error::Fenced`: it is not so any more.
pub async fn fix_applied(
    conn: &impl ConnectionTrait,
    id: ExportId,
    owner: &str,
    linked: bool,
) -> Result<()> {
    let mut update = Entity::update_many()
        .col_expr(Column::ManualFixes, Expr::cust("manual_fixes - 1"))
        .col_expr(Column::Fence, query::next_version(Column::Fence))
        .filter(Column::Id.eq(id))
        .filter(Column::LeaseOwner.eq(owner))
        .filter(Column::Status.is_in(ENDED));
    if linked {
        let column = Column::DependenciesCreated;
        update = update.col_expr(column, query::next_version(column));
    }
    query::exactly_one(update, conn).await
}
