//! Dispatches: handing a ticket to an outside system, which gets at most one copy of it, whatever dies when.
//!
//! The intent is a row of the ledger ([`crate::db::dispatch`]), written together with what asked for it; the call comes after that, outside of
//! any transaction; what came of it is written with the ticket's `integration_result`, which is the picture of the latest attempt that has
//! ended, or has made the ticket's copy and is at work on its files. An attempt belongs to whoever opened it for as long as its lease lasts. Whoever finds one whose lease is over ends it and opens
//! the next, which looks for what may have been made before it sends anything.

mod attempt;
mod end;
mod exported;
mod files;
mod health;
mod keeper;
mod left;
mod load;
mod look;
mod picture;
mod places;
mod request;
mod send;
mod show;
mod take;
mod told;
mod transmit;
mod verdict;

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use tokio::{task::JoinHandle, time};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(super) use picture::picture;
pub use request::DispatchRequest;

use self::places::Places;
use super::{App, integrations::require_enabled};
use crate::{
    connectors::Connector,
    db::{Tx, dispatch, integration, ticket},
    domain::{
        dispatch::{DispatchKey, DispatchTrigger},
        ids::{DispatchId, IntegrationId, TicketId, UserId},
        time::Time,
    },
    error::{Error, Reason, Result},
};

/// How often a call looks whether an attempt that another process makes has ended.
const POLL: Duration = Duration::from_millis(200);

/// How dispatches are made.
#[derive(Clone, Copy, Debug)]
pub struct DispatchSettings {
    /// For how long an attempt belongs to a process that has fallen silent.
    pub lease: Duration,
    /// For how long a call waits for the platform's answer.
    pub wait: Duration,
    /// After how long of nothing but failures an integration is switched off; `None`: never.
    pub disable_after: Option<TimeDelta>,
}

impl Default for DispatchSettings {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(10),
            wait: Duration::from_secs(10),
            disable_after: Some(TimeDelta::days(5)),
        }
    }
}

/// The attempts that this process makes.
#[derive(Debug)]
pub(super) struct Dispatches {
    pub(super) settings: DispatchSettings,
    running: TaskTracker,
    /// Those among them that docket makes by itself: however many callers wait for theirs, there is room for these.
    by_itself: Arc<Places>,
    stop: CancellationToken,
}

impl Dispatches {
    pub(super) fn new(settings: DispatchSettings) -> Self {
        Self {
            settings,
            running: TaskTracker::new(),
            by_itself: Arc::default(),
            stop: CancellationToken::new(),
        }
    }
}

/// An attempt to come.
#[derive(Clone, Debug)]
struct Intent {
    ticket: TicketId,
    integration: IntegrationId,
    number: i32,
    trigger: DispatchTrigger,
    actor: UserId,
}

impl App {
    /// The first attempt of a ticket that is being created.
    pub(super) fn first_attempt(
        &self,
        ticket: &ticket::Model,
        integration: IntegrationId,
    ) -> dispatch::Model {
        self.opened(Intent {
            ticket: ticket.id,
            integration,
            number: 1,
            trigger: DispatchTrigger::Create,
            actor: ticket.creator_id.clone(),
        })
    }

    /// The row of an attempt that this process makes.
    fn opened(&self, intent: Intent) -> dispatch::Model {
        let now = self.clock.now();
        dispatch::Model {
            id: DispatchId::at(now),
            dedupe_key: DispatchKey::of(intent.ticket, intent.integration),
            ticket_id: intent.ticket,
            integration_id: intent.integration,
            number: intent.number,
            trigger: intent.trigger,
            actor_id: intent.actor,
            retries: 0,
            uncounted: false,
            state: dispatch::DispatchState::Pending,
            start_time: now,
            lease_until: Some(self.lease_from(now)),
            aim: None,
            sent_time: None,
            external: None,
            files: None,
            finish_time: None,
            outcome: None,
            http_status: None,
            error_message: None,
            next_attempt_time: None,
        }
    }

    fn lease_from(&self, now: Time) -> Time {
        now + TimeDelta::from_std(self.dispatches.settings.lease).unwrap_or_default()
    }

    /// Makes an attempt whose row has been written, in a task of its own: whoever waits for it may go away.
    pub(super) fn hand_over(self: &Arc<Self>, row: dispatch::Model) -> JoinHandle<()> {
        let app = Arc::clone(self);
        self.dispatches.running.spawn(attempt::run(app, row))
    }

    /// Waits for an attempt, but not for longer than a call should.
    pub(super) async fn wait_for(&self, attempt: JoinHandle<()>) {
        // A task that fails has been told of, and its attempt is taken up again.
        let _ = time::timeout(self.dispatches.settings.wait, attempt).await;
    }

    /// As [`App::wait_for`], for an attempt that anybody may make.
    pub(super) async fn wait_until_over(&self, id: TicketId) -> Result<()> {
        let over = async {
            loop {
                match dispatch::latest(self.db.read(), id).await? {
                    Some(row) if row.is_open() => time::sleep(POLL).await,
                    _ => return Ok(()),
                }
            }
        };
        time::timeout(self.dispatches.settings.wait, over)
            .await
            .unwrap_or(Ok(()))
    }

    /// The way to the integration; refuses a ticket for one that it could not be handed to. `field`: where the request names it.
    pub(super) async fn require_dispatchable(
        &self,
        id: IntegrationId,
        field: &str,
    ) -> Result<Connector> {
        let found = integration::with_deleted(self.db.read(), id).await?;
        let row = usable(found, id, field)?;
        self.connector(&row)
    }

    /// Ends the making of attempts: none is begun any more, and each comes to a safe point as far as the grace allows.
    pub(crate) async fn end_dispatches(&self, grace: Duration) {
        self.dispatches.stop.cancel();
        self.dispatches.running.close();
        if time::timeout(grace, self.dispatches.running.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                attempts = self.dispatches.running.len(),
                "dispatches were left in the middle at the end of the shutdown's grace"
            );
        }
    }
}

/// The integration, in the transaction that counts on it, for as long as that lasts.
pub(super) async fn hold_usable(tx: &Tx, id: IntegrationId, field: &str) -> Result<()> {
    let found = integration::hold_with_deleted(tx, id).await?;
    usable(found, id, field).map(drop)
}

fn usable(
    found: Option<integration::Model>,
    id: IntegrationId,
    field: &str,
) -> Result<integration::Model> {
    let rule = "must be the id of an integration";
    let row = found.ok_or_else(|| Error::invalid(field, rule))?;
    if row.delete_time.is_some() {
        return Err(Error::refused(
            Reason::IntegrationDisabled,
            format!("integration/{id}"),
            format!(
                "the integration {:?} was deleted; name another one",
                row.name
            ),
        ));
    }
    require_enabled(&row)?;
    Ok(row)
}
