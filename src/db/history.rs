//! History: what happened to every ticket, append-only (both databases refuse a change), and the change feed.
//!
//! On PostgreSQL the table has one more column, `transaction_id`, that the database fills: a lower
//! `sequence` can commit after a higher one there. A feed that loses nothing reads in the order of
//! (`transaction_id`, `sequence`), and only rows below `pg_snapshot_xmin(pg_current_snapshot())`. On
//! SQLite, with its one writer, `sequence` is the order of commits.

use std::net::IpAddr;

use sea_orm::{NotSet, Set, entity::prelude::*};

use crate::{
    domain::{
        history::HistoryEventType,
        ids::{TicketId, UserId},
        time::Time,
    },
    error::Result,
};

/// A row of `history`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "history")]
pub struct Model {
    /// Strictly growing over the whole installation; the database gives it.
    #[sea_orm(primary_key)]
    pub sequence: i64,
    /// The ticket.
    pub ticket_id: TicketId,
    /// What kind of change it was.
    pub event_type: HistoryEventType,
    /// The field that changed, where it was one.
    pub field: Option<String>,
    /// What the field held before.
    pub old_value: Option<String>,
    /// What it holds since.
    pub new_value: Option<String>,
    /// Who did it. No foreign key: history outlives whom it names.
    pub actor_id: UserId,
    /// Where the call came from.
    pub ip_address: Option<String>,
    /// Facts beside the field, as a JSON object.
    #[sea_orm(column_type = "JsonBinary")]
    pub metadata: Json,
    /// When it happened.
    pub create_time: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// An entry to be appended.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Whose history.
    pub ticket_id: TicketId,
    /// What happened.
    pub event_type: HistoryEventType,
    /// The field that changed, if one did.
    pub field: Option<String>,
    /// Its value before.
    pub old_value: Option<String>,
    /// Its value after.
    pub new_value: Option<String>,
    /// Who did it.
    pub actor_id: UserId,
    /// Where they called from.
    pub ip_address: Option<IpAddr>,
    /// What else a reader may want to know: a JSON object.
    pub metadata: Json,
    /// When.
    pub create_time: Time,
}

impl Entry {
    /// An event that is not about one field.
    pub fn event(
        ticket_id: TicketId,
        event_type: HistoryEventType,
        actor_id: UserId,
        ip_address: Option<IpAddr>,
        metadata: Json,
        create_time: Time,
    ) -> Self {
        Self {
            ticket_id,
            event_type,
            field: None,
            old_value: None,
            new_value: None,
            actor_id,
            ip_address,
            metadata,
            create_time,
        }
    }
}

/// Appends entries in their order, in the transaction of the change that they tell of.
pub async fn append(conn: &impl ConnectionTrait, entries: Vec<Entry>) -> Result<()> {
    let rows = entries.into_iter().map(|entry| ActiveModel {
        sequence: NotSet,
        ticket_id: Set(entry.ticket_id),
        event_type: Set(entry.event_type),
        field: Set(entry.field),
        old_value: Set(entry.old_value),
        new_value: Set(entry.new_value),
        actor_id: Set(entry.actor_id),
        ip_address: Set(entry.ip_address.map(|ip| ip.to_string())),
        metadata: Set(entry.metadata),
        create_time: Set(entry.create_time),
    });
    Entity::insert_many(rows)
        .exec_without_returning(conn)
        .await?;
    Ok(())
}
