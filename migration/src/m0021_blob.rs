//! Blobs: each content once, where its bytes lie in the blob store, and how many attachments have it.

use sea_orm_migration::prelude::*;

use crate::shape::{big_integer, check, create, drop, integer, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("blob")
            .col(text("sha256").primary_key())
            .col(text("object").unique_key())
            .col(big_integer("size_bytes"))
            .col(integer("reference_count"))
            .col(time("create_time"))
            .check(check(
                "blob_sha256_form",
                "length(sha256) = 64 AND trim(sha256, '0123456789abcdef') = ''",
            ))
            .check(check("blob_size_range", "size_bytes >= 1"))
            .check(check("blob_reference_count_range", "reference_count >= 0"))
            .to_owned();
        create(manager, table, vec![]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "blob").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
