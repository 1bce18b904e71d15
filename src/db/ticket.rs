//! Tickets: the work itself, its clock, and what a session's export adds to it.

use sea_orm::{
    IntoActiveModel, QuerySelect, QueryTrait, entity::prelude::*, sea_query::SelectStatement,
};
use serde::{Deserialize, Serialize};

use super::{errors::taken, query, ticket_tag};
use crate::{
    domain::{
        export::{CurrentTicket, TicketExportStatus},
        ids::{ConversationId, IntegrationId, SessionId, TicketId, UserId},
        integration::IntegrationResult,
        ticket::{
            CustomFields, Environment, TicketCategory, TicketPriority, TicketStatus, Title, Words,
        },
        time::Time,
    },
    error::Result,
};

/// A row of `ticket`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, DeriveEntityModel)]
#[sea_orm(table_name = "ticket")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TicketId,
    /// The number behind `TKT-000042`, never given twice; the rowid of `ticket_search` on SQLite.
    #[sea_orm(unique)]
    pub number: i64,
    /// 1 to 255 characters.
    pub title: Title,
    /// Sanitised HTML, at most 64 KiB of UTF-8.
    pub description: String,
    /// Where it stands. RESOLVED has a `resolve_time`, CLOSED a `close_time`.
    pub status: TicketStatus,
    /// How urgent it is.
    pub priority: TicketPriority,
    /// What kind of concern it is.
    pub category: TicketCategory,
    /// Where the concern shows.
    pub environment: Environment,
    /// The service it is about; may be empty.
    pub affected_service: String,
    /// Who filed it.
    pub creator_id: UserId,
    /// Who works on it.
    pub assignee_id: Option<UserId>,
    /// The team it is with.
    pub team: Option<String>,
    /// The conversation it came from.
    pub conversation_id: Option<ConversationId>,
    /// The tags in their order. `ticket_tag` indexes them and is written together with them.
    #[sea_orm(column_type = "JsonBinary")]
    pub tags: Words,
    /// What an organisation keeps beside the contract's own fields.
    #[sea_orm(column_type = "JsonBinary")]
    pub custom_fields: CustomFields,
    /// Whether it was drafted from free text.
    pub ai_assisted: bool,
    /// How it was solved.
    pub resolution_notes: Option<String>,
    /// When somebody has to have answered.
    pub response_due_time: DateTimeUtc,
    /// When it has to be solved.
    pub resolution_due_time: DateTimeUtc,
    /// When to warn of a late response; null once that was done, or where it no longer matters.
    pub response_warning_time: Option<DateTimeUtc>,
    /// When to warn of a late resolution; null once that was done, or where it no longer matters.
    pub resolution_warning_time: Option<DateTimeUtc>,
    /// When somebody other than the creator answered first.
    pub first_response_time: Option<DateTimeUtc>,
    /// Whether the response was found late.
    pub response_breached: bool,
    /// Whether the resolution was found late.
    pub resolution_breached: bool,
    /// Since when its clock stands still.
    pub paused_since: Option<DateTimeUtc>,
    /// How long its clock stood still before, in microseconds.
    pub paused_micros: i64,
    /// Where it is handed to.
    pub integration_id: Option<IntegrationId>,
    /// What came of handing it over last.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub integration_result: Option<IntegrationResult>,
    /// How many comments it has, deleted ones not counted.
    pub comment_count: i32,
    /// How many of these are internal.
    pub internal_comment_count: i32,
    /// How many attachments it has, deleted ones not counted.
    pub attachment_count: i32,
    /// Grows with every change; the etag.
    pub version: i64,
    /// When it was filed.
    pub create_time: DateTimeUtc,
    /// When it was changed last.
    pub update_time: DateTimeUtc,
    /// When it was resolved last.
    pub resolve_time: Option<DateTimeUtc>,
    /// When it was closed last.
    pub close_time: Option<DateTimeUtc>,
    /// When it was deleted, softly.
    pub delete_time: Option<DateTimeUtc>,
    /// The session it belongs to. Null outside a session, and so is every column below.
    pub session_id: Option<SessionId>,
    /// Its wished place in the session; ties are allowed. Null only outside a session.
    pub session_order: Option<i32>,
    /// The caller's name for it, unique within the session.
    pub session_ref: Option<String>,
    /// The type of issue to create. Null only outside a session.
    pub issue_type: Option<String>,
    /// The labels of the issue. Null only outside a session.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub labels: Option<Words>,
    /// The sprint to put the issue in.
    pub sprint: Option<String>,
    /// The issue's estimate.
    pub story_points: Option<f64>,
    /// Whom to assign the issue to, as Jira knows them.
    pub jira_assignee: Option<String>,
    /// What became of it. EXPORTED has a `jira_key`. Null only outside a session.
    pub export_status: Option<TicketExportStatus>,
    /// The issue's key.
    pub jira_key: Option<String>,
    /// The issue's address.
    pub jira_url: Option<String>,
    /// When the issue was recorded.
    pub export_time: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The ticket as the one that a run is at.
    pub fn current(&self) -> CurrentTicket {
        CurrentTicket {
            id: self.id,
            title: self.title.0.clone(),
            order: self.session_order.unwrap_or_default(),
        }
    }

    /// A NEW ticket of `now` about nothing yet; a story fills in what it knows.
    pub fn blank(now: Time) -> Self {
        Self {
            id: TicketId::at(now),
            number: 0,
            title: Title(String::new()),
            description: String::new(),
            status: TicketStatus::New,
            priority: TicketPriority::P3,
            category: TicketCategory::General,
            environment: Environment::Production,
            affected_service: String::new(),
            creator_id: UserId(String::new()),
            assignee_id: None,
            team: None,
            conversation_id: None,
            tags: Words::default(),
            custom_fields: CustomFields::default(),
            ai_assisted: false,
            resolution_notes: None,
            response_due_time: now,
            resolution_due_time: now,
            response_warning_time: None,
            resolution_warning_time: None,
            first_response_time: None,
            response_breached: false,
            resolution_breached: false,
            paused_since: None,
            paused_micros: 0,
            integration_id: None,
            integration_result: None,
            comment_count: 0,
            internal_comment_count: 0,
            attachment_count: 0,
            version: 1,
            create_time: now,
            update_time: now,
            resolve_time: None,
            close_time: None,
            delete_time: None,
            session_id: None,
            session_order: None,
            session_ref: None,
            issue_type: None,
            labels: None,
            sprint: None,
            story_points: None,
            jira_assignee: None,
            export_status: None,
            jira_key: None,
            jira_url: None,
            export_time: None,
        }
    }
}

/// Whose tickets a caller may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visible {
    /// Everybody's.
    All,
    /// Only those that this person filed.
    FiledBy(UserId),
}

/// The tickets that are not deleted and that the caller may see. Every read that answers a caller begins here.
pub(super) fn live(visible: &Visible) -> Select<Entity> {
    seen(visible).filter(Column::DeleteTime.is_null())
}

/// The ids of the tickets of [`live`], to find what belongs to one of them.
pub(super) fn ids(visible: &Visible) -> SelectStatement {
    let tickets = live(visible).select_only().column(Column::Id);
    tickets.into_query()
}

/// As [`live`], with the deleted ones.
pub(super) fn seen(visible: &Visible) -> Select<Entity> {
    match visible {
        Visible::All => Entity::find(),
        Visible::FiledBy(person) => Entity::find().filter(Column::CreatorId.eq(person.clone())),
    }
}

/// The ticket with this id; with `deleted` also a deleted one.
pub async fn find(
    conn: &impl ConnectionTrait,
    visible: &Visible,
    id: TicketId,
    deleted: bool,
) -> Result<Option<Model>> {
    let row = live_or_all(visible, deleted).filter(Column::Id.eq(id));
    Ok(row.one(conn).await?)
}

/// The ticket with this number; with `deleted` also a deleted one.
pub async fn find_by_number(
    conn: &impl ConnectionTrait,
    visible: &Visible,
    number: i64,
    deleted: bool,
) -> Result<Option<Model>> {
    let row = live_or_all(visible, deleted).filter(Column::Number.eq(number));
    Ok(row.one(conn).await?)
}

/// [`live`], or [`seen`] with `deleted`.
pub(super) fn live_or_all(visible: &Visible, deleted: bool) -> Select<Entity> {
    match deleted {
        true => seen(visible),
        false => live(visible),
    }
}

/// Whether there is any ticket, deleted or not.
pub async fn any(conn: &impl ConnectionTrait) -> Result<bool> {
    let row = Entity::find().select_only().column(Column::Number).limit(1);
    let number: Option<i64> = row.into_tuple().one(conn).await?;
    Ok(number.is_some())
}

/// Adds tickets with their tags. The rows are whole but for their numbers, which the caller has drawn.
pub async fn insert_many(conn: &impl ConnectionTrait, rows: Vec<Model>) -> Result<()> {
    let tags: Vec<ticket_tag::Model> = rows.iter().flat_map(ticket_tag::rows).collect();
    for chunk in rows.chunks(query::ROWS_A_STATEMENT) {
        let rows = chunk
            .iter()
            .cloned()
            .map(IntoActiveModel::into_active_model);
        let inserted = Entity::insert_many(rows).exec_without_returning(conn).await;
        inserted.map_err(|error| taken(error, "ticket", String::new()))?;
    }
    ticket_tag::insert_many(conn, tags).await
}

/// The largest wished place in a session; 0 for an empty one.
pub async fn last_place(conn: &impl ConnectionTrait, session: SessionId) -> Result<i32> {
    let rows = live(&Visible::All)
        .filter(Column::SessionId.eq(session))
        .select_only();
    let last: Option<Option<i32>> = rows
        .column_as(Column::SessionOrder.max(), "last")
        .into_tuple()
        .one(conn)
        .await?;
    Ok(last.flatten().unwrap_or(0))
}

/// The tickets with these ids, in no order.
pub async fn find_many(
    conn: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = TicketId>,
) -> Result<Vec<Model>> {
    find_visible(conn, &Visible::All, ids).await
}

/// Those of the tickets with these ids that the caller may see, in no order.
pub async fn find_visible(
    conn: &impl ConnectionTrait,
    visible: &Visible,
    ids: impl IntoIterator<Item = TicketId>,
) -> Result<Vec<Model>> {
    let rows = live(visible).filter(Column::Id.is_in(ids));
    Ok(rows.all(conn).await?)
}
