//! Applying manual fixes: sending again only the values that an export had to drop or replace. Every send may be repeated without
//! harm, so that a crash between it and its record costs nothing but a repetition.

use std::{collections::HashMap, sync::Arc};

use super::{
    App,
    fix_lease::FixLease,
    fix_record::Beside,
    jira_calls::{failed, rejected},
    journal::Journal,
    spare_files, spare_issues,
};
use crate::{
    connectors::jira::{CallError, Estranged, IssuePlan, Jira, LinkType, ProjectMeta},
    db::{export, export_fix, export_item, export_link, integration, session_ticket, ticket},
    domain::{
        actor::Actor,
        export::{ExportStatus, LinkState, ManualFixType},
        ids::{ExportId, FixId, SessionId, TicketId, UserId},
    },
    error::{Error, Reason, Result},
};

/// What came of one fix.
#[derive(Clone, Debug)]
pub struct FixOutcome {
    /// The fix.
    pub id: FixId,
    /// Nothing: Jira has the wanted value. Else why not.
    pub error: Option<Error>,
}

/// What is needed to send values again.
pub(super) struct Fixer<'a> {
    pub(super) app: &'a App,
    pub(super) jira: Jira,
    pub(super) meta: ProjectMeta,
    pub(super) export: export::Model,
    pub(super) lease: &'a FixLease,
    pub(super) caller: UserId,
    /// What Jira was asked and has answered since it was kept last.
    pub(super) journal: Arc<Journal>,
    /// What an issue of each ticket takes now.
    pub(super) plans: HashMap<TicketId, Result<IssuePlan>>,
    pub(super) items: HashMap<TicketId, export_item::Model>,
    pub(super) links: Vec<export_link::Model>,
    link_type: Option<LinkType>,
    /// Why nothing may be sent to a ticket's issue, as far as that was looked at.
    pub(super) estranged: HashMap<TicketId, Option<Estranged>>,
}

impl App {
    /// Sends the values of these fixes again, or of all that are not applied, and says what came of each.
    pub async fn apply_fixes(
        &self,
        actor: &Actor,
        id: Result<SessionId>,
        parse: impl FnOnce() -> Result<Vec<FixId>> + Send,
    ) -> Result<Vec<FixOutcome>> {
        let (session, wanted) = self.own_session(actor, id, parse).await?;
        let export = self.export(session.id).await?;
        if !export.status.is_terminal() {
            return Err(self.running(&session).await?);
        }
        let fixes = self.chosen(&session.id, &export, wanted).await?;
        if fixes.iter().all(|fix| fix.applied) {
            return Ok(fixes.iter().map(done).collect());
        }
        require_not_taken_back(&export)?;
        let integration = self.exportable(&session).await?;
        let task = export.id;
        let lease = FixLease::take(self, &export).await;
        let lease = lease.map_err(|error| changed_meanwhile(error, session.id, task))?;
        let outcomes = tokio::select! {
            outcomes = self.apply_each(actor, &integration, (export, &lease), &fixes) => outcomes,
            () = lease.keep() => Err(changed_meanwhile(Error::Fenced, session.id, task)),
        };
        lease.give_back().await;
        self.wake.changed(session.id);
        outcomes
    }

    async fn apply_each(
        &self,
        actor: &Actor,
        integration: &integration::Model,
        held: (export::Model, &FixLease),
        fixes: &[export_fix::Model],
    ) -> Result<Vec<FixOutcome>> {
        let mut fixer = self.fixer(actor, integration, held).await?;
        let mut outcomes = Vec::with_capacity(fixes.len());
        for fix in fixes {
            let error = match fix.applied {
                true => None,
                false => fixer.apply(fix).await.err(),
            };
            outcomes.push(FixOutcome { id: fix.id, error });
        }
        Ok(outcomes)
    }

    async fn fixer<'a>(
        &'a self,
        actor: &Actor,
        integration: &integration::Model,
        (export, lease): (export::Model, &'a FixLease),
    ) -> Result<Fixer<'a>> {
        let journal = Journal::new(Arc::clone(&self.clock), export.attempt);
        let witness: Arc<Journal> = Arc::clone(&journal);
        let jira = self.jira(integration)?.witnessed_by(witness);
        let project = export.jira_project_key.clone();
        let meta = self.ask_jira(|| ProjectMeta::load(&jira, &project)).await;
        let meta = meta.map_err(|error| failed(&error, &project))?;
        let types = self.link_types(&jira).await;
        let types = types.map_err(|error| failed(&error, &project))?;
        let items = export_item::of_export(self.db.read(), export.id).await?;
        Ok(Fixer {
            app: self,
            caller: actor.user_id.clone(),
            meta,
            links: export_link::of_export(self.db.read(), export.id).await?,
            items: items
                .into_iter()
                .map(|item| (item.ticket_id, item))
                .collect(),
            link_type: LinkType::blocking(&types)
                .filter(|kind| kind.blocks())
                .cloned(),
            plans: HashMap::new(),
            estranged: HashMap::new(),
            journal,
            jira,
            export,
            lease,
        })
    }

    /// The fixes that are asked for, in that order; all that are left, by the tickets' order, where none is.
    async fn chosen(
        &self,
        session: &SessionId,
        export: &export::Model,
        wanted: Vec<FixId>,
    ) -> Result<Vec<export_fix::Model>> {
        let mut fixes = export_fix::of_export(self.db.read(), export.id).await?;
        if wanted.is_empty() {
            let orders = session_ticket::orders_of_session(self.db.read(), *session).await?;
            fixes.retain(|fix| !fix.applied);
            fixes.sort_by_key(|fix| orders.get(&fix.ticket_id).copied());
            return Ok(fixes);
        }
        let mut known: HashMap<FixId, export_fix::Model> =
            fixes.into_iter().map(|fix| (fix.id, fix)).collect();
        let found = wanted.into_iter().map(|id| {
            let fix = known.remove(&id);
            fix.ok_or_else(|| Error::not_found("manual_fix", id))
        });
        found.collect()
    }
}

/// What is left of an export that was taken back is the next one's.
fn require_not_taken_back(export: &export::Model) -> Result<()> {
    if export.status != ExportStatus::Reverted {
        return Ok(());
    }
    let text = "the export was taken back: put right by hand what is listed of the issues that were kept, or call StartExport, which takes them over with their fixes";
    let subject = format!("session/{}", export.session_id);
    let refused = Error::refused(Reason::ExportNotRetryable, subject, text);
    Err(refused
        .with("task_id", export.id)
        .with("status", export.status))
}

fn done(fix: &export_fix::Model) -> FixOutcome {
    FixOutcome {
        id: fix.id,
        error: None,
    }
}

impl Fixer<'_> {
    /// Sends one value again and records that Jira has it; also what is wanted by now, whatever came of it.
    async fn apply(&mut self, fix: &export_fix::Model) -> Result<()> {
        let sent = self.send_again(fix).await;
        let now = export_fix::Model {
            wanted: self.wanted_now(fix).await,
            ..fix.clone()
        };
        let applied = match sent {
            Ok(beside) => self.record(&now, beside).await,
            Err(error) => Err(error),
        };
        self.keep_log(&now, &applied).await;
        applied
    }

    /// Sends one value again, where that is called for; what is to be recorded with it.
    async fn send_again(&mut self, fix: &export_fix::Model) -> Result<Beside> {
        let item = self.items.get(&fix.ticket_id);
        let key = item.and_then(|item| item.jira_key.clone());
        let key = key.ok_or_else(|| refused(fix, "the ticket has no issue"))?;
        let mut beside = Beside::default();
        if spare_issues::is_doubt(fix) {
            self.no_second_issue(fix).await?;
            return Ok(beside);
        }
        if fix.field == spare_issues::FIELD {
            beside.settled = Some((fix.ticket_id, self.second_issue(fix).await?));
            return Ok(beside);
        }
        self.require_own(fix, fix.ticket_id).await?;
        match fix.fix_type {
            _ if spare_files::is_about(fix) => self.second_file(fix, &key).await?,
            ManualFixType::LinkFailed => beside.link = Some(self.link(fix).await?),
            ManualFixType::AttachmentFailed => beside.file = Some(self.file(fix, &key).await?),
            ManualFixType::SprintNotFound => beside.resent = self.sprint(fix, &key).await?,
            ManualFixType::DescriptionTruncated => {
                beside.resent = Some(self.description(fix, &key).await?);
            }
            _ => beside.resent = self.field(fix, &key).await?,
        }
        Ok(beside)
    }

    /// Sets the link that the fix is about, and answers its row as it is then.
    async fn link(&mut self, fix: &export_fix::Model) -> Result<export_link::Model> {
        let key = |id: TicketId| {
            self.items
                .get(&id)
                .and_then(|item| item.jira_key.as_deref())
        };
        let meant = self.links.iter().find_map(|link| {
            let (blocker, blocked) = (key(link.from_ticket_id)?, key(link.to_ticket_id)?);
            let wanted = format!("{blocker} blocks {blocked}");
            (link.to_ticket_id == fix.ticket_id && wanted == fix.wanted)
                .then_some((link, blocker, blocked))
        });
        let (link, blocker, blocked) =
            meant.ok_or_else(|| refused(fix, "the issues that were to be linked are not known"))?;
        let done = export_link::Model {
            state: LinkState::Done,
            error: None,
            ..link.clone()
        };
        let (blocker, blocked) = (blocker.to_owned(), blocked.to_owned());
        self.require_own(fix, done.from_ticket_id).await?;
        let Some(kind) = &self.link_type else {
            let how = "this Jira site still has no link type “Blocks”";
            return Err(refused(fix, how));
        };
        let sent = self
            .app
            .ask_jira(|| self.jira.link(kind, &blocker, &blocked));
        sent.await.map_err(|error| self.told(fix, &error))?;
        Ok(done)
    }

    pub(super) async fn ticket(&self, fix: &export_fix::Model) -> Result<ticket::Model> {
        let rows = ticket::find_many(self.app.db.read(), [fix.ticket_id]).await?;
        let row = rows.into_iter().next();
        row.ok_or_else(|| Error::not_found("ticket", fix.ticket_id))
    }

    pub(super) fn told(&self, fix: &export_fix::Model, error: &CallError) -> Error {
        match rejected(error) {
            Some(said) => refused(fix, &format!("Jira still refuses it: {said}")),
            None => failed(error, &self.export.jira_project_key),
        }
    }
}

pub(super) fn changed_meanwhile(error: Error, session: SessionId, task: ExportId) -> Error {
    match error {
        Error::Fenced => {
            let text = "the export went on, or was changed by another call meanwhile; call again once it has ended";
            let subject = format!("session/{session}");
            Error::aborted(Reason::ExportRunning, subject, text).with("task_id", task)
        }
        other => other,
    }
}

pub(super) fn refused(fix: &export_fix::Model, message: &str) -> Error {
    Error::refused(
        Reason::JiraFieldRejected,
        format!("manual_fix/{}", fix.id),
        message,
    )
    .with("field", &fix.field)
}
