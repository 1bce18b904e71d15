//! History: what happened to every ticket, append-only, and the change feed that watchers read.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::shape::{
    append_only, big_integer, create, drop_append_only, index, json_binary, json_kind, length,
    one_of, references, text, text_null, time, uuid,
};

const EVENT_TYPES: [&str; 20] = [
    "CREATED",
    "UPDATED",
    "STATUS_CHANGED",
    "PRIORITY_CHANGED",
    "ASSIGNMENT_CHANGED",
    "COMMENT_ADDED",
    "COMMENT_UPDATED",
    "COMMENT_DELETED",
    "ATTACHMENT_ADDED",
    "ATTACHMENT_DELETED",
    "ESCALATED",
    "REOPENED",
    "RESOLVED",
    "CLOSED",
    "SLA_BREACHED",
    "DUE_DATE_CHANGED",
    "INTEGRATION_DISPATCHED",
    "EXPORTED",
    "DELETED",
    "UNDELETED",
];

/// The transaction that wrote the row. On PostgreSQL a lower `sequence` can commit after a higher
/// one, so a feed in the order of `sequence` skips rows. In the order of (`transaction_id`,
/// `sequence`), read below `pg_snapshot_xmin(pg_current_snapshot())`, nothing can still come before
/// what was read. SQLite has one writer, so there `sequence` is the order of commits.
fn transaction_id() -> ColumnDef {
    ColumnDef::new("transaction_id")
        .custom("xid8")
        .not_null()
        .default(Expr::cust("pg_current_xact_id()"))
        .to_owned()
}

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create()
            .table("history")
            .col(big_integer("sequence").primary_key().auto_increment())
            .col(uuid("ticket_id"))
            .col(text("event_type"))
            .col(text_null("field"))
            .col(text_null("old_value"))
            .col(text_null("new_value"))
            .col(text("actor_id"))
            .col(text_null("ip_address"))
            .col(json_binary("metadata"))
            .col(time("create_time"))
            .foreign_key(&mut references("history", "ticket_id", "ticket"))
            .check(one_of(
                "history_event_type_value",
                "event_type",
                &EVENT_TYPES,
            ))
            .check(length("history_actor_length", "actor_id", 1, 128))
            .check(json_kind(
                manager,
                "history_metadata_kind",
                "metadata",
                "object",
            ))
            .to_owned();
        let mut indexes = vec![index(
            "history_ticket_idx",
            "history",
            &["ticket_id", "sequence"],
        )];
        if manager.get_database_backend() == DbBackend::Postgres {
            table.col(transaction_id());
            indexes.push(index(
                "history_feed_idx",
                "history",
                &["transaction_id", "sequence"],
            ));
        }
        create(manager, table, indexes).await?;
        append_only(manager, "history").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_append_only(manager, "history").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
