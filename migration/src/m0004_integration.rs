//! Integrations: the outside systems that tickets are handed to.

use sea_orm_migration::prelude::*;

use crate::shape::{
    big_integer, blob_null, boolean, check, create, drop, index, json_binary, json_kind, length,
    one_of, pk_uuid, raw, text, text_null, time, time_null,
};

const CATEGORIES: [&str; 7] = [
    "TICKETING",
    "CRM",
    "MESSAGING",
    "COMMUNICATION",
    "PROJECT_MANAGEMENT",
    "CODE_REPOSITORY",
    "WEBHOOK",
];
const STATUSES: [&str; 4] = ["PENDING", "ACTIVE", "INACTIVE", "ERROR"];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("integration")
            .col(pk_uuid("id"))
            .col(text("name"))
            .col(text("category"))
            .col(text("platform"))
            .col(boolean("enabled"))
            .col(text("status"))
            .col(json_binary("config"))
            .col(blob_null("credentials"))
            .col(text_null("credentials_key_id"))
            .col(time_null("last_check_time"))
            .col(text_null("last_error"))
            .col(big_integer("dispatch_count"))
            .col(big_integer("failure_count"))
            .col(big_integer("version"))
            .col(time("create_time"))
            .col(time("update_time"))
            .check(length("integration_name_length", "name", 1, 255))
            .check(one_of(
                "integration_category_value",
                "category",
                &CATEGORIES,
            ))
            .check(one_of("integration_status_value", "status", &STATUSES))
            .check(json_kind(
                manager,
                "integration_config_kind",
                "config",
                "object",
            ))
            .check(check(
                "integration_counts_range",
                "dispatch_count >= 0 AND failure_count >= 0",
            ))
            .check(check(
                "integration_credentials_sealed",
                "(credentials IS NULL) = (credentials_key_id IS NULL)",
            ))
            .check(check(
                "integration_status_follows_enabled",
                "enabled = (status <> 'INACTIVE')",
            ))
            .to_owned();
        let indexes = vec![
            index(
                "integration_create_time_idx",
                "integration",
                &["create_time", "id"],
            ),
            index(
                "integration_platform_idx",
                "integration",
                &["platform", "create_time", "id"],
            ),
        ];
        create(manager, table, indexes).await?;
        let unique_name = "CREATE UNIQUE INDEX integration_name_key ON integration (lower(name))";
        raw(manager, &[unique_name], &[unique_name]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "integration").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
