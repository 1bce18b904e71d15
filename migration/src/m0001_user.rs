//! People: one row a `sub` that the auth service has vouched for.

use sea_orm_migration::prelude::*;

use crate::shape::{
    boolean, create, drop, index, index_where, length, one_of, text, text_null, time,
};

const ROLES: [&str; 6] = [
    "END_USER",
    "DEVOPS_ENGINEER",
    "SENIOR_ENGINEER",
    "TEAM_LEAD",
    "MANAGER",
    "ADMIN",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("user")
            .col(text("id").primary_key())
            .col(text("display_name"))
            .col(text_null("email"))
            .col(text("role"))
            .col(text_null("team"))
            .col(boolean("active"))
            .col(time("create_time"))
            .col(time("update_time"))
            .check(length("user_id_length", "id", 1, 128))
            .check(one_of("user_role_value", "role", &ROLES))
            .to_owned();
        let indexes = vec![
            index("user_role_idx", "user", &["role", "id"]),
            index_where("user_team_idx", "user", &["team", "id"], "team IS NOT NULL"),
        ];
        create(manager, table, indexes).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "user").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
