//! Export fixes: the values that Jira did not take, for a person to put right.

use sea_orm_migration::prelude::*;

use crate::shape::{
    belongs_to, boolean, create, drop, index, one_of, pk_uuid, references, text, text_null, time,
    uuid,
};

const TYPES: [&str; 7] = [
    "ASSIGNEE_INVALID",
    "SPRINT_NOT_FOUND",
    "PRIORITY_UNAVAILABLE",
    "FIELD_REJECTED",
    "ATTACHMENT_FAILED",
    "LINK_FAILED",
    "DESCRIPTION_TRUNCATED",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("export_fix")
            .col(pk_uuid("id"))
            .col(uuid("export_id"))
            .col(uuid("ticket_id"))
            .col(text_null("jira_key"))
            .col(text("type"))
            .col(text("field"))
            .col(text("wanted"))
            .col(text_null("sent"))
            .col(text("reason"))
            .col(text("recommended_action"))
            .col(boolean("applied"))
            .col(time("create_time"))
            .foreign_key(&mut belongs_to("export_fix", "export_id", "export"))
            .foreign_key(&mut references("export_fix", "ticket_id", "ticket"))
            .check(one_of("export_fix_type_value", "type", &TYPES))
            .to_owned();
        let indexes = vec![
            index(
                "export_fix_export_idx",
                "export_fix",
                &["export_id", "create_time", "id"],
            ),
            index("export_fix_ticket_idx", "export_fix", &["ticket_id"]),
        ];
        create(manager, table, indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "export_fix").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
