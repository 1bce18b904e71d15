//! Files that were sent again although it was not sure that the issue would not come to have them: it may have them twice later.

use sea_orm_migration::prelude::*;

use crate::shape::{boolean, raw};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let doubted = boolean("doubted").default(false).to_owned();
        let table = Table::alter()
            .table("export_attachment")
            .add_column(doubted)
            .to_owned();
        manager.alter_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = "ALTER TABLE export_attachment DROP COLUMN doubted";
        raw(manager, &[column], &[column]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
