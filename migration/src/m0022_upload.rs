//! Uploads in unary calls, and the parts that have come in so far; their bytes lie in the blob store.

use sea_orm_migration::prelude::*;

use crate::shape::{
    belongs_to, big_integer, check, create, drop, index, length, pk_uuid, primary_key, references,
    text, text_null, time, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let upload = Table::create()
            .table("upload")
            .col(pk_uuid("id"))
            .col(uuid("ticket_id"))
            .col(text("uploader_id"))
            .col(text("filename"))
            .col(text("content_type"))
            .col(big_integer("size_bytes"))
            .col(text_null("sha256"))
            .col(big_integer("received_bytes"))
            .col(uuid_null("attachment_id"))
            .col(time("create_time"))
            .foreign_key(&mut references("upload", "ticket_id", "ticket"))
            .foreign_key(&mut references("upload", "uploader_id", "user"))
            .foreign_key(&mut references("upload", "attachment_id", "attachment"))
            .check(length("upload_filename_length", "filename", 1, 255))
            .check(check(
                "upload_sha256_form",
                "length(sha256) = 64 AND trim(sha256, '0123456789abcdef') = ''",
            ))
            .check(check(
                "upload_received_range",
                "received_bytes BETWEEN 0 AND size_bytes",
            ))
            .to_owned();
        let indexes = vec![index("upload_create_time_idx", "upload", &["create_time"])];
        create(manager, upload, indexes).await?;
        let part = Table::create()
            .table("upload_part")
            .col(uuid("upload_id"))
            .col(big_integer("start_offset"))
            .col(big_integer("size_bytes"))
            .col(text("object"))
            .primary_key(&mut primary_key(&["upload_id", "start_offset"]))
            .foreign_key(&mut belongs_to("upload_part", "upload_id", "upload"))
            .check(check(
                "upload_part_range",
                "start_offset >= 0 AND size_bytes >= 1",
            ))
            .to_owned();
        create(manager, part, vec![]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "upload_part").await?;
        drop(manager, "upload").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
