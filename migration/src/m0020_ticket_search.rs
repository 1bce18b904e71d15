//! Full text over tickets and their comments: FTS5 on SQLite, `tsvector` on PostgreSQL.

use sea_orm_migration::prelude::*;

use crate::shape::{drop, raw};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        raw(
            manager,
            &[
                // Contentless: the text itself stays in `ticket` and `comment`. rowid = ticket.number.
                "CREATE VIRTUAL TABLE ticket_search USING fts5 (\
                 title, description, public_comments, internal_comments, \
                 content = '', contentless_delete = 1, \
                 tokenize = 'unicode61 remove_diacritics 2')",
            ],
            &[
                "CREATE TABLE ticket_search (\
                 ticket_id uuid NOT NULL PRIMARY KEY REFERENCES ticket (id) ON DELETE CASCADE, \
                 document tsvector NOT NULL, \
                 public_comments tsvector NOT NULL, \
                 internal_comments tsvector NOT NULL)",
                "CREATE INDEX ticket_search_idx ON ticket_search \
                 USING gin (document, public_comments, internal_comments)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "ticket_search").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
