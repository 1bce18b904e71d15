//! Integrations change and go: at which version each part changed last, and when one was deleted; a deleted one frees its name.

use sea_orm_migration::prelude::*;

use crate::shape::raw;

/// The parts of an integration that change apart from each other.
const COLUMNS: [&str; 4] = [
    "name_version",
    "config_version",
    "credentials_version",
    "status_version",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            let add = |kind| {
                format!("ALTER TABLE integration ADD COLUMN {column} {kind} NOT NULL DEFAULT 1")
            };
            raw(manager, &[&add("integer")], &[&add("bigint")]).await?;
            // What changed before nobody knows: a stale etag names all of it.
            let sql = format!("UPDATE integration SET {column} = version");
            raw(manager, &[&sql], &[&sql]).await?;
        }
        let index = "CREATE UNIQUE INDEX integration_name_key ON integration (lower(name)) WHERE delete_time IS NULL";
        raw(
            manager,
            &[
                "ALTER TABLE integration ADD COLUMN delete_time timestamp_with_timezone_text",
                "DROP INDEX integration_name_key",
                index,
            ],
            &[
                "ALTER TABLE integration ADD COLUMN delete_time timestamptz",
                "DROP INDEX integration_name_key",
                index,
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = "CREATE UNIQUE INDEX integration_name_key ON integration (lower(name))";
        // Without the column a deleted one is there again, switched off, and may not share its name.
        let rename = |id| {
            format!(
                "UPDATE integration SET name = substr(name, 1, 200) || ' ' || {id} WHERE delete_time IS NOT NULL"
            )
        };
        raw(
            manager,
            &[&rename("hex(id)"), "DROP INDEX integration_name_key", index],
            &[
                &rename("id::text"),
                "DROP INDEX integration_name_key",
                index,
            ],
        )
        .await?;
        for column in COLUMNS.iter().copied().chain(["delete_time"]) {
            let sql = format!("ALTER TABLE integration DROP COLUMN {column}");
            raw(manager, &[&sql], &[&sql]).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
