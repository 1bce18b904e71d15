//! How many of a ticket's comments are internal: whoever may not read those is not to count them.

use sea_orm_migration::prelude::*;

use crate::shape::integer;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = integer("internal_comment_count").default(0).to_owned();
        let table = Table::alter().table("ticket").add_column(column).to_owned();
        manager.alter_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter()
            .table("ticket")
            .drop_column("internal_comment_count")
            .to_owned();
        manager.alter_table(table).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
