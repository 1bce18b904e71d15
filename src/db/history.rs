//! History: what happened to every ticket, append-only (both databases refuse a change). What follows it is in
//! [`super::history_feed`].

use std::net::IpAddr;

use sea_orm::{NotSet, QueryOrder as _, QuerySelect as _, Set, entity::prelude::*};

use super::query;
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
    /// The version of the ticket that it led to. Null in entries of an export, which count the version up by themselves, and in old ones.
    pub ticket_version: Option<i64>,
    /// Whether it is about an internal comment.
    pub internal: bool,
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
    /// The version of the ticket that it led to, where whoever writes it knows.
    pub ticket_version: Option<i64>,
    /// Whether it is about an internal comment.
    pub internal: bool,
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
            ticket_version: None,
            internal: false,
        }
    }
}

/// Appends entries in their order, in the transaction of the change that they tell of.
pub async fn append(conn: &impl ConnectionTrait, entries: Vec<Entry>) -> Result<()> {
    let mut rows = entries.into_iter().map(row).peekable();
    while rows.peek().is_some() {
        let chunk: Vec<ActiveModel> = rows.by_ref().take(query::ROWS_A_STATEMENT).collect();
        Entity::insert_many(chunk)
            .exec_without_returning(conn)
            .await?;
    }
    Ok(())
}

fn row(entry: Entry) -> ActiveModel {
    ActiveModel {
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
        ticket_version: Set(entry.ticket_version),
        internal: Set(entry.internal),
    }
}

/// What an entry tells of a version of its ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionNote {
    /// The version that it led to.
    pub version: i64,
    /// What happened.
    pub event_type: HistoryEventType,
    /// The field that changed, if one did.
    pub field: Option<String>,
    /// Whether it is about an internal comment.
    pub internal: bool,
}

/// What the entries of a ticket tell of the versions after `version`.
pub async fn since_version(
    conn: &impl ConnectionTrait,
    ticket_id: TicketId,
    version: i64,
) -> Result<Vec<VersionNote>> {
    let rows = Entity::find()
        .filter(Column::TicketId.eq(ticket_id))
        .filter(Column::TicketVersion.gt(version));
    let rows = rows.select_only().columns([
        Column::TicketVersion,
        Column::EventType,
        Column::Field,
        Column::Internal,
    ]);
    let rows: Vec<(i64, HistoryEventType, Option<String>, bool)> =
        rows.into_tuple().all(conn).await?;
    let note = |(version, event_type, field, internal)| VersionNote {
        version,
        event_type,
        field,
        internal,
    };
    Ok(rows.into_iter().map(note).collect())
}

/// A ticket's entries, oldest first, from behind `after`; those about internal comments only with `internal`.
pub async fn page(
    conn: &impl ConnectionTrait,
    ticket_id: TicketId,
    internal: bool,
    after: Option<i64>,
    limit: u64,
) -> Result<Vec<Model>> {
    let mut rows = Entity::find().filter(Column::TicketId.eq(ticket_id));
    if !internal {
        rows = rows.filter(Column::Internal.eq(false));
    }
    if let Some(sequence) = after {
        rows = rows.filter(Column::Sequence.gt(sequence));
    }
    let rows = rows.order_by_asc(Column::Sequence).limit(limit);
    Ok(rows.all(conn).await?)
}

impl Model {
    /// About how many bytes its picture has.
    pub fn weight(&self) -> usize {
        let value = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        value(&self.old_value) + value(&self.new_value) + 2 * self.metadata.to_string().len() + 512
    }
}
