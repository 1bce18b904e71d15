//! Attempts to hand a ticket over that count for nothing: nothing was tried, or what stood in their way has been changed since.

use sea_orm_migration::prelude::*;

use crate::shape::{boolean, raw};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let uncounted = boolean("uncounted").default(false).to_owned();
        let table = Table::alter()
            .table("dispatch")
            .add_column(uncounted)
            .to_owned();
        manager.alter_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = "ALTER TABLE dispatch DROP COLUMN uncounted";
        raw(manager, &[column], &[column]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
