//! Export attachments: the files of a run's tickets on their way to the issues, each sent once.

use sea_orm_migration::prelude::*;

use crate::shape::{
    belongs_to, big_integer, check, create, drop, index, integer, length, one_of, primary_key,
    references, text, text_null, uuid,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("export_attachment")
            .col(uuid("export_id"))
            .col(uuid("id"))
            .col(uuid("ticket_id"))
            .col(integer("position"))
            .col(text("source"))
            .col(text("filename"))
            .col(big_integer("size_bytes"))
            .col(text("state"))
            .col(text_null("external_id"))
            .col(text_null("error"))
            .primary_key(&mut primary_key(&["export_id", "id"]))
            .foreign_key(&mut belongs_to("export_attachment", "export_id", "export"))
            .foreign_key(&mut references("export_attachment", "ticket_id", "ticket"))
            .check(length(
                "export_attachment_filename_length",
                "filename",
                1,
                255,
            ))
            .check(one_of(
                "export_attachment_source_value",
                "source",
                &["ATTACHMENT", "IMAGE", "FULL_TEXT"],
            ))
            .check(one_of(
                "export_attachment_state_value",
                "state",
                &["PENDING", "SENDING", "SENT", "FAILED"],
            ))
            .check(check(
                "export_attachment_sent_has_id",
                "(state = 'SENT') = (external_id IS NOT NULL)",
            ))
            .to_owned();
        let indexes = vec![index(
            "export_attachment_ticket_idx",
            "export_attachment",
            &["export_id", "ticket_id", "position"],
        )];
        create(manager, table, indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "export_attachment").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
