//! Exports: starting them. The work itself is the worker's.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    App,
    export_target::hold_target,
    kept_issues::taken_over,
    requests::{Request, remember},
    wake,
};
use crate::{
    db::{
        Tx, dependency, export, export_item, export_link, export_log, integration, notify_in,
        session, session_ticket, ticket,
    },
    domain::{
        actor::Actor,
        export::{CurrentTicket, ExportSnapshot, ExportStatus, LinkState},
        export_log::LogEntry,
        ids::{ExportId, SessionId, TicketId},
        session::{Node, dependency_order},
        ticket::Words,
        time::Time,
    },
    error::{Error, Reason, Result},
};

/// What StartExport answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Started {
    /// The run.
    pub export: ExportSnapshot,
    /// Whether it was under way before this call.
    pub already_running: bool,
    /// How long it takes at its pace.
    pub estimated_duration: Duration,
}

/// What StartExport asks for, all but the session.
#[derive(Clone, Debug)]
pub struct Start {
    /// By what the request is recognised when it comes again.
    pub request_id: Option<Uuid>,
    /// The plan that has to hold still.
    pub plan_hash: Option<String>,
}

impl Start {
    fn request(&self, actor: &Actor, session: SessionId) -> Option<Request> {
        let (caller, method) = (&actor.user_id, "StartExport");
        match &self.plan_hash {
            Some(hash) => Request::new(caller, method, self.request_id, &(session, hash)),
            None => Request::new(caller, method, self.request_id, &session),
        }
    }
}

/// A new run as plain rows.
#[derive(Clone, Debug)]
struct Plan {
    /// The session as it was read, before its tickets were.
    session: session::Model,
    export: export::Model,
    /// Its tickets, in their order.
    order: Vec<TicketId>,
    /// The issues that a revert before it has kept.
    kept: HashMap<TicketId, export_item::Model>,
    links: Vec<export_link::Model>,
    /// The tickets as they were planned, where the start is pinned to a plan.
    planned: Option<HashSet<(TicketId, i64)>>,
    request: Option<Request>,
}

impl Plan {
    fn items(&self) -> impl Iterator<Item = export_item::Model> {
        self.order.iter().zip(0..).map(|(&ticket, position)| {
            let item = export_item::Model::new(self.export.id, ticket, position);
            taken_over(item, self.kept.get(&ticket))
        })
    }
}

/// How often a call that lost against another one on the same session begins anew.
pub(super) const ATTEMPTS: u32 = 10;

impl App {
    /// Starts the session's export and returns at once. One that runs, or is done, is returned as it stands, whoever asks.
    pub async fn start_export(
        &self,
        actor: &Actor,
        id: Result<SessionId>,
        parse: impl FnOnce() -> Result<Start> + Send,
    ) -> Result<Started> {
        let (session, start) = self.own_session(actor, id, parse).await?;
        let id = session.id;
        let request = start.request(actor, id);
        self.once(request.as_ref(), async {
            self.start(actor, &session, &start, request.as_ref()).await
        })
        .await
    }

    async fn start(
        &self,
        actor: &Actor,
        session: &session::Model,
        start: &Start,
        request: Option<&Request>,
    ) -> Result<Started> {
        let id = session.id;
        for _ in 0..ATTEMPTS {
            let latest = export::of_session(self.db.read(), id).await?;
            if latest.is_some_and(|latest| latest.status != ExportStatus::Reverted) {
                return self.started_before(session).await;
            }
            let current = self.session(id).await?;
            let now = self.clock.now();
            let planned = match &start.plan_hash {
                Some(hash) => Some(self.require_plan(&current, hash).await?),
                None => None,
            };
            let mut plan = self.lay_out(actor, current, now).await?;
            plan.planned = planned;
            self.exportable(&plan.session).await?;
            plan.request = request.cloned();
            self.record_caller(actor).await?;
            let answer = started(&plan.export, false, self.pace(&plan.session).await?, now);
            match self.write_plan(plan, answer.clone(), now).await {
                // Another call, here or on another replica, started it at the same time: one run. Or tickets were added meanwhile:
                // they belong into the run.
                Err(Error::AlreadyExists { .. } | Error::Fenced) => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    self.wake.work();
                    self.wake.changed(id);
                    return Ok(answer);
                }
            }
        }
        Err(changing(id))
    }

    /// The session's run; FAILED_PRECONDITION before one was started.
    pub(crate) async fn export(&self, id: SessionId) -> Result<export::Model> {
        let found = export::of_session(self.db.read(), id).await?;
        found.ok_or_else(|| {
            let message = "no export of this session was started yet; start one with StartExport";
            Error::refused(Reason::ExportNotStarted, format!("session/{id}"), message)
        })
    }

    /// The `order` of the first ticket of a run that is not done; 0 when only links are left.
    pub(crate) async fn next_order(&self, export: ExportId) -> Result<i32> {
        let next = self.next_ticket(export, None).await?;
        Ok(next.map_or(0, |ticket| ticket.order))
    }

    /// The first ticket of a run that is not done and stands behind this place.
    pub(crate) async fn next_ticket(
        &self,
        export: ExportId,
        behind: Option<i32>,
    ) -> Result<Option<CurrentTicket>> {
        let Some(item) = export_item::next(self.db.read(), export, behind).await? else {
            return Ok(None);
        };
        let rows = ticket::find_many(self.db.read(), [item.ticket_id]).await?;
        Ok(rows.first().map(ticket::Model::current))
    }

    /// A ticket of a run, as it is now.
    pub(crate) async fn ticket_row(&self, id: TicketId) -> Result<ticket::Model> {
        let rows = ticket::find_many(self.db.read(), [id]).await?;
        let row = rows.into_iter().next();
        row.ok_or_else(|| Error::internal("an export item without its ticket"))
    }

    /// The run as callers see it.
    pub(crate) async fn snapshot(
        &self,
        session: &session::Model,
        export: &export::Model,
    ) -> Result<ExportSnapshot> {
        let pace = self.pace(session).await?;
        Ok(export.snapshot(self.clock.now(), pace))
    }

    /// The least time between two creates of this session.
    pub(crate) async fn pace(&self, session: &session::Model) -> Result<Duration> {
        let Some(id) = session.integration_id else {
            return Ok(Duration::ZERO);
        };
        let found = integration::find(self.db.read(), id).await?;
        Ok(found
            .map(|integration| integration.config.pace())
            .unwrap_or_default())
    }

    async fn started_before(&self, session: &session::Model) -> Result<Started> {
        let export = self.export(session.id).await?;
        let refused = match export.status {
            _ if export.revert_time.is_some() => Some(
                "issues of this export have been taken back; call RevertExport until it ends, then StartExport"
                    .to_owned(),
            ),
            ExportStatus::Failed | ExportStatus::Cancelled => {
                Some(format!("the export is {}; RetryExport goes on with it", export.status))
            }
            _ => None,
        };
        if let Some(message) = refused {
            let subject = format!("session/{}", session.id);
            return Err(Error::refused(Reason::ExportFailed, subject, message)
                .with("task_id", export.id)
                .with("status", export.status));
        }
        let pace = self.pace(session).await?;
        let running = !export.status.is_terminal();
        Ok(started(&export, running, pace, self.clock.now()))
    }

    /// The run's rows: every ticket at its place, every dependency a link.
    async fn lay_out(&self, actor: &Actor, session: session::Model, now: Time) -> Result<Plan> {
        let places = session_ticket::places_in_session(self.db.read(), session.id).await?;
        if places.is_empty() {
            return Err(empty(session.id));
        }
        let edges = dependency::of_session(self.db.read(), session.id).await?;
        let order = ordered(&places, &edges).map_err(|_| cyclic(session.id))?;
        let id = ExportId::at(now);
        let kept = self.kept_issues(session.id).await?.items;
        let links = edges.iter().map(|edge| export_link::Model {
            export_id: id,
            from_ticket_id: edge.depends_on_id,
            to_ticket_id: edge.ticket_id,
            state: LinkState::Pending,
            error: None,
        });
        Ok(Plan {
            links: links.collect(),
            export: opened(actor, &session, id, order.len(), now),
            order,
            kept,
            session,
            planned: None,
            request: None,
        })
    }

    async fn write_plan(&self, plan: Plan, answer: Started, now: Time) -> Result<()> {
        let plan = Arc::new((plan, answer));
        self.db
            .write(move |tx| {
                let plan = plan.clone();
                Box::pin(async move {
                    let (plan, answer) = &*plan;
                    hold_target(tx, &plan.session).await?;
                    session::begin_export(tx, &plan.session, now).await?;
                    still_planned(tx, plan).await?;
                    session_ticket::begin_anew(tx, plan.session.id, now).await?;
                    export::insert(tx, plan.export.clone()).await?;
                    let text = format!("export is PENDING, started by {}", plan.export.started_by);
                    let entry = LogEntry::state(now, 0, &text);
                    export_log::append(tx, plan.export.id, &[entry]).await?;
                    export_item::insert_many(tx, plan.items()).await?;
                    export_link::insert_many(tx, &plan.links).await?;
                    remember(tx, plan.request.as_ref(), answer, now).await?;
                    notify_in(tx, wake::EXPORT_CHANNEL, &plan.session.id.to_string()).await?;
                    Ok(())
                })
            })
            .await
    }
}

fn started(export: &export::Model, already_running: bool, pace: Duration, now: Time) -> Started {
    let left = export.total_tickets - export.tickets_completed;
    Started {
        already_running,
        estimated_duration: pace * u32::try_from(left).unwrap_or_default(),
        export: export.snapshot(now, pace),
    }
}

/// [`Error::Fenced`] where a ticket has changed since the plan was held against it.
async fn still_planned(tx: &Tx, plan: &Plan) -> Result<()> {
    let Some(planned) = &plan.planned else {
        return Ok(());
    };
    let now = session_ticket::versions_in_session(tx, plan.session.id).await?;
    match now.into_iter().collect::<HashSet<_>>() == *planned {
        true => Ok(()),
        false => Err(Error::Fenced),
    }
}

pub(super) fn ordered(
    places: &[(TicketId, i32)],
    edges: &[dependency::Model],
) -> Result<Vec<TicketId>, Vec<TicketId>> {
    let mut depends_on: HashMap<TicketId, Vec<TicketId>> = HashMap::new();
    for edge in edges {
        depends_on
            .entry(edge.ticket_id)
            .or_default()
            .push(edge.depends_on_id);
    }
    let nodes: Vec<Node<TicketId>> = places
        .iter()
        .map(|&(key, order)| Node {
            key,
            order,
            depends_on: depends_on.remove(&key).unwrap_or_default(),
        })
        .collect();
    dependency_order(&nodes)
}

fn opened(
    actor: &Actor,
    session: &session::Model,
    id: ExportId,
    tickets: usize,
    now: Time,
) -> export::Model {
    export::Model {
        id,
        session_id: session.id,
        status: ExportStatus::Pending,
        attempt: 0,
        jira_project_key: session.jira_project_key.clone(),
        total_tickets: i32::try_from(tickets).unwrap_or(i32::MAX),
        tickets_completed: 0,
        tickets_failed: 0,
        tickets_preserved: 0,
        current_ticket: None,
        lease_owner: None,
        lease_until: None,
        fence: 0,
        next_event_sequence: 1,
        resume_time: None,
        start_time: now,
        finish_time: None,
        failure: None,
        orphaned_keys: Words::default(),
        dependencies_created: 0,
        manual_fixes: 0,
        started_by: actor.user_id.clone(),
        create_time: now,
        update_time: now,
        active_since: None,
        active_micros: 0,
        requested: None,
        revert_time: None,
    }
}

/// The session has no tickets.
pub(super) fn empty(session: SessionId) -> Error {
    Error::refused(
        Reason::SessionEmpty,
        format!("session/{session}"),
        "the session has no tickets; add some with AddSessionTickets",
    )
}

/// The session changes faster than this call can keep up with.
pub(super) fn changing(session: SessionId) -> Error {
    Error::Unavailable {
        reason: Reason::DatabaseBusy,
        message: format!("the session {session} is being changed by others; call again"),
        retry_after: Duration::from_secs(1),
    }
}

pub(super) fn cyclic(session: SessionId) -> Error {
    Error::refused(
        Reason::DependencyCycle,
        format!("session/{session}"),
        "the dependencies of the session's tickets form a cycle; take one out with SetTicketDependencies",
    )
}
