//! Conversations: where a ticket came from, under the id its channel gave it.

use sea_orm::{IntoActiveModel, entity::prelude::*, sea_query::OnConflict};

use super::query;
use crate::{domain::ids::ConversationId, error::Result};

/// A row of `conversation`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "conversation")]
pub struct Model {
    /// The id in the system that the conversation was held in.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ConversationId,
    /// How it was held, such as `chat` or `email`.
    pub channel: String,
    /// What it was about; may be empty.
    pub subject: String,
    /// When docket heard of it.
    pub create_time: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// Records conversations when they are mentioned first; later mentions change nothing.
pub async fn mention(conn: &impl ConnectionTrait, rows: Vec<Model>) -> Result<()> {
    for chunk in rows.chunks(query::ROWS_A_STATEMENT) {
        let rows = chunk
            .iter()
            .cloned()
            .map(IntoActiveModel::into_active_model);
        Entity::insert_many(rows)
            .on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned())
            .exec_without_returning(conn)
            .await?;
    }
    Ok(())
}
