//! The log of exports: every change of a run's state, every request to Jira and its answer, append-only.

use sea_orm_migration::prelude::*;

use crate::shape::{
    append_only, big_integer, big_integer_null, check, create, drop_append_only, index, integer,
    integer_null, length, one_of, references, text, text_null, time, uuid,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create()
            .table("export_log")
            .col(big_integer("sequence").primary_key().auto_increment())
            .col(uuid("export_id"))
            .col(time("time"))
            .col(integer("attempt"))
            .col(text("kind"))
            .col(text_null("note"))
            .col(text_null("method"))
            .col(text_null("path"))
            .col(text_null("sent"))
            .col(integer_null("status"))
            .col(text_null("received"))
            .col(big_integer_null("latency_micros"))
            .foreign_key(&mut references("export_log", "export_id", "export"))
            .check(one_of("export_log_kind_value", "kind", &["STATE", "REQUEST"]))
            .check(check(
                "export_log_kind_whole",
                "(kind = 'STATE') = (note IS NOT NULL) AND (kind = 'REQUEST') = (method IS NOT NULL) \
                 AND (kind = 'REQUEST') = (path IS NOT NULL) AND (kind = 'REQUEST') = (latency_micros IS NOT NULL)",
            ))
            .to_owned();
        // What is kept of a text is cut before; no fault of the cutting may fill the disk.
        for (name, column) in [
            ("export_log_note_length", "note"),
            ("export_log_path_length", "path"),
            ("export_log_sent_length", "sent"),
            ("export_log_received_length", "received"),
        ] {
            table.check(length(name, column, 0, 1000));
        }
        let index = index(
            "export_log_export_idx",
            "export_log",
            &["export_id", "sequence"],
        );
        create(manager, table, vec![index]).await?;
        append_only(manager, "export_log").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_append_only(manager, "export_log").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
