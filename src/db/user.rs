//! People: one row a `sub` that the auth service has vouched for.

use sea_orm::{IntoActiveModel, entity::prelude::*, sea_query::OnConflict};

use crate::{
    domain::{
        actor::{Actor, Role},
        ids::UserId,
        time::Time,
    },
    error::Result,
};

/// A row of `user`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub struct Model {
    /// The token's `sub`, verbatim.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// The name to show.
    pub display_name: String,
    /// The address, where the auth service told it.
    pub email: Option<String>,
    /// What the person may do.
    pub role: Role,
    /// The team, if any.
    pub team: Option<String>,
    /// Whether the person may still be assigned work.
    pub active: bool,
    /// When the person was first seen.
    pub create_time: DateTimeUtc,
    /// When the row was written last.
    pub update_time: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// The row that a caller's token tells of.
pub fn from_claims(actor: &Actor, now: Time) -> Model {
    Model {
        id: actor.user_id.clone(),
        display_name: actor.display_name.clone(),
        email: actor.email.clone(),
        role: actor.role,
        team: actor.team.clone(),
        active: true,
        create_time: now,
        update_time: now,
    }
}

/// Records people; what is known of them already is brought up to date, save when and whether they may work.
pub async fn record(conn: &impl ConnectionTrait, people: Vec<Model>) -> Result<()> {
    let rows = people.into_iter().map(IntoActiveModel::into_active_model);
    Entity::insert_many(rows)
        .on_conflict(
            OnConflict::column(Column::Id)
                .update_columns([
                    Column::DisplayName,
                    Column::Email,
                    Column::Role,
                    Column::Team,
                    Column::UpdateTime,
                ])
                .to_owned(),
        )
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// The person, if active.
pub async fn active(conn: &impl ConnectionTrait, id: &UserId) -> Result<Option<Model>> {
    let found = Entity::find_by_id(id.clone()).filter(Column::Active.eq(true));
    Ok(found.one(conn).await?)
}
