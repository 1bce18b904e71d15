//! Dispatches: the intents and attempts to hand a ticket to an outside system.

use sea_orm_migration::prelude::*;

use crate::shape::{
    big_integer_null, check, create, drop, index, index_where, integer, integer_null,
    json_binary_null, one_of, pk_uuid, references, text, text_null, time, time_null, uuid,
};

const STATES: [&str; 5] = ["PENDING", "SENT", "SUCCEEDED", "FAILED", "UNCERTAIN"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
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
            .check(one_of("dispatch_state_value", "state", &STATES))
            .to_owned();
        let indexes = vec![
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
        ];
        create(manager, table, indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "dispatch").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
