//! Attachments that wait for their scan.

use sea_orm_migration::prelude::*;

use crate::shape::{belongs_to, check, create, drop, index, integer, time, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("scan")
            .col(uuid("attachment_id").primary_key())
            .col(integer("attempts"))
            .col(time("next_time"))
            .foreign_key(&mut belongs_to("scan", "attachment_id", "attachment"))
            .check(check("scan_attempts_range", "attempts >= 0"))
            .to_owned();
        let due = index("scan_due_idx", "scan", &["next_time", "attachment_id"]);
        create(manager, table, vec![due]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "scan").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
