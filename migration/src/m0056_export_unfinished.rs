//! The runs that a sweep looks at, found without what each write of a run changes: PostgreSQL keeps such a write within its page, and every
//! index of a long run stays as it is.

use sea_orm_migration::prelude::*;

use crate::shape::index_where;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const INDEX: &str = "export_unfinished_idx";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        unfinished(manager, &["id"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        unfinished(manager, &["lease_until", "id"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn unfinished(manager: &SchemaManager<'_>, columns: &[&'static str]) -> Result<(), DbErr> {
    let old = Index::drop().name(INDEX).table("export").to_owned();
    manager.drop_index(old).await?;
    let rule = "status IN ('PENDING', 'EXPORTING', 'PAUSED')";
    let new = index_where(INDEX, "export", columns, rule);
    manager.create_index(new).await
}
