//! Dispatches: the ledger of attempts to hand a ticket to an outside system. An attempt that has not ended belongs to whoever opened it,
//! for as long as its lease lasts; another one ends it before it opens the next, so that the row itself is the fence.

use chrono::TimeDelta;
use sea_orm::{
    ActiveValue::{NotSet, Unchanged},
    IntoActiveModel, QueryOrder, QuerySelect,
    entity::prelude::*,
};

use super::{dispatch_files::SentFiles, integration, query};
use crate::{
    domain::{
        dispatch::{DispatchKey, DispatchOutcome, DispatchTrigger},
        ids::{DispatchId, IntegrationId, TicketId, UserId},
        text_enum,
        time::Time,
    },
    error::Result,
};

/// In an attempt's aim: when it was said that the platform cannot be asked about it.
pub const TOLD: &str = "told";

/// How long a person takes at least to read that they have to look. Who asks earlier has not read it: a client that repeats its call.
pub const READING: TimeDelta = TimeDelta::seconds(10);

/// A row of `dispatch`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "dispatch")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DispatchId,
    /// The ticket.
    pub ticket_id: TicketId,
    /// Where to.
    pub integration_id: IntegrationId,
    /// Counts the attempts of a ticket, from 1.
    pub number: i32,
    /// What caused it.
    pub trigger: DispatchTrigger,
    /// Who asked for it, or docket itself.
    pub actor_id: UserId,
    /// By what the outside system's copy is found again.
    pub dedupe_key: DispatchKey,
    /// How many attempts docket has made by itself since somebody asked for one.
    pub retries: i32,
    /// Whether the next attempt of docket's own stands in this one's place: nothing was tried, or what stood in its way has been changed.
    pub uncounted: bool,
    /// How far it has come.
    pub state: DispatchState,
    /// When it was opened.
    pub start_time: DateTimeUtc,
    /// Until when it belongs to whoever works on it; none once it has ended.
    pub lease_until: Option<DateTimeUtc>,
    /// Where to look for what it, or one before it, may have made. None: nothing was sent, or it is known what became of it.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub aim: Option<Json>,
    /// When it was sent last; none once what came of that is settled.
    pub sent_time: Option<DateTimeUtc>,
    /// What it made or found.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub external: Option<Json>,
    /// What came of the ticket's files.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub files: Option<SentFiles>,
    /// When it ended.
    pub finish_time: Option<DateTimeUtc>,
    /// What came of it.
    pub outcome: Option<DispatchOutcome>,
    /// The HTTP status of the answer, if there was one.
    pub http_status: Option<i32>,
    /// Why it failed, for a person.
    pub error_message: Option<String>,
    /// When docket tries again by itself.
    pub next_attempt_time: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

text_enum! {
    /// How far an attempt has come.
    DispatchState {
        /// Nothing was sent.
        Pending,
        /// The request may have left.
        Sent,
        /// It is over.
        Ended,
    }
}

impl Model {
    /// Has the schedule begin anew with the next attempt.
    pub fn begin_anew(&mut self, now: Time) {
        self.next_attempt_time = Some(now);
        self.retries = 0;
        self.uncounted = true;
    }

    /// Whether it has not ended.
    pub fn is_open(&self) -> bool {
        self.state != DispatchState::Ended
    }

    /// Whether it has ended with the ticket's copy there.
    pub fn is_success(&self) -> bool {
        self.outcome == Some(DispatchOutcome::Created)
    }

    /// What the attempt after this one is made for, if this one came to its end. Somebody's word that it is to be sent again, whatever is
    /// in doubt, stands until something was sent on it.
    pub fn trigger_of_next(&self) -> DispatchTrigger {
        let used = self.sent_time.is_some_and(|sent| sent >= self.start_time);
        match self.is_meant() && !used {
            true => DispatchTrigger::Request,
            false => DispatchTrigger::Retry,
        }
    }

    /// Whether somebody wants it sent again who has been told that docket cannot look for what is in doubt.
    pub fn is_meant(&self) -> bool {
        let asked = self.start_time;
        let told = self.told_time();
        self.trigger == DispatchTrigger::Request && told.is_some_and(|told| asked - told >= READING)
    }

    /// When it was said that the platform cannot be asked about what is in doubt: last to somebody who asked for the ticket to be sent, or
    /// else first.
    pub fn told_time(&self) -> Option<Time> {
        let text = self.aim.as_ref()?.get(TOLD)?.as_str()?;
        text.parse().ok()
    }

    /// A client that repeats its call never gets through while it does so faster than a person reads, whatever it is told.
    pub fn asked_too_early(&mut self) {
        if let Some(told) = self.told_time()
            && !self.is_meant()
        {
            self.note_told(told.max(self.start_time));
        }
    }

    /// Notes that it is said now. Nobody has to read it anew because docket itself has asked again, but whoever has asked has.
    pub fn note_told(&mut self, now: Time) {
        let is_asked = self.trigger == DispatchTrigger::Request;
        if (is_asked || self.told_time().is_none())
            && let Some(Json::Object(aim)) = &mut self.aim
        {
            aim.insert(TOLD.to_owned(), now.to_rfc3339().into());
        }
    }

    /// Whether both have the same copy of the ticket there.
    pub fn has_copy_of(&self, other: &Self) -> bool {
        let id = |row: &Self| row.external.as_ref().map(|external| external["id"].clone());
        self.integration_id == other.integration_id && id(self).is_some() && id(self) == id(other)
    }
}

/// Opens an attempt.
pub async fn insert(conn: &impl ConnectionTrait, row: Model) -> Result<()> {
    Entity::insert(row.into_active_model())
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// An attempt.
pub async fn find(conn: &impl ConnectionTrait, id: DispatchId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id).one(conn).await?)
}

/// The latest attempt of a ticket.
pub async fn latest(conn: &impl ConnectionTrait, ticket: TicketId) -> Result<Option<Model>> {
    Ok(page(conn, ticket, None, 1).await?.pop())
}

/// The latest attempt to hand a ticket to this integration.
pub async fn latest_to(
    conn: &impl ConnectionTrait,
    ticket: TicketId,
    integration: IntegrationId,
) -> Result<Option<Model>> {
    let rows = Entity::find()
        .filter(Column::TicketId.eq(ticket))
        .filter(Column::IntegrationId.eq(integration))
        .order_by_desc(Column::Number);
    Ok(rows.one(conn).await?)
}

/// The attempt that made a ticket's copy on this integration.
pub async fn success(
    conn: &impl ConnectionTrait,
    ticket: TicketId,
    integration: IntegrationId,
) -> Result<Option<Model>> {
    let rows = Entity::find()
        .filter(Column::TicketId.eq(ticket))
        .filter(Column::IntegrationId.eq(integration))
        .filter(Column::Outcome.eq(DispatchOutcome::Created))
        .order_by_desc(Column::Number);
    Ok(rows.one(conn).await?)
}

/// A ticket's attempts, latest first, from below the number `before`.
pub async fn page(
    conn: &impl ConnectionTrait,
    ticket: TicketId,
    before: Option<i32>,
    limit: u64,
) -> Result<Vec<Model>> {
    let mut rows = Entity::find().filter(Column::TicketId.eq(ticket));
    if let Some(number) = before {
        rows = rows.filter(Column::Number.lt(number));
    }
    let rows = rows.order_by_desc(Column::Number).limit(limit);
    Ok(rows.all(conn).await?)
}

/// Open attempts that nobody works on any more, the longest forsaken first, without those to these integrations.
pub async fn lapsed(
    conn: &impl ConnectionTrait,
    now: Time,
    without: Vec<IntegrationId>,
    limit: u64,
) -> Result<Vec<Model>> {
    let rows = Entity::find()
        .filter(Column::IntegrationId.is_not_in(without))
        .filter(Expr::cust("state IN ('PENDING', 'SENT')"))
        .filter(Column::LeaseUntil.lte(now))
        .order_by_asc(Column::LeaseUntil)
        .order_by_asc(Column::Id);
    Ok(rows.limit(limit).all(conn).await?)
}

/// Of an attempt: its ticket is not deleted.
const THERE: &str = "EXISTS (SELECT 1 FROM ticket WHERE ticket.id = dispatch.ticket_id AND ticket.delete_time IS NULL)";
/// Of an attempt: its ticket is not deleted, and still is to go where the attempt went.
pub(super) const WANTED: &str = "EXISTS (SELECT 1 FROM ticket WHERE ticket.id = dispatch.ticket_id AND ticket.delete_time IS NULL \
                      AND ticket.integration_id = dispatch.integration_id)";

/// Ended attempts that it is time to try again, the longest waiting first. Those to an integration that is switched off, or whose platform
/// asks to wait, wait, and so do those of a ticket that is deleted: it may be restored. Without those to these integrations.
pub async fn due(
    conn: &impl ConnectionTrait,
    now: Time,
    without: Vec<IntegrationId>,
    limit: u64,
) -> Result<Vec<Model>> {
    let rows = Entity::find()
        .filter(Column::IntegrationId.is_not_in(without))
        .filter(Column::IntegrationId.in_subquery(integration::ready_ids(now)))
        .filter(Column::NextAttemptTime.is_not_null())
        .filter(Column::NextAttemptTime.lte(now))
        .filter(Expr::cust(THERE))
        .order_by_asc(Column::NextAttemptTime)
        .order_by_asc(Column::Id);
    Ok(rows.limit(limit).all(conn).await?)
}

/// Writes an open attempt as it has become, without what it made ([`set_external`] does that), if it still is open as `state` says, and has this lease where one is given.
/// [`Error::Fenced`]: it is not, for somebody else has been at it.
///
/// [`Error::Fenced`]: crate::error::Error::Fenced
/// [`set_external`]: super::dispatch_external::set_external
pub async fn save(
    conn: &impl ConnectionTrait,
    state: DispatchState,
    lease: Option<Time>,
    row: &Model,
) -> Result<()> {
    let mut change = row.clone().into_active_model().reset_all();
    change.id = Unchanged(row.id);
    change.external = NotSet;
    let mut update = Entity::update_many()
        .set(change)
        .filter(Column::Id.eq(row.id))
        .filter(Column::State.eq(state));
    if let Some(until) = lease {
        update = update.filter(Column::LeaseUntil.eq(until));
    }
    query::exactly_one(update, conn).await
}

/// Holds an attempt longer. `false`: it is over.
pub async fn renew(conn: &impl ConnectionTrait, id: DispatchId, until: Time) -> Result<bool> {
    let done = Entity::update_many()
        .col_expr(Column::LeaseUntil, Expr::value(until))
        .filter(Column::Id.eq(id))
        .filter(Column::State.ne(DispatchState::Ended))
        .exec(conn)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Has what waits for an integration tried again at `now`, or once its platform does not ask to wait any more, and the schedule begin
/// anew.
pub async fn hasten(conn: &impl ConnectionTrait, id: IntegrationId, now: Time) -> Result<()> {
    let found = integration::find(conn, id).await?;
    let held = found.and_then(|row| row.held_until);
    let from = held.map_or(now, |until| until.max(now));
    Entity::update_many()
        .col_expr(Column::NextAttemptTime, Expr::value(from))
        .col_expr(Column::Retries, Expr::value(0))
        .col_expr(Column::Uncounted, Expr::value(true))
        .filter(Column::IntegrationId.eq(id))
        .filter(Column::NextAttemptTime.is_not_null())
        .exec(conn)
        .await?;
    Ok(())
}

/// Has nothing that waits for an integration tried again before `until`.
pub async fn put_off(conn: &impl ConnectionTrait, id: IntegrationId, until: Time) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::NextAttemptTime, Expr::value(until))
        .filter(Column::IntegrationId.eq(id))
        .filter(Column::NextAttemptTime.lt(until))
        .exec(conn)
        .await?;
    Ok(())
}

/// This attempt is not tried again by itself any more.
pub async fn settle(conn: &impl ConnectionTrait, id: DispatchId) -> Result<()> {
    no_retry().filter(Column::Id.eq(id)).exec(conn).await?;
    Ok(())
}

/// None of a ticket's attempts is tried again by itself any more.
pub async fn settle_ticket(conn: &impl ConnectionTrait, ticket: TicketId) -> Result<()> {
    no_retry()
        .filter(Column::TicketId.eq(ticket))
        .exec(conn)
        .await?;
    Ok(())
}

/// No attempt to an integration is tried again by itself any more.
pub async fn settle_integration(conn: &impl ConnectionTrait, id: IntegrationId) -> Result<()> {
    no_retry()
        .filter(Column::IntegrationId.eq(id))
        .exec(conn)
        .await?;
    Ok(())
}

fn no_retry() -> sea_orm::UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::NextAttemptTime, Expr::value(None::<Time>))
        .filter(Column::NextAttemptTime.is_not_null())
}
