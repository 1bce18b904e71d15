//! The index of tickets by tag holds them in the order in which they were filed, so that the newest with a tag are read off its end.

use sea_orm_migration::prelude::*;

use crate::shape::raw;

const FILL: &str = "UPDATE ticket_tag SET create_time = (SELECT create_time FROM ticket WHERE ticket.id = ticket_tag.ticket_id)";
const INDEX: &str = "CREATE INDEX ticket_tag_time_idx ON ticket_tag (tag, create_time, ticket_id)";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        raw(
            manager,
            &[
                // SQLite adds no column without a value for the rows that are there.
                "ALTER TABLE ticket_tag ADD COLUMN create_time timestamp_with_timezone_text NOT NULL DEFAULT '1970-01-01 00:00:00.000000 +00:00'",
                FILL,
                INDEX,
            ],
            &[
                "ALTER TABLE ticket_tag ADD COLUMN create_time timestamptz",
                FILL,
                "ALTER TABLE ticket_tag ALTER COLUMN create_time SET NOT NULL",
                INDEX,
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let down = [
            "DROP INDEX ticket_tag_time_idx",
            "ALTER TABLE ticket_tag DROP COLUMN create_time",
        ];
        raw(manager, &down, &down).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
