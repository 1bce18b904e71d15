//! Attachments: the facts about a file; its bytes lie in the blob store under their SHA-256.

use sea_orm_migration::prelude::*;

use crate::shape::{
    big_integer, check, create, drop, index, length, one_of, pk_uuid, references, text, time,
    time_null, uuid,
};

const SCAN_STATUSES: [&str; 4] = ["PENDING", "CLEAN", "INFECTED", "SKIPPED"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("attachment")
            .col(pk_uuid("id"))
            .col(uuid("ticket_id"))
            .col(text("uploader_id"))
            .col(text("filename"))
            .col(text("content_type"))
            .col(big_integer("size_bytes"))
            .col(text("sha256"))
            .col(text("scan_status"))
            .col(time("create_time"))
            .col(time_null("delete_time"))
            .foreign_key(&mut references("attachment", "ticket_id", "ticket"))
            .foreign_key(&mut references("attachment", "uploader_id", "user"))
            .check(length("attachment_filename_length", "filename", 1, 255))
            .check(check("attachment_size_range", "size_bytes >= 0"))
            .check(check(
                "attachment_sha256_form",
                "length(sha256) = 64 AND trim(sha256, '0123456789abcdef') = ''",
            ))
            .check(one_of(
                "attachment_scan_status_value",
                "scan_status",
                &SCAN_STATUSES,
            ))
            .to_owned();
        let indexes = vec![
            index(
                "attachment_ticket_idx",
                "attachment",
                &["ticket_id", "create_time", "id"],
            ),
            index("attachment_sha256_idx", "attachment", &["sha256"]),
        ];
        create(manager, table, indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "attachment").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
