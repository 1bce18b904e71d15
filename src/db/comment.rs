//! Comments: what people, and docket itself, say about a ticket.

use sea_orm::{IntoActiveModel, Order, QueryOrder, QuerySelect, entity::prelude::*};
use serde::{Deserialize, Serialize};

use super::{
    query,
    ticket::{self, Visible},
};
use crate::{
    domain::{
        ids::{CommentId, TicketId, UserId},
        ticket::CommentVisibility,
        time::Time,
    },
    error::Result,
};

/// A row of `comment`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "comment")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CommentId,
    /// The ticket.
    pub ticket_id: TicketId,
    /// Who wrote it.
    pub author_id: UserId,
    /// Sanitised HTML.
    pub body: String,
    /// Who may read it.
    pub visibility: CommentVisibility,
    /// Whether docket wrote it.
    pub system: bool,
    /// When it was written.
    pub create_time: DateTimeUtc,
    /// When it was edited last.
    pub edit_time: Option<DateTimeUtc>,
    /// When it was deleted, softly.
    pub delete_time: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Comments that are not deleted.
fn live() -> Select<Entity> {
    Entity::find().filter(Column::DeleteTime.is_null())
}

/// Where a list goes on: behind the comment of this time and id.
pub type Position = (Time, CommentId);

/// The comment on a visible ticket, unless it or the ticket was deleted; an internal one only with `internal`.
pub async fn find(
    conn: &impl ConnectionTrait,
    visible: &Visible,
    id: CommentId,
    internal: bool,
) -> Result<Option<Model>> {
    let row = readable(internal)
        .filter(Column::Id.eq(id))
        .filter(Column::TicketId.in_subquery(ticket::ids(visible)));
    Ok(row.one(conn).await?)
}

/// A ticket's comments, oldest first, from behind `after`; internal ones only with `internal`.
pub async fn page(
    conn: &impl ConnectionTrait,
    ticket_id: TicketId,
    internal: bool,
    after: Option<Position>,
    limit: u64,
) -> Result<Vec<Model>> {
    let mut rows = readable(internal).filter(Column::TicketId.eq(ticket_id));
    if let Some((time, id)) = after {
        let columns = [Column::CreateTime, Column::Id];
        rows = rows.filter(query::behind(columns, [time.into(), id.into()], Order::Asc));
    }
    let rows = rows
        .order_by_asc(Column::CreateTime)
        .order_by_asc(Column::Id);
    Ok(rows.limit(limit).all(conn).await?)
}

/// A ticket's comments of either visibility, newest first, from before `before`.
pub async fn newest(
    conn: &impl ConnectionTrait,
    ticket_id: TicketId,
    before: Option<Position>,
    limit: u64,
) -> Result<Vec<Model>> {
    let mut rows = live().filter(Column::TicketId.eq(ticket_id));
    if let Some((time, id)) = before {
        let columns = [Column::CreateTime, Column::Id];
        rows = rows.filter(query::behind(
            columns,
            [time.into(), id.into()],
            Order::Desc,
        ));
    }
    let rows = rows
        .order_by_desc(Column::CreateTime)
        .order_by_desc(Column::Id);
    Ok(rows.limit(limit).all(conn).await?)
}

fn readable(internal: bool) -> Select<Entity> {
    match internal {
        true => live(),
        false => live().filter(Column::Visibility.eq(CommentVisibility::Public)),
    }
}

/// Adds a comment.
pub async fn insert(conn: &impl ConnectionTrait, row: Model) -> Result<()> {
    Entity::insert(row.into_active_model())
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// Adds comments.
pub async fn insert_many(conn: &impl ConnectionTrait, rows: Vec<Model>) -> Result<()> {
    for chunk in rows.chunks(query::ROWS_A_STATEMENT) {
        let rows = chunk
            .iter()
            .cloned()
            .map(IntoActiveModel::into_active_model);
        Entity::insert_many(rows)
            .exec_without_returning(conn)
            .await?;
    }
    Ok(())
}

/// Writes what can change of a comment: its body and its times. A deleted one stays as it is: [`crate::error::Error::Fenced`].
pub async fn update(conn: &impl ConnectionTrait, row: &Model) -> Result<()> {
    let update = Entity::update_many()
        .col_expr(Column::Body, Expr::value(row.body.clone()))
        .col_expr(Column::EditTime, Expr::value(row.edit_time))
        .col_expr(Column::DeleteTime, Expr::value(row.delete_time))
        .filter(Column::Id.eq(row.id))
        .filter(Column::DeleteTime.is_null());
    query::exactly_one(update, conn).await
}
