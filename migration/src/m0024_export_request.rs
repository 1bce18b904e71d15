//! What people ask of a run that a worker holds, and the runs that wait for Jira among those that a worker takes up.

use sea_orm_migration::prelude::*;

use crate::shape::{index_where, raw};

const INDEX: &str = "export_unfinished_idx";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = "ALTER TABLE export ADD COLUMN requested text \
                      CONSTRAINT export_requested_value CHECK (requested IN ('PAUSE', 'RESUME', 'CANCEL'))";
        raw(manager, &[column], &[column]).await?;
        claimable(manager, "status IN ('PENDING', 'EXPORTING', 'PAUSED')").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        claimable(manager, "status IN ('PENDING', 'EXPORTING')").await?;
        let column = "ALTER TABLE export DROP COLUMN requested";
        raw(manager, &[column], &[column]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// Makes anew the index of the runs that a sweep looks at.
async fn claimable(manager: &SchemaManager<'_>, rule: &'static str) -> Result<(), DbErr> {
    let old = Index::drop().name(INDEX).table("export").to_owned();
    manager.drop_index(old).await?;
    let new = index_where(INDEX, "export", &["lease_until", "id"], rule);
    manager.create_index(new).await
}
