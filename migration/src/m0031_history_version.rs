//! History tells which version of the ticket an entry led to, and whether it is about something internal.

use sea_orm_migration::prelude::*;

use crate::shape::{big_integer_null, boolean};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // SQLite takes one column a statement.
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            big_integer_null("ticket_version"),
            boolean("internal").default(false).to_owned(),
        ] {
            let table = Table::alter()
                .table("history")
                .add_column(column)
                .to_owned();
            manager.alter_table(table).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["internal", "ticket_version"] {
            let table = Table::alter()
                .table("history")
                .drop_column(column)
                .to_owned();
            manager.alter_table(table).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
