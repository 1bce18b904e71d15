//! Full text: scripts without blanks are kept character by character, and markup within a word no longer parts it.
//!
//! The index is emptied. Every process fills in what is missing when it starts.

use sea_orm_migration::prelude::*;

use crate::shape::raw;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        empty(manager).await
    }

    /// An older docket looks for other words.
    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        empty(manager).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn empty(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    raw(
        manager,
        &["INSERT INTO ticket_search (ticket_search) VALUES ('delete-all')"],
        &["TRUNCATE ticket_search"],
    )
    .await
}
