//! What was exported of each ticket, in comparable form: later it is told what has changed since, on either side.

use sea_orm_migration::prelude::*;

use crate::shape::raw;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        raw(
            manager,
            &["ALTER TABLE export_item ADD COLUMN exported jsonb_text"],
            &["ALTER TABLE export_item ADD COLUMN exported jsonb"],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = "ALTER TABLE export_item DROP COLUMN exported";
        raw(manager, &[column], &[column]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
