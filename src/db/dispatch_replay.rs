//! Handing over again what came to nothing: tickets, and files of tickets that arrived without them.

use sea_orm::{
    Condition, DbBackend, QueryOrder as _, QuerySelect as _, UpdateMany, entity::prelude::*,
};

use super::{
    attachment,
    dispatch::{self, Column, DispatchState, Entity, Model, WANTED},
    integration, integration_health,
};
use crate::{
    domain::{
        dispatch::DispatchOutcome,
        ids::{DispatchId, IntegrationId},
        time::Time,
    },
    error::Result,
};

/// Of an attempt: it is its ticket's latest.
const LATEST: &str = "NOT EXISTS (SELECT 1 FROM dispatch AS later WHERE later.ticket_id = dispatch.ticket_id AND later.number > dispatch.number)";
/// Of an attempt: a file did not get there.
const LACKS_POSTGRES: &str = r#"files @> '[{"success": false}]'"#;
const LACKS_SQLITE: &str =
    "EXISTS (SELECT 1 FROM json_each(files) AS file WHERE file.value ->> 'success' = 0)";
/// How many attempts with files are read at once.
const READ_AT_ONCE: u64 = 500;

/// Has tickets tried again at `now`, or once their platform does not ask to wait any more, whose latest attempt, begun since `since`, came
/// to nothing, or left a file behind that could be sent, also those that wait for a later try; not those for an integration that is
/// switched off or deleted, and not tickets that are deleted or are to go elsewhere by now. How many.
pub async fn replay(
    conn: &impl ConnectionTrait,
    since: Time,
    integration: Option<IntegrationId>,
    now: Time,
) -> Result<u64> {
    let which = ended(since, integration, now);
    let mut replayed = again(now)
        .filter(which.clone())
        .filter(Column::Outcome.ne(DispatchOutcome::Created))
        .exec(conn)
        .await?
        .rows_affected;
    let mut last = None;
    loop {
        let rows = without_files(conn, &which, last).await?;
        let Some(row) = rows.last() else {
            break;
        };
        last = Some(row.id);
        replayed += send_files_again(conn, rows, now).await?;
    }
    for held in integration_health::held(conn, now).await? {
        if let Some(until) = held.held_until {
            dispatch::put_off(conn, held.id, until).await?;
        }
    }
    Ok(replayed)
}

/// Tickets' latest attempts that have ended, and are not tried again by now.
fn ended(since: Time, integration: Option<IntegrationId>, now: Time) -> Condition {
    let later = Condition::any()
        .add(Column::NextAttemptTime.is_null())
        .add(Column::NextAttemptTime.gt(now));
    Condition::all()
        .add(Column::State.eq(DispatchState::Ended))
        .add(later)
        .add(Column::IntegrationId.in_subquery(integration::enabled_ids()))
        .add(Column::StartTime.gte(since))
        .add(Expr::cust(WANTED))
        .add(Expr::cust(LATEST))
        .add_option(integration.map(|id| Column::IntegrationId.eq(id)))
}

fn again(now: Time) -> UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::NextAttemptTime, Expr::value(now))
        .col_expr(Column::Retries, Expr::value(0))
        .col_expr(Column::Uncounted, Expr::value(true))
}

/// Some of those among them, behind the attempt `last`, that made a copy which a file did not get to.
async fn without_files(
    conn: &impl ConnectionTrait,
    which: &Condition,
    last: Option<DispatchId>,
) -> Result<Vec<Model>> {
    let lacks = match conn.get_database_backend() {
        DbBackend::Postgres => LACKS_POSTGRES,
        _ => LACKS_SQLITE,
    };
    let which = which
        .clone()
        .add(Column::Outcome.eq(DispatchOutcome::Created))
        .add(Expr::cust(lacks))
        .add_option(last.map(|last| Column::Id.gt(last)));
    let rows = Entity::find().filter(which).order_by_asc(Column::Id);
    Ok(rows.limit(READ_AT_ONCE).all(conn).await?)
}

async fn send_files_again(conn: &impl ConnectionTrait, rows: Vec<Model>, now: Time) -> Result<u64> {
    let mut replayed = 0;
    for row in rows {
        let kept = attachment::of_tickets(conn, [row.ticket_id]).await?;
        let files = row.files.and_then(|files| files.replayed(&kept));
        let Some(files) = files else {
            continue;
        };
        let done = again(now)
            .col_expr(Column::Files, Expr::value(files))
            .filter(Column::Id.eq(row.id))
            .exec(conn)
            .await?;
        replayed += done.rows_affected;
    }
    Ok(replayed)
}
