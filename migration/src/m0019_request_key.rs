//! Request keys: what a call with a request id was answered, so that a repeat changes nothing.

use sea_orm_migration::prelude::*;

use crate::shape::{blob, check, create, drop, index, primary_key, text, time, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("request_key")
            .col(text("caller"))
            .col(text("method"))
            .col(uuid("request_id"))
            .col(blob("request_hash"))
            .col(blob("response"))
            .col(time("create_time"))
            .primary_key(&mut primary_key(&["caller", "method", "request_id"]))
            .check(check(
                "request_key_hash_length",
                "octet_length(request_hash) = 32",
            ))
            .to_owned();
        let indexes = vec![index(
            "request_key_create_time_idx",
            "request_key",
            &["create_time"],
        )];
        create(manager, table, indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "request_key").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
