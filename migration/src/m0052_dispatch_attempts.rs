//! Dispatches are carried out: who holds an attempt and until when, where to look for what it made, what came of its files, and since when
//! an integration does nothing but fail. Nothing wrote to the table before, so that it is made anew.

use sea_orm_migration::prelude::*;

use crate::shape::{
    big_integer_null, check, create, drop, index, index_where, integer, integer_null,
    json_binary_null, json_kind, one_of, pk_uuid, raw, references, text, text_null, time,
    time_null, uuid,
};

const STATES: [&str; 3] = ["PENDING", "SENT", "ENDED"];
const OLD_STATES: [&str; 5] = ["PENDING", "SENT", "SUCCEEDED", "FAILED", "UNCERTAIN"];
const TRIGGERS: [&str; 4] = ["CREATE", "REQUEST", "RETRY", "RECOVERY"];
const OUTCOMES: [&str; 4] = ["CREATED", "REJECTED", "RETRY_LATER", "UNCERTAIN"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "dispatch").await?;
        create(manager, attempts(manager), indexes()).await?;
        raw(
            manager,
            &["ALTER TABLE integration ADD COLUMN first_failure_time timestamp_with_timezone_text"],
            &["ALTER TABLE integration ADD COLUMN first_failure_time timestamptz"],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = "ALTER TABLE integration DROP COLUMN first_failure_time";
        raw(manager, &[column], &[column]).await?;
        drop(manager, "dispatch").await?;
        create(manager, old_table(), old_indexes()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn attempts(manager: &SchemaManager<'_>) -> TableCreateStatement {
    Table::create()
        .table("dispatch")
        .col(pk_uuid("id"))
        .col(uuid("ticket_id"))
        .col(uuid("integration_id"))
        .col(integer("number"))
        .col(text("trigger"))
        .col(text("actor_id"))
        .col(text("dedupe_key"))
        .col(integer("retries"))
        .col(text("state"))
        .col(time("start_time"))
        .col(time_null("lease_until"))
        .col(json_binary_null("aim"))
        .col(time_null("sent_time"))
        .col(json_binary_null("external"))
        .col(json_binary_null("files"))
        .col(time_null("finish_time"))
        .col(text_null("outcome"))
        .col(integer_null("http_status"))
        .col(text_null("error_message"))
        .col(time_null("next_attempt_time"))
        .foreign_key(&mut references("dispatch", "ticket_id", "ticket"))
        .foreign_key(&mut references("dispatch", "integration_id", "integration"))
        .check(check("dispatch_number_range", "number >= 1"))
        .check(check("dispatch_retries_range", "retries >= 0"))
        .check(check(
            "dispatch_http_status_range",
            "http_status BETWEEN 100 AND 599",
        ))
        .check(one_of("dispatch_trigger_value", "trigger", &TRIGGERS))
        .check(one_of("dispatch_state_value", "state", &STATES))
        .check(one_of("dispatch_outcome_value", "outcome", &OUTCOMES))
        .check(json_kind(
            manager,
            "dispatch_external_kind",
            "external",
            "object",
        ))
        .check(json_kind(manager, "dispatch_files_kind", "files", "array"))
        .check(check(
            "dispatch_ended_has_outcome",
            "(state = 'ENDED') = (outcome IS NOT NULL) AND (state = 'ENDED') = (finish_time IS NOT NULL)",
        ))
        .check(check(
            "dispatch_open_has_lease",
            "(state = 'ENDED') = (lease_until IS NULL)",
        ))
        .check(check(
            "dispatch_next_after_end",
            "next_attempt_time IS NULL OR state = 'ENDED'",
        ))
        .to_owned()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let open = "state IN ('PENDING', 'SENT')";
    vec![
        index("dispatch_number_key", "dispatch", &["ticket_id", "number"])
            .unique()
            .to_owned(),
        // Two attempts at once could make two copies.
        index_where("dispatch_open_key", "dispatch", &["ticket_id"], open)
            .unique()
            .to_owned(),
        index_where(
            "dispatch_lease_idx",
            "dispatch",
            &["lease_until", "id"],
            open,
        ),
        index_where(
            "dispatch_due_idx",
            "dispatch",
            &["next_attempt_time", "id"],
            "next_attempt_time IS NOT NULL",
        ),
        index(
            "dispatch_integration_idx",
            "dispatch",
            &["integration_id", "start_time"],
        ),
    ]
}

/// As the table was before.
fn old_table() -> TableCreateStatement {
    Table::create()
        .table("dispatch")
        .col(pk_uuid("id"))
        .col(uuid("ticket_id"))
        .col(uuid("integration_id"))
        .col(integer("number"))
        .col(text("trigger"))
        .col(text("dedupe_key"))
        .col(text("state"))
        .col(time("start_time"))
        .col(big_integer_null("latency_micros"))
        .col(text_null("outcome"))
        .col(integer_null("http_status"))
        .col(text_null("error_message"))
        .col(json_binary_null("response"))
        .col(time_null("next_attempt_time"))
        .foreign_key(&mut references("dispatch", "ticket_id", "ticket"))
        .foreign_key(&mut references("dispatch", "integration_id", "integration"))
        .check(check("dispatch_number_range", "number >= 1"))
        .check(one_of("dispatch_state_value", "state", &OLD_STATES))
        .to_owned()
}

fn old_indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("dispatch_number_key", "dispatch", &["ticket_id", "number"])
            .unique()
            .to_owned(),
        index("dispatch_integration_idx", "dispatch", &["integration_id"]),
        index_where(
            "dispatch_open_idx",
            "dispatch",
            &["next_attempt_time", "id"],
            "state IN ('PENDING', 'SENT', 'UNCERTAIN')",
        ),
    ]
}
