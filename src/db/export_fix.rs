//! Export fixes: the values that Jira did not take, for a person to put right.

use sea_orm::{IntoActiveModel, QueryOrder, entity::prelude::*};

use crate::{
    domain::{
        export::{ManualFix, ManualFixType},
        ids::{ExportId, FixId, TicketId},
    },
    error::Result,
};

/// A row of `export_fix`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "export_fix")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FixId,
    /// The run.
    pub export_id: ExportId,
    /// The ticket.
    pub ticket_id: TicketId,
    /// The issue, where there is one.
    pub jira_key: Option<String>,
    /// What there is to put right.
    #[sea_orm(column_name = "type")]
    pub fix_type: ManualFixType,
    /// The field.
    pub field: String,
    /// The value that was wanted.
    pub wanted: String,
    /// The value that was sent instead, if any was.
    pub sent: Option<String>,
    /// Why Jira did not take it.
    pub reason: String,
    /// What to do.
    pub recommended_action: String,
    /// Whether the wanted value is in Jira by now.
    pub applied: bool,
    /// When it was noted.
    pub create_time: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The field's name; for one of Jira's that docket keeps among `custom_fields` its id in Jira.
    pub fn bare_field(&self) -> &str {
        let custom = self.field.strip_prefix("custom_fields.");
        custom.unwrap_or(&self.field)
    }

    /// The fix as callers see it, with the address and the ticket's title.
    pub fn told(&self, jira_url: String, title: String) -> ManualFix {
        ManualFix {
            id: self.id,
            ticket_id: self.ticket_id,
            jira_key: self.jira_key.clone().unwrap_or_default(),
            jira_url,
            title,
            fix_type: self.fix_type,
            field: self.field.clone(),
            wanted: self.wanted.clone(),
            sent: self.sent.clone().unwrap_or_default(),
            reason: self.reason.clone(),
            recommended_action: self.recommended_action.clone(),
            applied: self.applied,
        }
    }
}

/// Notes something for a person to put right.
pub async fn insert(conn: &impl ConnectionTrait, row: Model) -> Result<()> {
    Entity::insert(row.into_active_model())
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// Notes what is wanted by now.
pub async fn set_wanted(conn: &impl ConnectionTrait, fix: &Model) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::Wanted, Expr::value(fix.wanted.as_str()))
        .filter(Column::Id.eq(fix.id))
        .exec(conn)
        .await?;
    Ok(())
}

/// Notes that Jira has the value that the fix tells of. `false`: that was noted already.
pub async fn apply(conn: &impl ConnectionTrait, fix: &Model) -> Result<bool> {
    let update = Entity::update_many()
        .col_expr(Column::Applied, Expr::value(true))
        .col_expr(Column::Wanted, Expr::value(fix.wanted.as_str()))
        .filter(Column::Id.eq(fix.id))
        .filter(Column::Applied.eq(false));
    Ok(update.exec(conn).await?.rows_affected == 1)
}

/// Everything to put right by hand, oldest first.
pub async fn of_export(conn: &impl ConnectionTrait, export: ExportId) -> Result<Vec<Model>> {
    let rows = Entity::find().filter(Column::ExportId.eq(export));
    Ok(rows
        .order_by_asc(Column::CreateTime)
        .order_by_asc(Column::Id)
        .all(conn)
        .await?)
}

/// Everything to put right by hand of a ticket, oldest first.
pub async fn of_ticket(
    conn: &impl ConnectionTrait,
    export: ExportId,
    ticket: TicketId,
) -> Result<Vec<Model>> {
    let rows = Entity::find()
        .filter(Column::ExportId.eq(export))
        .filter(Column::TicketId.eq(ticket));
    Ok(rows
        .order_by_asc(Column::CreateTime)
        .order_by_asc(Column::Id)
        .all(conn)
        .await?)
}
