//! Dependencies: which ticket of a session has to exist before which.

use sea_orm_migration::prelude::*;

use crate::shape::{belongs_to, check, create, drop, index, primary_key, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("dependency")
            .col(uuid("ticket_id"))
            .col(uuid("depends_on_id"))
            .col(uuid("session_id"))
            .primary_key(&mut primary_key(&["ticket_id", "depends_on_id"]))
            .foreign_key(&mut belongs_to("dependency", "ticket_id", "ticket"))
            .foreign_key(&mut belongs_to("dependency", "depends_on_id", "ticket"))
            .foreign_key(&mut belongs_to("dependency", "session_id", "session"))
            .check(check("dependency_on_another", "ticket_id <> depends_on_id"))
            .to_owned();
        let indexes = vec![
            index(
                "dependency_session_idx",
                "dependency",
                &["session_id", "ticket_id"],
            ),
            index(
                "dependency_depends_on_idx",
                "dependency",
                &["depends_on_id"],
            ),
        ];
        create(manager, table, indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "dependency").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
