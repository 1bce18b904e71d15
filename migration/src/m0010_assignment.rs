//! Assignments: who worked on a ticket, from when until when.

use sea_orm_migration::prelude::*;

use crate::shape::{
    create, drop, index, index_where, pk_uuid, references, text, time, time_null, uuid,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("assignment")
            .col(pk_uuid("id"))
            .col(uuid("ticket_id"))
            .col(text("assignee_id"))
            .col(text("assigned_by_id"))
            .col(time("assign_time"))
            .col(time_null("unassign_time"))
            .foreign_key(&mut references("assignment", "ticket_id", "ticket"))
            .foreign_key(&mut references("assignment", "assignee_id", "user"))
            .foreign_key(&mut references("assignment", "assigned_by_id", "user"))
            .to_owned();
        let indexes = vec![
            index(
                "assignment_ticket_idx",
                "assignment",
                &["ticket_id", "assign_time", "id"],
            ),
            index_where(
                "assignment_open_key",
                "assignment",
                &["ticket_id"],
                "unassign_time IS NULL",
            )
            .unique()
            .to_owned(),
        ];
        create(manager, table, indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "assignment").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
