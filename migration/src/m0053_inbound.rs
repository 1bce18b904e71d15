//! Webhooks from platforms: which were taken, and which attempts made the issue that one speaks of.

use sea_orm_migration::prelude::*;

use crate::shape::{create, drop, index, primary_key, raw, references, text, time, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("inbound_delivery")
            .col(uuid("integration_id"))
            .col(text("name"))
            .col(time("receive_time"))
            .primary_key(&mut primary_key(&["integration_id", "name"]))
            .foreign_key(&mut references(
                "inbound_delivery",
                "integration_id",
                "integration",
            ))
            .to_owned();
        let indexes = vec![index(
            "inbound_delivery_time_idx",
            "inbound_delivery",
            &["integration_id", "receive_time"],
        )];
        create(manager, table, indexes).await?;
        raw(
            manager,
            &["CREATE INDEX dispatch_external_idx ON dispatch (integration_id, (json_extract(external, '$.id'))) WHERE external IS NOT NULL"],
            &["CREATE INDEX dispatch_external_idx ON dispatch (integration_id, (external ->> 'id')) WHERE external IS NOT NULL"],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = "DROP INDEX dispatch_external_idx";
        raw(manager, &[index], &[index]).await?;
        drop(manager, "inbound_delivery").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
