//! Comments: what people, and docket itself, say about a ticket.

use sea_orm_migration::prelude::*;

use crate::shape::{
    boolean, create, drop, index, one_of, pk_uuid, references, text, time, time_null, uuid,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("comment")
            .col(pk_uuid("id"))
            .col(uuid("ticket_id"))
            .col(text("author_id"))
            .col(text("body"))
            .col(text("visibility"))
            .col(boolean("system"))
            .col(time("create_time"))
            .col(time_null("edit_time"))
            .col(time_null("delete_time"))
            .foreign_key(&mut references("comment", "ticket_id", "ticket"))
            .foreign_key(&mut references("comment", "author_id", "user"))
            .check(one_of(
                "comment_visibility_value",
                "visibility",
                &["PUBLIC", "INTERNAL"],
            ))
            .to_owned();
        let indexes = vec![index(
            "comment_ticket_idx",
            "comment",
            &["ticket_id", "create_time", "id"],
        )];
        create(manager, table, indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "comment").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
