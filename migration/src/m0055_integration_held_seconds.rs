//! For how long an integration's platform has asked to be sent nothing while it failed.

use sea_orm_migration::prelude::*;

use crate::shape::raw;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = |kind| {
            format!("ALTER TABLE integration ADD COLUMN held_seconds {kind} NOT NULL DEFAULT 0")
        };
        raw(manager, &[&column("integer")], &[&column("bigint")]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = "ALTER TABLE integration DROP COLUMN held_seconds";
        raw(manager, &[column], &[column]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
