//! Planning an export: what would become of each ticket, and the digest by which a start can be pinned to it. Reads Jira, writes
//! nothing.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use super::{
    App,
    exports::{cyclic, empty, ordered},
    jira_calls::failed,
    kept_issues::KeptIssues,
    losses::Loss,
    plan_answer,
    plan_site::PlanSite,
    plan_ticket::TicketPlanner,
};
pub use crate::connectors::jira::Unsent;
use crate::{
    connectors::jira::{CallError, Jira, Marker, Probe},
    db::{dependency, export, export_item, session, session_ticket, ticket},
    domain::{
        actor::Actor,
        export::{ErrorCategory, ExportStatus, ItemState, RevertState},
        ids::{SessionId, TicketId},
        permission::Action,
        problem::Problem,
    },
    error::{Error, Reason, Result},
};

/// How many tickets are held in memory at once.
const BATCH: usize = 100;

/// What an export would do.
#[derive(Clone, Debug)]
pub struct ExportPlan {
    /// The plan's digest: 64 hexadecimal digits.
    pub hash: String,
    /// One a ticket, in the order of the export.
    pub items: Vec<PlanItem>,
    /// What would stop the export as a whole.
    pub blocking: Vec<Problem>,
    /// How long it takes at the configured pace.
    pub duration: Duration,
    /// How many requests it sends.
    pub requests: u64,
    /// The tickets as they were read: their ids and versions, in no order.
    pub(super) read: HashSet<(TicketId, i64)>,
}

/// What an export would do with one ticket.
#[derive(Clone, Debug)]
pub struct PlanItem {
    /// The ticket.
    pub ticket_id: TicketId,
    /// Its wished place.
    pub order: i32,
    /// Its title, for what is told of it.
    pub title: String,
    /// The issue that an earlier attempt made, or that a revert has kept; `None`: one would be created.
    pub jira_key: Option<String>,
    /// Values that would be dropped or replaced.
    pub fallbacks: Vec<Unsent>,
    /// What would stop the export here.
    pub problems: Vec<Problem>,
    /// What the description loses.
    pub losses: Vec<Loss>,
}

impl App {
    /// What an export of the session would do with each ticket.
    pub async fn plan_export(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<SessionId> + Send,
    ) -> Result<ExportPlan> {
        actor.require(Action::ReadSessions)?;
        let session = self.session(parse()?).await?;
        let mut plan = self.plan(&session).await?;
        plan_answer::fit(&mut plan)?;
        Ok(plan)
    }

    /// The whole plan, however large.
    pub(super) async fn plan(&self, session: &session::Model) -> Result<ExportPlan> {
        let places = session_ticket::places_in_session(self.db.read(), session.id).await?;
        if places.is_empty() {
            return Err(empty(session.id));
        }
        let integration = self.exportable(session).await?;
        let jira = self.jira(&integration)?;
        let edges = dependency::of_session(self.db.read(), session.id).await?;
        let order = ordered(&places, &edges).map_err(|_| cyclic(session.id))?;
        let issues = self.known_issues(session).await?;
        let project = &session.jira_project_key;
        let site = PlanSite::read(self, &jira, session, !edges.is_empty()).await;
        let mut site = site.map_err(|error| failed(&error, project))?;
        site.blocking.extend(issues.half_taken_back());
        let mut planner = TicketPlanner::new(self, session, &integration, &site, &edges);
        let (mut items, mut read) = (Vec::with_capacity(order.len()), HashSet::new());
        for some in order.chunks(BATCH) {
            let rows = self.in_order(some).await?;
            read.extend(rows.iter().map(|row| (row.id, row.version)));
            let known = self.keys(&jira, (site.present_key(), project), &issues, some);
            let known = known.await;
            let known = known.map_err(|error| failed(&error, project))?;
            items.extend(planner.plan(rows, known).await?);
        }
        let creates = items.iter().filter(|item| item.jira_key.is_none()).count();
        Ok(ExportPlan {
            duration: integration.config.pace() * u32::try_from(creates).unwrap_or(u32::MAX),
            requests: planner.requests(),
            hash: planner.hash(),
            blocking: site.blocking,
            items,
            read,
        })
    }

    /// PLAN_CHANGED unless this is still the plan. Answers the tickets as they were read.
    pub(super) async fn require_plan(
        &self,
        session: &session::Model,
        hash: &str,
    ) -> Result<HashSet<(TicketId, i64)>> {
        let plan = self.plan(session).await?;
        if plan.hash == hash {
            return Ok(plan.read);
        }
        Err(Error::refused(
            Reason::PlanChanged,
            format!("session/{}", session.id),
            "the session, its tickets, the integration or the project is no longer as it was planned; call PlanExport again",
        ))
    }

    /// The tickets with these ids, in this order.
    async fn in_order(&self, ids: &[TicketId]) -> Result<Vec<ticket::Model>> {
        let rows = ticket::find_many(self.db.read(), ids.iter().copied()).await?;
        let mut by_id: HashMap<TicketId, ticket::Model> =
            rows.into_iter().map(|row| (row.id, row)).collect();
        Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
    }

    /// What earlier exports of the session have made: which issues exist, and which may.
    async fn known_issues(&self, session: &session::Model) -> Result<Known> {
        let found = export::of_session(self.db.read(), session.id).await?;
        // After a revert the next export begins anew, but for what that has kept.
        let Some(export) = found.filter(|export| export.status != ExportStatus::Reverted) else {
            return Ok(Known::Kept(self.kept_issues(session.id).await?));
        };
        let items = export_item::begun(self.db.read(), export.id).await?;
        let items = items.into_iter().map(|item| (item.ticket_id, item));
        Ok(Known::Begun(Box::new(export), items.collect()))
    }

    /// The keys of the issues that these tickets have. One whose create had no clear answer is looked for, as a retry would.
    async fn keys(
        &self,
        jira: &Jira,
        (project, stored): (&str, &str),
        known: &Known,
        tickets: &[TicketId],
    ) -> Result<HashMap<TicketId, String>, CallError> {
        let (export, items) = match known {
            Known::Begun(export, items) => (export, items),
            Known::Kept(kept) => {
                return self
                    .still_ours(jira, (project, stored), kept, tickets)
                    .await;
            }
        };
        let mut keys = HashMap::new();
        for item in tickets.iter().filter_map(|id| items.get(id)) {
            let key = match (&item.jira_key, item.state) {
                (Some(_), _) if item.revert == Some(RevertState::Deleted) => None,
                (Some(key), _) => Some(key.clone()),
                (None, ItemState::Creating) => self.find_issue(jira, project, export, item).await?,
                (None, _) => None,
            };
            keys.extend(key.map(|key| (item.ticket_id, key)));
        }
        Ok(keys)
    }

    async fn find_issue(
        &self,
        jira: &Jira,
        project: &str,
        export: &export::Model,
        item: &export_item::Model,
    ) -> Result<Option<String>, CallError> {
        let marker = Marker {
            ticket: item.ticket_id,
            task: export.id,
            attempt: export.attempt,
        };
        let after = item.high_key.unwrap_or_default();
        let looked = self.ask_jira(|| jira.find_created(project, after, &marker));
        Ok(match looked.await? {
            Probe::Found(issue) => Some(issue.key),
            Probe::Absent { .. } | Probe::Unfinished { .. } => None,
        })
    }
}

/// What earlier exports of a session have made.
enum Known {
    /// By an export that can be gone on with.
    Begun(Box<export::Model>, HashMap<TicketId, export_item::Model>),
    /// What a revert has kept, and a new export takes over.
    Kept(KeptIssues),
}

impl Known {
    /// What is in the way of an export of which issues have been deleted, and not all were looked at.
    fn half_taken_back(&self) -> Option<Problem> {
        let Self::Begun(export, _) = self else {
            return None;
        };
        export.revert_time.map(|_| Problem {
            reason: Reason::ExportFailed,
            category: ErrorCategory::UserFixable,
            message: "Issues of the session's latest export have been taken back, and that has not come to its end.".to_owned(),
            field: String::new(),
            recommended_action: "Call RevertExport until it ends, then StartExport.".to_owned(),
        })
    }
}
