//! Tickets: when to warn of a promise that will be broken, and indexes that hold only what the sweep has to look at.

use sea_orm_migration::prelude::*;

use crate::shape::{index_where, time_null};

/// Promises that are still to be kept, on a clock that runs: the rest would pile up at the front of the index for ever.
const RESPONSE_RUNS: &str = "first_response_time IS NULL AND NOT response_breached \
    AND paused_since IS NULL AND resolve_time IS NULL AND close_time IS NULL AND delete_time IS NULL";
const RESOLUTION_RUNS: &str = "NOT resolution_breached \
    AND paused_since IS NULL AND resolve_time IS NULL AND close_time IS NULL AND delete_time IS NULL";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["response_warning_time", "resolution_warning_time"] {
            let add = Table::alter()
                .table("ticket")
                .add_column(time_null(column))
                .to_owned();
            manager.alter_table(add).await?;
        }
        drop_index(manager, "ticket_response_due_idx").await?;
        drop_index(manager, "ticket_resolution_due_idx").await?;
        let sweep = |name, column, rule| index_where(name, "ticket", &[column, "id"], rule);
        for index in [
            sweep(
                "ticket_response_due_idx",
                "response_due_time",
                RESPONSE_RUNS,
            ),
            sweep(
                "ticket_resolution_due_idx",
                "resolution_due_time",
                RESOLUTION_RUNS,
            ),
            sweep(
                "ticket_response_warning_idx",
                "response_warning_time",
                RESPONSE_RUNS,
            ),
            sweep(
                "ticket_resolution_warning_idx",
                "resolution_warning_time",
                RESOLUTION_RUNS,
            ),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in [
            "ticket_response_due_idx",
            "ticket_resolution_due_idx",
            "ticket_response_warning_idx",
            "ticket_resolution_warning_idx",
        ] {
            drop_index(manager, name).await?;
        }
        for column in ["response_warning_time", "resolution_warning_time"] {
            let drop = Table::alter()
                .table("ticket")
                .drop_column(column)
                .to_owned();
            manager.alter_table(drop).await?;
        }
        let before = |name, column, rule| index_where(name, "ticket", &[column, "id"], rule);
        for index in [
            before(
                "ticket_response_due_idx",
                "response_due_time",
                "first_response_time IS NULL AND NOT response_breached",
            ),
            before(
                "ticket_resolution_due_idx",
                "resolution_due_time",
                "resolve_time IS NULL AND NOT resolution_breached",
            ),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn drop_index(manager: &SchemaManager<'_>, name: &'static str) -> Result<(), DbErr> {
    manager
        .drop_index(Index::drop().name(name).table("ticket").to_owned())
        .await
}
