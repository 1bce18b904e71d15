//! Export links: the dependencies of a run as links between issues, each made once.

use sea_orm_migration::prelude::*;

use crate::shape::{
    belongs_to, check, create, drop, one_of, primary_key, references, text, text_null, uuid,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("export_link")
            .col(uuid("export_id"))
            .col(uuid("from_ticket_id"))
            .col(uuid("to_ticket_id"))
            .col(text("state"))
            .col(text_null("error"))
            .primary_key(&mut primary_key(&[
                "export_id",
                "from_ticket_id",
                "to_ticket_id",
            ]))
            .foreign_key(&mut belongs_to("export_link", "export_id", "export"))
            .foreign_key(&mut references("export_link", "from_ticket_id", "ticket"))
            .foreign_key(&mut references("export_link", "to_ticket_id", "ticket"))
            .check(one_of(
                "export_link_state_value",
                "state",
                &["PENDING", "DONE", "FAILED"],
            ))
            .check(check(
                "export_link_to_another",
                "from_ticket_id <> to_ticket_id",
            ))
            .to_owned();
        create(manager, table, vec![]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "export_link").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
