//! Exports: the runs of sessions, who works on it, and how far it is.

use std::time::Duration;

use sea_orm::{
    IntoActiveModel, NotSet, Order, QueryOrder, QuerySelect, QueryTrait, Unchanged,
    entity::prelude::*,
    sea_query::{Condition, SelectStatement},
};

use super::{export_event, query};
use crate::{
    domain::{
        export::{
            CurrentTicket, EventDetail, ExportFailure, ExportSnapshot, ExportStatus, MAX_RETRIES,
            percentage,
        },
        export_request::{ExportRequest, Standing},
        ids::{ExportId, IntegrationId, SessionId, UserId},
        ticket::Words,
        time::Time,
    },
    error::Result,
};

/// A row of `export`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "export")]
pub struct Model {
    /// The id: the contract's `task_id`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ExportId,
    /// The session; of its runs one at most is not REVERTED, which a retry goes on with.
    pub session_id: SessionId,
    /// Where it stands.
    pub status: ExportStatus,
    /// How often it was retried: 0 for the first attempt.
    pub attempt: i32,
    /// The project it exports to, as it was when it started.
    pub jira_project_key: String,
    /// How many tickets it has.
    pub total_tickets: i32,
    /// How many are in Jira with their keys recorded.
    pub tickets_completed: i32,
    /// How many the run stopped at: 0 or 1.
    pub tickets_failed: i32,
    /// How many were in Jira already when this attempt began.
    pub tickets_preserved: i32,
    /// The ticket that the run is at.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub current_ticket: Option<CurrentTicket>,
    /// The worker that it belongs to.
    pub lease_owner: Option<String>,
    /// Until when, unless the worker renews it.
    pub lease_until: Option<DateTimeUtc>,
    /// Grows whenever the lease changes hands; a write with an older one changes nothing.
    pub fence: i64,
    /// The number of its next event, from 1.
    pub next_event_sequence: i64,
    /// Until when it waits because Jira asked for it. A run that is PAUSED without it waits for a person.
    pub resume_time: Option<DateTimeUtc>,
    /// When it was started.
    pub start_time: DateTimeUtc,
    /// When it came to its end.
    pub finish_time: Option<DateTimeUtc>,
    /// Why it stopped.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub failure: Option<ExportFailure>,
    /// Keys of issues that exist in Jira and could not be recorded.
    #[sea_orm(column_type = "JsonBinary")]
    pub orphaned_keys: Words,
    /// How many dependencies are links in Jira.
    pub dependencies_created: i32,
    /// How many values a person has to put right.
    pub manual_fixes: i32,
    /// Who started it.
    pub started_by: UserId,
    /// When it was created.
    pub create_time: DateTimeUtc,
    /// When it was written last.
    pub update_time: DateTimeUtc,
    /// Since when somebody works on it: null while nobody does.
    pub active_since: Option<DateTimeUtc>,
    /// How long it was worked on before `active_since`, in microseconds.
    pub active_micros: i64,
    /// What was asked of it and has had no effect yet. Written by `export_request` alone.
    pub requested: Option<ExportRequest>,
    /// When a revert began to delete its issues.
    pub revert_time: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

/// A run's fence, and the number of its next event.
pub type Age = (i64, i64);

impl Model {
    /// The run as everybody sees it. `pace` is the least time a ticket takes, for the estimate.
    pub fn snapshot(&self, now: Time, pace: Duration) -> ExportSnapshot {
        let processing_time = self.processing_time(now);
        ExportSnapshot {
            task_id: self.id,
            session_id: self.session_id,
            status: self.status,
            attempt: self.attempt,
            remaining_retries: MAX_RETRIES - self.attempt,
            jira_project_key: self.jira_project_key.clone(),
            total_tickets: self.total_tickets,
            tickets_completed: self.tickets_completed,
            tickets_failed: self.tickets_failed,
            tickets_preserved: self.tickets_preserved,
            current_ticket: self.current_ticket.clone(),
            progress_percentage: self.progress(),
            dependencies_created: self.dependencies_created,
            manual_fixes_needed: self.manual_fixes,
            estimated_remaining: self.estimate(now, processing_time, pace),
            start_time: self.start_time,
            finish_time: self.finish_time,
            processing_time,
            failure: self
                .failure
                .clone()
                .filter(|_| self.status == ExportStatus::Failed),
            orphaned_keys: self.orphaned_keys.0.clone(),
        }
    }

    /// The run's next event; it takes the next sequence, and its snapshot is the run as it is now.
    pub fn event(&mut self, detail: EventDetail, now: Time, pace: Duration) -> export_event::Model {
        let sequence = self.next_event_sequence;
        self.next_event_sequence += 1;
        export_event::Model {
            export_id: self.id,
            sequence,
            time: now,
            kind: detail.kind().to_owned(),
            snapshot: self.snapshot(now, pace),
            detail,
        }
    }

    /// How long workers were at it, over all attempts.
    pub fn processing_time(&self, now: Time) -> Duration {
        let before = Duration::from_micros(u64::try_from(self.active_micros).unwrap_or_default());
        before
            + self
                .active_since
                .and_then(|since| (now - since).to_std().ok())
                .unwrap_or_default()
    }

    /// Per cent of the tickets; 100 only once the links are made, too.
    fn progress(&self) -> i32 {
        let tickets = percentage(self.tickets_completed, self.total_tickets);
        if self.status == ExportStatus::Completed {
            100
        } else {
            tickets.min(99)
        }
    }

    /// What is left at the speed so far, and no faster than the pace, behind the wait that Jira has asked for; `None` once nothing is
    /// under way.
    fn estimate(&self, now: Time, spent: Duration, pace: Duration) -> Option<Duration> {
        if !matches!(self.status, ExportStatus::Exporting | ExportStatus::Paused) {
            return None;
        }
        let left = u32::try_from(self.total_tickets - self.tickets_completed).unwrap_or_default();
        let done = u32::try_from(self.tickets_completed).unwrap_or_default();
        let each = spent.checked_div(done).unwrap_or_default().max(pace);
        let held = self
            .resume_time
            .and_then(|until| (until - now).to_std().ok());
        Some(held.unwrap_or_default() + each * left)
    }

    /// The run as far as a request depends on it.
    pub fn standing(&self, now: Time) -> Standing {
        Standing {
            status: self.status,
            requested: self.requested,
            held: self.lease_until.is_some_and(|until| until > now),
            waiting: self.resume_time.is_some(),
        }
    }

    /// Whether this is the run as it was before `other`.
    pub fn is_before(&self, other: &Self) -> bool {
        self.age() < other.age()
    }

    /// How far the run has come: no two writes that tell something leave it the same.
    pub fn age(&self) -> Age {
        (self.fence, self.next_event_sequence)
    }

    /// Stops the clock that `active_since` started.
    pub fn rest(&mut self, now: Time) {
        self.active_micros =
            i64::try_from(self.processing_time(now).as_micros()).unwrap_or(i64::MAX);
        self.active_since = None;
    }
}

/// Adds a run. A session that has one already fails as a duplicate, unless that was reverted.
pub async fn insert(conn: &impl ConnectionTrait, row: Model) -> Result<()> {
    let name = row.session_id.to_string();
    let inserted = Entity::insert(row.into_active_model())
        .exec_without_returning(conn)
        .await;
    inserted.map_err(|error| super::errors::taken(error, "export", name))?;
    Ok(())
}

/// The run.
pub async fn find(conn: &impl ConnectionTrait, id: ExportId) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id).one(conn).await?)
}

/// The session's latest run. The one that was not reverted is later than those that were.
pub async fn of_session(conn: &impl ConnectionTrait, session: SessionId) -> Result<Option<Model>> {
    Ok(Entity::find()
        .filter(Column::SessionId.eq(session))
        .order_by(Column::Status.eq(ExportStatus::Reverted), Order::Asc)
        .order_by_desc(Column::CreateTime)
        .order_by_desc(Column::Id)
        .one(conn)
        .await?)
}

/// The runs of the same session that were taken back before this one began, the latest first.
pub async fn before(conn: &impl ConnectionTrait, run: &Model) -> Result<Vec<Model>> {
    let rows = Entity::find()
        .filter(Column::SessionId.eq(run.session_id))
        .filter(Column::Id.ne(run.id))
        .filter(Column::CreateTime.lte(run.create_time))
        .filter(Column::Status.eq(ExportStatus::Reverted))
        .order_by_desc(Column::CreateTime)
        .order_by_desc(Column::Id);
    Ok(rows.all(conn).await?)
}

/// A run that is not over, of a session that goes to this integration.
pub async fn running_on(
    conn: &impl ConnectionTrait,
    integration: IntegrationId,
) -> Result<Option<Model>> {
    let over = [
        ExportStatus::Completed,
        ExportStatus::Failed,
        ExportStatus::Cancelled,
        ExportStatus::Reverted,
    ];
    Ok(Entity::find()
        .filter(Column::Status.is_not_in(over))
        .filter(Column::SessionId.in_subquery(sessions_of(integration)))
        .one(conn)
        .await?)
}

/// A run that was not taken back and has issues, or may have them, of a session that goes to this integration.
pub async fn made_on(
    conn: &impl ConnectionTrait,
    integration: IntegrationId,
) -> Result<Option<Model>> {
    Ok(Entity::find()
        .filter(Column::Status.ne(ExportStatus::Reverted))
        .filter(Column::SessionId.in_subquery(sessions_of(integration)))
        .filter(Column::Id.in_subquery(super::export_item::with_begun()))
        .one(conn)
        .await?)
}

/// The ids of the sessions that go to this integration, and were not deleted.
fn sessions_of(integration: IntegrationId) -> SelectStatement {
    let sessions = super::session::Entity::find()
        .select_only()
        .column(super::session::Column::Id)
        .filter(super::session::Column::DeleteTime.is_null())
        .filter(super::session::Column::IntegrationId.eq(integration));
    sessions.into_query()
}

/// The runs of several sessions, a session's latest one after its earlier ones.
pub async fn of_sessions(
    conn: &impl ConnectionTrait,
    sessions: impl IntoIterator<Item = SessionId>,
) -> Result<Vec<Model>> {
    Ok(Entity::find()
        .filter(Column::SessionId.is_in(sessions))
        .order_by(Column::Status.eq(ExportStatus::Reverted), Order::Desc)
        .order_by_asc(Column::CreateTime)
        .order_by_asc(Column::Id)
        .all(conn)
        .await?)
}

/// Runs with work to do whose lease nobody holds, the longest waiting first: also those whose wait for Jira is over.
pub async fn claimable(conn: &impl ConnectionTrait, now: Time, limit: u64) -> Result<Vec<Model>> {
    let free = Condition::any()
        .add(Column::LeaseUntil.is_null())
        .add(Column::LeaseUntil.lt(now));
    let rows = Entity::find()
        .filter(Column::Status.is_in([
            ExportStatus::Pending,
            ExportStatus::Exporting,
            ExportStatus::Paused,
        ]))
        .filter(free)
        .filter(
            Condition::any()
                .add(Column::Status.ne(ExportStatus::Paused))
                .add(Column::ResumeTime.lte(now)),
        )
        .order_by_asc(Column::UpdateTime)
        .order_by_asc(Column::Id);
    Ok(rows.limit(limit).all(conn).await?)
}

/// Writes the run whole, but for what is asked of it, if it still stands as it was read: at this age. [`Error::Fenced`]: it does not,
/// and nothing was written.
pub async fn save(conn: &impl ConnectionTrait, read: Age, row: &Model) -> Result<()> {
    let id = row.id;
    let mut change = row.clone().into_active_model().reset_all();
    change.id = Unchanged(id);
    change.requested = NotSet;
    let (fence, next_event_sequence) = read;
    let update = Entity::update_many()
        .set(change)
        .filter(Column::Id.eq(id))
        .filter(Column::Fence.eq(fence))
        .filter(Column::NextEventSequence.eq(next_event_sequence));
    query::exactly_one(update, conn).await
}

/// Takes the key of an issue that is gone off those that are recorded with no ticket.
pub async fn settle_orphan(conn: &impl ConnectionTrait, id: ExportId, key: &str) -> Result<()> {
    let Some(mut row) = find(conn, id).await? else {
        return Ok(());
    };
    row.orphaned_keys.0.retain(|orphan| orphan != key);
    Entity::update_many()
        .col_expr(Column::OrphanedKeys, Expr::value(row.orphaned_keys))
        .filter(Column::Id.eq(id))
        .exec(conn)
        .await?;
    Ok(())
}
