//! The source of ticket numbers, which are never given twice.

use sea_orm_migration::prelude::*;

use crate::shape::raw;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        raw(
            manager,
            &[
                "CREATE TABLE counter (name text NOT NULL PRIMARY KEY, value integer NOT NULL, \
                 CONSTRAINT counter_value_range CHECK (value >= 0))",
                "INSERT INTO counter (name, value) VALUES ('ticket_number', 0)",
            ],
            // A sequence and not a row: creates would wait for each other's commit on a row.
            &["CREATE SEQUENCE ticket_number_seq AS bigint"],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        raw(
            manager,
            &["DROP TABLE counter"],
            &["DROP SEQUENCE ticket_number_seq"],
        )
        .await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
