//! The index of tickets by tag: `ticket.tags` taken apart, one row a tag.

use sea_orm_migration::prelude::*;

use crate::shape::{belongs_to, create, drop, index, primary_key, text, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("ticket_tag")
            .col(text("tag"))
            .col(uuid("ticket_id"))
            .primary_key(&mut primary_key(&["tag", "ticket_id"]))
            .foreign_key(&mut belongs_to("ticket_tag", "ticket_id", "ticket"))
            .to_owned();
        let indexes = vec![index("ticket_tag_ticket_idx", "ticket_tag", &["ticket_id"])];
        create(manager, table, indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "ticket_tag").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
