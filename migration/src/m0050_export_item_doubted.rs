//! Creates that were sent again although it was not sure that nothing had come of them: Jira may carry out the first one later, and
//! the ticket has a second issue then.

use sea_orm_migration::prelude::*;

use crate::shape::{boolean, raw};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let doubted = boolean("doubted").default(false).to_owned();
        let table = Table::alter()
            .table("export_item")
            .add_column(doubted)
            .to_owned();
        manager.alter_table(table).await?;
        raw(
            manager,
            &["ALTER TABLE export_item ADD COLUMN spare_issues jsonb_text"],
            &["ALTER TABLE export_item ADD COLUMN spare_issues jsonb"],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["spare_issues", "doubted"] {
            let column = format!("ALTER TABLE export_item DROP COLUMN {name}");
            raw(manager, &[&column], &[&column]).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
