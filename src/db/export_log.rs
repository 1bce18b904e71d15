//! Export log: a run's states, requests and answers for those who look into it afterwards, append-only.

use sea_orm::{NotSet, QueryOrder, QuerySelect, Set, entity::prelude::*};

use crate::{
    domain::{
        export_log::{LogEntry, LogKind, Logged},
        ids::ExportId,
    },
    error::Result,
};

/// A row of `export_log`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "export_log")]
pub struct Model {
    /// Grows with each entry of the installation; the database gives it.
    #[sea_orm(primary_key)]
    pub sequence: i64,
    /// The run.
    pub export_id: ExportId,
    /// When it happened.
    pub time: DateTimeUtc,
    /// The run's attempt.
    pub attempt: i32,
    /// What it tells of.
    pub kind: LogKind,
    /// The change of state.
    pub note: Option<String>,
    /// The request's method.
    pub method: Option<String>,
    /// Its path with its query.
    pub path: Option<String>,
    /// Its body.
    pub sent: Option<String>,
    /// The answer's status.
    pub status: Option<i32>,
    /// The answer's body, or why there is none.
    pub received: Option<String>,
    /// How long the answer took.
    pub latency_micros: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Appends entries in their order.
pub async fn append(
    conn: &impl ConnectionTrait,
    export: ExportId,
    entries: &[LogEntry],
) -> Result<()> {
    for chunk in entries.chunks(super::query::ROWS_A_STATEMENT) {
        let rows = chunk.iter().map(|entry| row(export, entry));
        Entity::insert_many(rows)
            .exec_without_returning(conn)
            .await?;
    }
    Ok(())
}

fn row(export: ExportId, entry: &LogEntry) -> ActiveModel {
    let empty = ActiveModel {
        sequence: NotSet,
        export_id: Set(export),
        time: Set(entry.time),
        attempt: Set(entry.attempt),
        kind: Set(LogKind::State),
        note: Set(None),
        method: Set(None),
        path: Set(None),
        sent: Set(None),
        status: Set(None),
        received: Set(None),
        latency_micros: Set(None),
    };
    match entry.what.clone() {
        Logged::State(note) => ActiveModel {
            note: Set(Some(note)),
            ..empty
        },
        Logged::Request(exchange) => ActiveModel {
            kind: Set(LogKind::Request),
            method: Set(Some(exchange.method)),
            path: Set(Some(exchange.path)),
            sent: Set(exchange.sent),
            status: Set(exchange.status.map(i32::from)),
            received: Set(Some(exchange.received)),
            latency_micros: Set(Some(
                i64::try_from(exchange.latency.as_micros()).unwrap_or(i64::MAX),
            )),
            ..empty
        },
    }
}

/// The entries behind `sequence`, in order.
pub async fn after(
    conn: &impl ConnectionTrait,
    export: ExportId,
    sequence: i64,
    limit: u64,
) -> Result<Vec<Model>> {
    let rows = Entity::find()
        .filter(Column::ExportId.eq(export))
        .filter(Column::Sequence.gt(sequence));
    Ok(rows
        .order_by_asc(Column::Sequence)
        .limit(limit)
        .all(conn)
        .await?)
}
