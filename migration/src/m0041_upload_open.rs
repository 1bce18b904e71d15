//! Uploads that are not attachments yet are counted by who began them.

use sea_orm_migration::prelude::*;

use crate::shape::raw;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = "CREATE INDEX upload_open_idx ON upload (uploader_id, create_time) WHERE attachment_id IS NULL";
        raw(manager, &[index], &[index]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = "DROP INDEX upload_open_idx";
        raw(manager, &[index], &[index]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
