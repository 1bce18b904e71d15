//! Export items: one a ticket of a run, in the order in which they are made.

use sea_orm::{
    IntoActiveModel, Iterable as _, QueryOrder, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{Condition, OnConflict, SelectStatement},
};

use crate::{
    domain::{
        export::{ItemState, RevertState, SpareIssue, SpareIssues},
        ids::{ExportId, TicketId},
    },
    error::Result,
};

/// A row of `export_item`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "export_item")]
pub struct Model {
    /// The run.
    #[sea_orm(primary_key, auto_increment = false)]
    pub export_id: ExportId,
    /// The ticket.
    #[sea_orm(primary_key, auto_increment = false)]
    pub ticket_id: TicketId,
    /// Its place in dependency order, unique within the run.
    pub position: i32,
    /// How far the protocol has come with it.
    pub state: ItemState,
    /// The attempt of the run that touched it last.
    pub attempt: i32,
    /// The highest issue number known in the project before its create was sent, or before an issue that a revert had kept was taken
    /// over; null until then.
    pub high_key: Option<i64>,
    /// The issue's key; there from CREATED on.
    pub jira_key: Option<String>,
    /// The issue's numeric id, which outlives a move to another project.
    pub jira_id: Option<String>,
    /// The issue's address.
    pub jira_url: Option<String>,
    /// Whether the issue was found rather than answered to the create.
    pub adopted: bool,
    /// When it was done: exactly when EXPORTED.
    pub export_time: Option<DateTimeUtc>,
    /// Why it failed.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub error: Option<Json>,
    /// What was exported, in comparable form; null before anything was sent.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub exported: Option<Json>,
    /// The values that were dropped or replaced, as a JSON array.
    #[sea_orm(column_type = "JsonBinary")]
    pub fallbacks: Json,
    /// What a revert made of the issue.
    pub revert: Option<RevertState>,
    /// Why a revert kept the issue.
    pub revert_note: Option<String>,
    /// Whether its create was sent again although nobody could be sure that nothing had come of it: there may be a second issue.
    pub doubted: bool,
    /// The issues that the ticket has beside its own; null for none.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub spare_issues: Option<SpareIssues>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// A ticket that nothing was done about yet, at its place in the run.
    pub fn new(export_id: ExportId, ticket_id: TicketId, position: i32) -> Self {
        Self {
            export_id,
            ticket_id,
            position,
            state: ItemState::Pending,
            attempt: 0,
            high_key: None,
            jira_key: None,
            jira_id: None,
            jira_url: None,
            adopted: false,
            export_time: None,
            error: None,
            exported: None,
            fallbacks: Json::Array(Vec::new()),
            revert: None,
            revert_note: None,
            doubted: false,
            spare_issues: None,
        }
    }

    /// The issues that the ticket has beside its own.
    pub fn spares(&self) -> &[SpareIssue] {
        self.spare_issues.as_ref().map_or(&[], |spares| &spares.0)
    }
}

/// Adds items, with few of them in memory at once.
pub async fn insert_many(
    conn: &impl ConnectionTrait,
    rows: impl Iterator<Item = Model> + Send,
) -> Result<()> {
    let mut rows = rows.map(IntoActiveModel::into_active_model);
    loop {
        let chunk = rows.by_ref().take(super::query::ROWS_A_STATEMENT);
        let chunk: Vec<ActiveModel> = chunk.collect();
        if chunk.is_empty() {
            return Ok(());
        }
        Entity::insert_many(chunk)
            .exec_without_returning(conn)
            .await?;
    }
}

/// The first item, in order, that is not done and stands behind this place.
pub async fn next(
    conn: &impl ConnectionTrait,
    export: ExportId,
    behind: Option<i32>,
) -> Result<Option<Model>> {
    let rows = Entity::find()
        .filter(Column::ExportId.eq(export))
        .filter(Column::State.ne(ItemState::Exported))
        .filter(Column::Position.gt(behind.unwrap_or(-1)));
    Ok(rows.order_by_asc(Column::Position).one(conn).await?)
}

/// The items of these tickets.
pub async fn of_tickets(
    conn: &impl ConnectionTrait,
    export: ExportId,
    tickets: impl IntoIterator<Item = TicketId>,
) -> Result<Vec<Model>> {
    let rows = Entity::find()
        .filter(Column::ExportId.eq(export))
        .filter(Column::TicketId.is_in(tickets));
    Ok(rows.all(conn).await?)
}

/// Every item of the run.
pub async fn of_export(conn: &impl ConnectionTrait, export: ExportId) -> Result<Vec<Model>> {
    let rows = Entity::find().filter(Column::ExportId.eq(export));
    Ok(rows.all(conn).await?)
}

/// Every item of which something was begun: those with an issue, and those that may have one.
pub async fn begun(conn: &impl ConnectionTrait, export: ExportId) -> Result<Vec<Model>> {
    let rows = Entity::find().filter(Column::ExportId.eq(export));
    Ok(rows.filter(is_begun()).all(conn).await?)
}

/// Every item of this ticket, in whatever run, of which something was begun; the latest run's first.
pub async fn begun_of_ticket(conn: &impl ConnectionTrait, ticket: TicketId) -> Result<Vec<Model>> {
    let rows = Entity::find().filter(Column::TicketId.eq(ticket));
    let rows = rows.filter(is_begun()).order_by_desc(Column::ExportId);
    Ok(rows.all(conn).await?)
}

/// The ids of the runs with such items.
pub(super) fn with_begun() -> SelectStatement {
    let items = Entity::find().select_only().column(Column::ExportId);
    items.filter(is_begun()).into_query()
}

fn is_begun() -> Expr {
    Column::State.is_not_in([ItemState::Pending, ItemState::Failed])
}

/// Every item with an issue that was not taken back, in order.
pub async fn made(conn: &impl ConnectionTrait, export: ExportId) -> Result<Vec<Model>> {
    let rows = Entity::find()
        .filter(Column::ExportId.eq(export))
        .filter(Column::JiraKey.is_not_null())
        .filter(
            Condition::any()
                .add(Column::Revert.is_null())
                .add(Column::Revert.ne(RevertState::Deleted)),
        );
    Ok(rows.order_by_asc(Column::Position).all(conn).await?)
}

/// Every item with an issue whose create was sent again in doubt.
pub async fn doubted(conn: &impl ConnectionTrait, export: ExportId) -> Result<Vec<Model>> {
    let rows = Entity::find()
        .filter(Column::ExportId.eq(export))
        .filter(Column::Doubted.eq(true))
        .filter(Column::JiraKey.is_not_null());
    Ok(rows.order_by_asc(Column::Position).all(conn).await?)
}

/// Writes how far items have come, by one statement: a run waits for it between two tickets.
pub async fn save(
    conn: &impl ConnectionTrait,
    rows: impl IntoIterator<Item = &Model> + Send,
) -> Result<()> {
    let rows = rows.into_iter().cloned().map(Model::into_active_model);
    let rows: Vec<ActiveModel> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    let key = [Column::ExportId, Column::TicketId];
    let others =
        Column::iter().filter(|column| !matches!(column, Column::ExportId | Column::TicketId));
    let replace = OnConflict::columns(key).update_columns(others).to_owned();
    Entity::insert_many(rows)
        .on_conflict(replace)
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// Puts the items that a run stopped at, with no issue made, back to the start.
pub async fn reset_failed(conn: &impl ConnectionTrait, export: ExportId) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(ItemState::Pending))
        .filter(Column::ExportId.eq(export))
        .filter(Column::State.eq(ItemState::Failed))
        .exec(conn)
        .await?;
    Ok(())
}
