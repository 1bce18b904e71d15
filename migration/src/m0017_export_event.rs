//! Export events: what watchers of a run are told, append-only, numbered without a gap.

use sea_orm_migration::prelude::*;

use crate::shape::{
    append_only, big_integer, check, create, drop_append_only, json_binary, length, primary_key,
    references, text, time, uuid,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("export_event")
            .col(uuid("export_id"))
            .col(big_integer("sequence"))
            .col(time("time"))
            .col(text("kind"))
            .col(json_binary("detail"))
            .col(json_binary("snapshot"))
            .primary_key(&mut primary_key(&["export_id", "sequence"]))
            .foreign_key(&mut references("export_event", "export_id", "export"))
            .check(check("export_event_sequence_range", "sequence >= 1"))
            .check(length("export_event_kind_length", "kind", 1, 64))
            .to_owned();
        create(manager, table, vec![]).await?;
        append_only(manager, "export_event").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_append_only(manager, "export_event").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
