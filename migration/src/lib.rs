//! docket's schema, told as steps that go up and down, on SQLite and on PostgreSQL.
//!
//! A released step is never edited: a change is a new step at the end of the list. Every step runs
//! in a transaction of its own on both databases, so a step that fails leaves nothing behind.

#![expect(
    elided_lifetimes_in_paths,
    reason = "MigrationTrait's methods have to be written as the trait has them"
)]

use sea_orm_migration::prelude::*;

mod shape;

mod m0001_user;
mod m0002_conversation;
mod m0003_ticket_number;
mod m0004_integration;
mod m0005_session;
mod m0006_ticket;
mod m0007_ticket_tag;
mod m0008_comment;
mod m0009_attachment;
mod m0010_assignment;
mod m0011_history;
mod m0012_dispatch;
mod m0013_dependency;
mod m0014_export;
mod m0015_export_item;
mod m0016_export_link;
mod m0017_export_event;
mod m0018_export_fix;
mod m0019_request_key;
mod m0020_ticket_search;
mod m0021_blob;
mod m0022_upload;
mod m0023_export_attachment;
mod m0024_export_request;
mod m0025_export_revert;
mod m0026_export_log;
mod m0028_session_change;
mod m0029_export_snapshot;
mod m0030_ticket_internal_comments;
mod m0031_history_version;
mod m0032_ticket_sla;
mod m0033_integration_change;
mod m0034_ticket_search_words;
mod m0035_ticket_list;
mod m0036_history_number;
mod m0037_scan;
mod m0040_ticket_search_anew;
mod m0041_upload_open;
mod m0045_ticket_tag_time;
mod m0050_export_item_doubted;
mod m0051_export_attachment_doubted;
mod m0052_dispatch_attempts;
mod m0053_inbound;
mod m0054_integration_held;
mod m0055_integration_held_seconds;
mod m0056_export_unfinished;
mod m0057_dispatch_uncounted;

pub use sea_orm_migration::{MigrationStatus, MigratorTrait};

/// All steps of the schema, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_user::Migration),
            Box::new(m0002_conversation::Migration),
            Box::new(m0003_ticket_number::Migration),
            Box::new(m0004_integration::Migration),
            Box::new(m0005_session::Migration),
            Box::new(m0006_ticket::Migration),
            Box::new(m0007_ticket_tag::Migration),
            Box::new(m0008_comment::Migration),
            Box::new(m0009_attachment::Migration),
            Box::new(m0010_assignment::Migration),
            Box::new(m0011_history::Migration),
            Box::new(m0012_dispatch::Migration),
            Box::new(m0013_dependency::Migration),
            Box::new(m0014_export::Migration),
            Box::new(m0015_export_item::Migration),
            Box::new(m0016_export_link::Migration),
            Box::new(m0017_export_event::Migration),
            Box::new(m0018_export_fix::Migration),
            Box::new(m0019_request_key::Migration),
            Box::new(m0020_ticket_search::Migration),
            Box::new(m0021_blob::Migration),
            Box::new(m0022_upload::Migration),
            Box::new(m0023_export_attachment::Migration),
            Box::new(m0024_export_request::Migration),
            Box::new(m0025_export_revert::Migration),
            Box::new(m0026_export_log::Migration),
            Box::new(m0028_session_change::Migration),
            Box::new(m0029_export_snapshot::Migration),
            Box::new(m0030_ticket_internal_comments::Migration),
            Box::new(m0031_history_version::Migration),
            Box::new(m0032_ticket_sla::Migration),
            Box::new(m0033_integration_change::Migration),
            Box::new(m0034_ticket_search_words::Migration),
            Box::new(m0035_ticket_list::Migration),
            Box::new(m0036_history_number::Migration),
            Box::new(m0037_scan::Migration),
            Box::new(m0040_ticket_search_anew::Migration),
            Box::new(m0041_upload_open::Migration),
            Box::new(m0045_ticket_tag_time::Migration),
            Box::new(m0050_export_item_doubted::Migration),
            Box::new(m0051_export_attachment_doubted::Migration),
            Box::new(m0052_dispatch_attempts::Migration),
            Box::new(m0053_inbound::Migration),
            Box::new(m0054_integration_held::Migration),
            Box::new(m0055_integration_held_seconds::Migration),
            Box::new(m0056_export_unfinished::Migration),
            Box::new(m0057_dispatch_uncounted::Migration),
        ]
    }
}
