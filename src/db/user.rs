//! People: one row a `sub` that the auth service has vouched for.

use sea_orm::{
    Condition, IntoActiveModel, Order, QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{LockType, OnConflict},
};

use super::query;

use crate::{
    domain::{
        actor::{Actor, Role},
        ids::UserId,
        time::Time,
        user::Person,
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

impl Model {
    /// A person first heard of at `now`.
    pub fn new(person: Person, now: Time) -> Self {
        Self {
            id: person.id,
            display_name: person.display_name,
            email: person.email,
            role: person.role,
            team: person.team,
            active: person.active,
            create_time: now,
            update_time: now,
        }
    }

    /// The person as a token tells of them. A claim that it does not have says nothing: what is known stays.
    pub fn told_by(&self, actor: &Actor) -> Self {
        let named = actor.display_name != actor.user_id.as_str();
        let name = if named {
            &actor.display_name
        } else {
            &self.display_name
        };
        Self {
            display_name: name.clone(),
            email: actor.email.clone().or_else(|| self.email.clone()),
            role: actor.role,
            team: actor.team.clone().or_else(|| self.team.clone()),
            ..self.clone()
        }
    }
}

/// Records what a token tells of a person; when they were first seen and whether they may be assigned work stays as it is.
pub async fn record(conn: &impl ConnectionTrait, row: Model) -> Result<()> {
    insert_or_update(conn, vec![row], &TOLD).await
}

/// Creates or wholly replaces people; when they were first seen stays as it is.
pub async fn replace(conn: &impl ConnectionTrait, rows: Vec<Model>) -> Result<()> {
    let columns = [&TOLD[..], &[Column::Active]].concat();
    insert_or_update(conn, rows, &columns).await
}

/// What a token tells of a person.
const TOLD: [Column; 5] = [
    Column::DisplayName,
    Column::Email,
    Column::Role,
    Column::Team,
    Column::UpdateTime,
];

async fn insert_or_update(
    conn: &impl ConnectionTrait,
    rows: Vec<Model>,
    columns: &[Column],
) -> Result<()> {
    let replace = OnConflict::column(Column::Id)
        .update_columns(columns.iter().copied())
        .to_owned();
    for chunk in rows.chunks(query::ROWS_A_STATEMENT) {
        let rows = chunk
            .iter()
            .cloned()
            .map(IntoActiveModel::into_active_model);
        let insert = Entity::insert_many(rows).on_conflict(replace.clone());
        insert.exec_without_returning(conn).await?;
    }
    Ok(())
}

/// The person.
pub async fn find(conn: &impl ConnectionTrait, id: &UserId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id.clone()).one(conn).await?)
}

/// Keeps other transactions that hold the person waiting, on PostgreSQL, until this one ends: of what each counts before it adds to it
/// nothing is missing then. What refers to the person is not kept waiting.
pub async fn hold(conn: &impl ConnectionTrait, id: &UserId) -> Result<()> {
    let row = Entity::find_by_id(id.clone()).lock(LockType::NoKeyUpdate);
    row.one(conn).await?;
    Ok(())
}

/// The people with these ids, in no order.
pub async fn find_many(
    conn: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = UserId>,
) -> Result<Vec<Model>> {
    let rows = Entity::find().filter(Column::Id.is_in(ids));
    Ok(rows.all(conn).await?)
}

/// Which people a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only with this text in the id, the name or the address, whatever the case.
    pub query: Option<String>,
    /// Only of this role.
    pub role: Option<Role>,
    /// Only of this team.
    pub team: Option<String>,
}

/// Where a list goes on: behind the person of this name and id.
pub type Position = (String, UserId);

/// People by name, then id, from behind `after`.
pub async fn page(
    conn: &impl ConnectionTrait,
    filter: &Filter,
    after: Option<Position>,
    limit: u64,
) -> Result<Vec<Model>> {
    let has = |column, text: &String| query::contains(conn, column, text);
    let query = filter.query.as_ref().map(|text| {
        Condition::any()
            .add(has(Column::Id, text))
            .add(has(Column::DisplayName, text))
            .add(has(Column::Email, text))
    });
    let conditions = Condition::all()
        .add_option(query)
        .add_option(filter.role.map(|role| Column::Role.eq(role)))
        .add_option(filter.team.as_ref().map(|team| Column::Team.eq(team)))
        .add_option(after.map(|(name, id)| {
            let columns = [Column::DisplayName, Column::Id];
            query::behind(columns, [name.into(), id.into()], Order::Asc)
        }));
    let rows = Entity::find()
        .filter(conditions)
        .order_by_asc(Column::DisplayName)
        .order_by_asc(Column::Id);
    Ok(rows.limit(limit).all(conn).await?)
}
