//! Tickets: indexes for lists by priority and by status, and for those with and without somebody who works on them.

use sea_orm_migration::prelude::*;

use crate::shape::{index, index_where, raw};

const INDEXES: [&str; 4] = [
    "ticket_priority_order_idx",
    "ticket_status_order_idx",
    "ticket_unassigned_idx",
    "ticket_assigned_idx",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let by_status = "CREATE INDEX ticket_status_order_idx ON ticket ((CASE status \
            WHEN 'NEW' THEN 0 WHEN 'OPEN' THEN 1 WHEN 'IN_PROGRESS' THEN 2 \
            WHEN 'PENDING_INFO' THEN 3 WHEN 'ESCALATED' THEN 4 WHEN 'REVIEW' THEN 5 \
            WHEN 'RESOLVED' THEN 6 WHEN 'CLOSED' THEN 7 WHEN 'REOPENED' THEN 8 END), id)";
        raw(manager, &[by_status], &[by_status]).await?;
        // PostgreSQL reads rows without an assignee off `ticket_assignee_idx`, but does not know that they come in order.
        for index in [
            index("ticket_priority_order_idx", "ticket", &["priority", "id"]),
            index_where(
                "ticket_unassigned_idx",
                "ticket",
                &["create_time", "id"],
                "assignee_id IS NULL",
            ),
            index_where(
                "ticket_assigned_idx",
                "ticket",
                &["create_time", "id"],
                "assignee_id IS NOT NULL",
            ),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in INDEXES {
            let drop = Index::drop().name(name).table("ticket").to_owned();
            manager.drop_index(drop).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
