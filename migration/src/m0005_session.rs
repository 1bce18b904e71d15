//! Sessions: tickets that are prepared and exported together.

use sea_orm_migration::prelude::*;

use crate::shape::{
    big_integer, create, drop, index, index_where, length, one_of, pk_uuid, references, text, time,
    time_null, uuid_null,
};

const STAGES: [&str; 5] = ["UPLOAD", "PROCESSING", "REVIEW", "JIRA_EXPORT", "COMPLETED"];
const STATUSES: [&str; 5] = [
    "ACTIVE",
    "EXPORTING",
    "COMPLETED",
    "EXPORT_FAILED",
    "CANCELLED",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("session")
            .col(pk_uuid("id"))
            .col(text("name"))
            .col(text("owner_id"))
            .col(uuid_null("integration_id"))
            .col(text("jira_project_key"))
            .col(text("stage"))
            .col(text("status"))
            .col(big_integer("version"))
            .col(time("create_time"))
            .col(time("update_time"))
            .col(time_null("complete_time"))
            .col(time_null("delete_time"))
            .foreign_key(&mut references("session", "owner_id", "user"))
            .foreign_key(&mut references("session", "integration_id", "integration"))
            .check(length("session_name_length", "name", 1, 255))
            .check(one_of("session_stage_value", "stage", &STAGES))
            .check(one_of("session_status_value", "status", &STATUSES))
            .to_owned();
        let indexes = vec![
            index("session_create_time_idx", "session", &["create_time", "id"]),
            index(
                "session_owner_idx",
                "session",
                &["owner_id", "create_time", "id"],
            ),
            index(
                "session_status_idx",
                "session",
                &["status", "create_time", "id"],
            ),
            index_where(
                "session_integration_idx",
                "session",
                &["integration_id", "create_time", "id"],
                "integration_id IS NOT NULL",
            ),
        ];
        create(manager, table, indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "session").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
