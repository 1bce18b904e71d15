//! Exports: the one run of a session, who works on it, and how far it is.

use sea_orm_migration::prelude::*;

use crate::shape::{
    big_integer, check, create, drop, index_where, integer, json_binary, json_binary_null,
    json_kind, one_of, pk_uuid, references, text, text_null, time, time_null, uuid,
};

const STATUSES: [&str; 7] = [
    "PENDING",
    "EXPORTING",
    "PAUSED",
    "COMPLETED",
    "FAILED",
    "CANCELLED",
    "REVERTED",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create()
            .table("export")
            .col(pk_uuid("id"))
            .col(uuid("session_id").unique_key())
            .col(text("status"))
            .col(integer("attempt"))
            .col(text("jira_project_key"))
            .col(integer("total_tickets"))
            .col(integer("tickets_completed"))
            .col(integer("tickets_failed"))
            .col(integer("tickets_preserved"))
            .col(json_binary_null("current_ticket"))
            .col(text_null("lease_owner"))
            .col(time_null("lease_until"))
            .col(big_integer("fence"))
            .col(big_integer("next_event_sequence"))
            .col(time_null("resume_time"))
            .col(time("start_time"))
            .col(time_null("finish_time"))
            .col(json_binary_null("failure"))
            .col(json_binary("orphaned_keys"))
            .col(integer("dependencies_created"))
            .col(integer("manual_fixes"))
            .col(text("started_by"))
            .col(time("create_time"))
            .col(time("update_time"))
            .col(time_null("active_since"))
            .col(big_integer("active_micros"))
            .foreign_key(&mut references("export", "session_id", "session"))
            .foreign_key(&mut references("export", "started_by", "user"))
            .to_owned();
        table
            .check(one_of("export_status_value", "status", &STATUSES))
            .check(json_kind(
                manager,
                "export_failure_kind",
                "failure",
                "object",
            ))
            .check(json_kind(
                manager,
                "export_current_ticket_kind",
                "current_ticket",
                "object",
            ))
            .check(json_kind(
                manager,
                "export_orphaned_keys_kind",
                "orphaned_keys",
                "array",
            ))
            .check(check(
                "export_counts_range",
                "attempt >= 0 AND total_tickets >= 0 AND tickets_failed >= 0 \
                 AND tickets_completed BETWEEN 0 AND total_tickets \
                 AND tickets_preserved BETWEEN 0 AND total_tickets AND dependencies_created >= 0 \
                 AND manual_fixes >= 0 AND active_micros >= 0 AND fence >= 0 \
                 AND next_event_sequence >= 1",
            ))
            .check(check(
                "export_lease_whole",
                "(lease_owner IS NULL) = (lease_until IS NULL)",
            ));
        // What a sweep looks for: runs that nobody works on any more.
        let unfinished = index_where(
            "export_unfinished_idx",
            "export",
            &["lease_until", "id"],
            "status IN ('PENDING', 'EXPORTING')",
        );
        create(manager, table, vec![unfinished]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "export").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
