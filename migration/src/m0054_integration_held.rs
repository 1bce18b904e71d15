//! Until when an integration's platform asks to be sent nothing.

use sea_orm_migration::prelude::*;

use crate::shape::{raw, time_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter()
            .table("integration")
            .add_column(time_null("held_until"))
            .to_owned();
        manager.alter_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = "ALTER TABLE integration DROP COLUMN held_until";
        raw(manager, &[column], &[column]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
