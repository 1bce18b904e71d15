//! Export events: what watchers of a run are told, append-only, numbered 1, 2, 3 … within the run.

use sea_orm::{IntoActiveModel, QueryOrder, QuerySelect, entity::prelude::*};

use crate::{
    domain::{
        export::{EventDetail, ExportSnapshot},
        ids::ExportId,
    },
    error::Result,
};

/// A row of `export_event`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "export_event")]
pub struct Model {
    /// The run.
    #[sea_orm(primary_key, auto_increment = false)]
    pub export_id: ExportId,
    /// Its number within the run, from 1, without a gap.
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    /// When it happened.
    pub time: DateTimeUtc,
    /// The detail's kind, for queries.
    pub kind: String,
    /// What happened.
    #[sea_orm(column_type = "JsonBinary")]
    pub detail: EventDetail,
    /// The run as it stood then.
    #[sea_orm(column_type = "JsonBinary")]
    pub snapshot: ExportSnapshot,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The event in words, for the log.
    pub fn told(&self) -> String {
        let detail = serde_json::to_string(&self.detail).unwrap_or_default();
        format!("event {} {detail}", self.sequence)
    }
}

/// Appends events.
pub async fn append(conn: &impl ConnectionTrait, rows: Vec<Model>) -> Result<()> {
    let rows = rows.into_iter().map(IntoActiveModel::into_active_model);
    Entity::insert_many(rows)
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// The events behind `sequence`, in order.
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
