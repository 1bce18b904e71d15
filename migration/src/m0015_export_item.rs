//! Export items: one a ticket of a run, in the order in which they are made.

use sea_orm_migration::prelude::*;

use crate::shape::{
    belongs_to, big_integer_null, boolean, check, create, drop, index, index_where, integer,
    json_binary, json_binary_null, json_kind, one_of, primary_key, references, text, text_null,
    time_null, uuid,
};

const STATES: [&str; 5] = ["PENDING", "CREATING", "CREATED", "EXPORTED", "FAILED"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("export_item")
            .col(uuid("export_id"))
            .col(uuid("ticket_id"))
            .col(integer("position"))
            .col(text("state"))
            .col(integer("attempt"))
            .col(big_integer_null("high_key"))
            .col(text_null("jira_key"))
            .col(text_null("jira_id"))
            .col(text_null("jira_url"))
            .col(boolean("adopted"))
            .col(time_null("export_time"))
            .col(json_binary_null("error"))
            .col(json_binary("fallbacks"))
            .primary_key(&mut primary_key(&["export_id", "ticket_id"]))
            .foreign_key(&mut belongs_to("export_item", "export_id", "export"))
            .foreign_key(&mut references("export_item", "ticket_id", "ticket"))
            .check(one_of("export_item_state_value", "state", &STATES))
            .check(check(
                "export_item_counts_range",
                "position >= 0 AND attempt >= 0 AND high_key >= 0",
            ))
            .check(json_kind(
                manager,
                "export_item_fallbacks_kind",
                "fallbacks",
                "array",
            ))
            .check(check(
                "export_item_made_has_key",
                "state NOT IN ('CREATED', 'EXPORTED') OR jira_key IS NOT NULL",
            ))
            .check(check(
                "export_item_exported_has_time",
                "(state = 'EXPORTED') = (export_time IS NOT NULL)",
            ))
            .to_owned();
        let indexes = vec![
            index(
                "export_item_position_key",
                "export_item",
                &["export_id", "position"],
            )
            .unique()
            .to_owned(),
            // The next item of a run, however many are done.
            index_where(
                "export_item_open_idx",
                "export_item",
                &["export_id", "position"],
                "state <> 'EXPORTED'",
            ),
            index("export_item_ticket_idx", "export_item", &["ticket_id"]),
        ];
        create(manager, table, indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "export_item").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
