//! Conversations: where a ticket came from, under the id its channel gave it.

use sea_orm_migration::prelude::*;

use crate::shape::{create, drop, length, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("conversation")
            .col(text("id").primary_key())
            .col(text("channel"))
            .col(text("subject"))
            .col(time("create_time"))
            .check(length("conversation_id_length", "id", 1, 128))
            .to_owned();
        create(manager, table, vec![]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "conversation").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
