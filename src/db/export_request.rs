//! What is asked of a run: a column of `export` that callers write beside the worker that holds the run.

use sea_orm::{QuerySelect, entity::prelude::*};

use super::{
    export::{Column, Entity, Model},
    query,
};
use crate::{
    domain::{export_request::ExportRequest, ids::ExportId},
    error::Result,
};

/// Asks the worker that holds the run for `wanted`, where the run and what is asked of it are still as they were read.
/// `Error::Fenced`: they are not.
pub async fn ask(
    conn: &impl ConnectionTrait,
    read: &Model,
    wanted: Option<ExportRequest>,
) -> Result<()> {
    let update = Entity::update_many()
        .col_expr(Column::Requested, Expr::value(wanted))
        .filter(Column::Id.eq(read.id))
        .filter(Column::Fence.eq(read.fence))
        .filter(Column::Status.eq(read.status))
        .filter(requested_is(read.requested));
    query::exactly_one(update, conn).await
}

/// Notes that what was asked for has happened. `Error::Fenced`: something else is asked for by now.
pub async fn answer(
    conn: &impl ConnectionTrait,
    id: ExportId,
    request: ExportRequest,
) -> Result<()> {
    let update = Entity::update_many()
        .col_expr(Column::Requested, Expr::value(None::<ExportRequest>))
        .filter(Column::Id.eq(id))
        .filter(Column::Requested.eq(request));
    query::exactly_one(update, conn).await
}

/// Replaces what is asked of the run, whatever it was.
pub async fn set_request(
    conn: &impl ConnectionTrait,
    id: ExportId,
    wanted: Option<ExportRequest>,
) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Requested, Expr::value(wanted))
        .filter(Column::Id.eq(id))
        .exec(conn)
        .await?;
    Ok(())
}

/// What is asked of the run now.
pub async fn requested(conn: &impl ConnectionTrait, id: ExportId) -> Result<Option<ExportRequest>> {
    let row = Entity::find_by_id(id)
        .select_only()
        .column(Column::Requested);
    let found: Option<Option<ExportRequest>> = row.into_tuple().one(conn).await?;
    Ok(found.flatten())
}

fn requested_is(request: Option<ExportRequest>) -> Expr {
    match request {
        Some(request) => Column::Requested.eq(request),
        None => Column::Requested.is_null(),
    }
}
