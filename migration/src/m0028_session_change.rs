//! At which version each part of a session changed last, so that a stale etag can be answered with what has changed since.

use sea_orm_migration::prelude::*;

use crate::shape::raw;

/// The parts of a session that change apart from each other.
const COLUMNS: [&str; 6] = [
    "name_version",
    "integration_version",
    "project_version",
    "stage_version",
    "status_version",
    "tickets_version",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            let add =
                |kind| format!("ALTER TABLE session ADD COLUMN {column} {kind} NOT NULL DEFAULT 1");
            raw(manager, &[&add("integer")], &[&add("bigint")]).await?;
            // What changed before nobody knows: a stale etag names all of it.
            let sql = format!("UPDATE session SET {column} = version");
            raw(manager, &[&sql], &[&sql]).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            let sql = format!("ALTER TABLE session DROP COLUMN {column}");
            raw(manager, &[&sql], &[&sql]).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
