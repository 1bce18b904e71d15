//! Full text, one document a ticket: words come folded and taken apart, and neither database looks into them again.
//!
//! The index is made anew and empty. Every process fills in what is missing when it starts.

use sea_orm_migration::prelude::*;

use crate::shape::{drop, raw};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "ticket_search").await?;
        raw(
            manager,
            &[
                // `ascii` splits at ASCII characters alone; `unicode61` has its own idea of what a letter is.
                "CREATE VIRTUAL TABLE ticket_search USING fts5 (\
                 title, description, public_comments, internal_comments, \
                 content = '', contentless_delete = 1, tokenize = 'ascii')",
            ],
            &[
                // Weights: A title, B description, C public comments, D internal comments.
                "CREATE TABLE ticket_search (\
                 ticket_id uuid NOT NULL PRIMARY KEY REFERENCES ticket (id) ON DELETE CASCADE, \
                 number bigint NOT NULL UNIQUE, \
                 document tsvector NOT NULL)",
                "CREATE INDEX ticket_search_idx ON ticket_search USING gin (document)",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop(manager, "ticket_search").await?;
        raw(
            manager,
            &["CREATE VIRTUAL TABLE ticket_search USING fts5 (\
               title, description, public_comments, internal_comments, \
               content = '', contentless_delete = 1, \
               tokenize = 'unicode61 remove_diacritics 2')"],
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

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
