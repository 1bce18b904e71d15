//! Reverting an export: each issue that nobody has touched since is deleted, each other one kept and told. Issue by issue: what is
//! about to be deleted is recorded before, and that it is, right after, so that an interrupted call is repeated without a loss.

mod judge;
mod order;
mod settle;
mod spares;
mod step;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::{App, jira_calls::failed, journal::Journal, moot_fixes};
use crate::{
    connectors::jira::{Account, CallError, Jira, MarkedIssue, Marker, OwnFiles},
    db::{
        export, export_attachment, export_fix, export_item, export_link, session, session_ticket,
    },
    domain::{
        actor::Actor,
        export::{ExportStatus, LinkState, RevertState},
        ids::{SessionId, TicketId, UserId},
    },
    error::{Error, Reason, Result},
};
pub(super) use judge::is_gone;
use judge::{sent, spares_left};

/// What became, or would become, of the issues.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reverted {
    /// The keys of those that are deleted, by ticket order.
    pub deleted: Vec<String>,
    /// Those that are kept, by ticket order.
    pub kept: Vec<Kept>,
}

/// An issue that is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its key.
    pub key: String,
    /// Why, for a person.
    pub reason: String,
}

/// A revert under way: the run as this call writes it, and what is needed to judge an issue.
struct Revert<'a> {
    app: &'a App,
    caller: UserId,
    jira: Jira,
    account: Account,
    /// What Jira was asked and has answered since the last write.
    journal: Arc<Journal>,
    row: export::Model,
    /// The project's key now.
    project: String,
    links: Vec<export_link::Model>,
    keys: HashMap<TicketId, String>,
    files: HashMap<TicketId, OwnFiles>,
    /// What bears the run's mark, where there may be second issues.
    seen: Vec<MarkedIssue>,
    /// The keys of the issues that are deleted by now, or would be.
    going: BTreeSet<String>,
    dry_run: bool,
}

impl App {
    /// Takes back what the session's latest export has made; with `dry_run` tells what that would be. Repeating it goes on where it
    /// stopped.
    pub async fn revert_export(
        &self,
        actor: &Actor,
        id: Result<SessionId>,
        dry_run: bool,
    ) -> Result<Reverted> {
        let (session, ()) = self.own_session(actor, id, || Ok(())).await?;
        let export = self.export(session.id).await?;
        require_ended(&export)?;
        if export.status == ExportStatus::Reverted {
            return Ok(told(&self.items_by_order(&session, &export).await?));
        }
        let integration = self.exportable(&session).await?;
        let journal = Journal::new(Arc::clone(&self.clock), export.attempt);
        let witness: Arc<Journal> = Arc::clone(&journal);
        let jira = self.jira(&integration)?.witnessed_by(witness);
        let asked = self.ask_jira(|| jira.myself()).await;
        let account = asked.map_err(|error| failed(&error, &export.jira_project_key))?;
        let project = self.present_key(&jira, &export.jira_project_key).await;
        let project = project.map_err(|error| failed(&error, &export.jira_project_key))?;
        let mut revert = Revert {
            app: self,
            project,
            seen: Vec::new(),
            going: BTreeSet::new(),
            caller: actor.user_id.clone(),
            links: export_link::of_export(self.db.read(), export.id).await?,
            keys: HashMap::new(),
            files: sent(export_attachment::of_export(self.db.read(), export.id).await?),
            jira,
            account,
            journal,
            row: export,
            dry_run,
        };
        let reverted = revert.carry_through(&session).await;
        if reverted.is_err() && !dry_run {
            revert.keep_journal().await;
        }
        reverted
    }

    /// The run's items by the `order` of their tickets.
    async fn items_by_order(
        &self,
        session: &session::Model,
        export: &export::Model,
    ) -> Result<Vec<export_item::Model>> {
        let orders = session_ticket::orders_of_session(self.db.read(), session.id).await?;
        let mut items = export_item::of_export(self.db.read(), export.id).await?;
        items.sort_by_key(|item| (orders.get(&item.ticket_id).copied(), item.position));
        Ok(items)
    }
}

impl Revert<'_> {
    async fn carry_through(&mut self, session: &session::Model) -> Result<Reverted> {
        if self.dry_run {
            let items = self.app.items_by_order(session, &self.row).await?;
            self.keys = keys(&items);
            self.seen = self.look_for_spares(&items).await?;
            return Ok(told(&self.foresee_all(items).await?));
        }
        // From here on whoever else reverts, retries or applies fixes, here or on another replica, finds the run changed.
        let mut next = self.row.clone();
        next.fence += 1;
        next.lease_owner = None;
        next.lease_until = None;
        self.write(next, |_| ()).await?;
        // Behind that, so that what another call was about to delete until then is known to be that.
        let items = self.app.items_by_order(session, &self.row).await?;
        self.keys = keys(&items);
        self.seen = self.look_for_spares(&items).await?;
        let settled = self.settle_all(items).await?;
        let fixes = export_fix::of_export(self.app.db.read(), self.row.id).await?;
        let mut next = self.row.clone();
        next.status = ExportStatus::Reverted;
        next.tickets_failed = 0;
        next.orphaned_keys.0 = spares_left(&settled);
        next.dependencies_created = self.links_left(&settled);
        next.manual_fixes = moot_fixes::left(&fixes, &moot_fixes::gone(&settled));
        self.write(next, |step| step.ends = true).await?;
        self.app.wake.changed(self.row.session_id);
        Ok(told(&settled))
    }

    fn marker(&self, item: &export_item::Model) -> Marker {
        Marker {
            ticket: item.ticket_id,
            task: self.row.id,
            attempt: item.attempt,
        }
    }

    /// How many of the links that the export has made still join two issues.
    fn links_left(&self, items: &[export_item::Model]) -> i32 {
        let gone = |item: &&export_item::Model| {
            item.revert == Some(RevertState::Deleted) || is_gone(item.revert_note.as_deref())
        };
        let gone: BTreeSet<TicketId> = items.iter().filter(gone).map(|i| i.ticket_id).collect();
        let left = self.links.iter().filter(|link| {
            let ends = [link.from_ticket_id, link.to_ticket_id];
            link.state == LinkState::Done && !ends.iter().any(|end| gone.contains(end))
        });
        i32::try_from(left.count()).unwrap_or(i32::MAX)
    }

    async fn ask<T, F>(&self, call: impl Fn() -> F) -> Result<T>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let answer = self.app.ask_jira(call).await;
        answer.map_err(|error| failed(&error, &self.row.jira_project_key))
    }
}

fn told(items: &[export_item::Model]) -> Reverted {
    let mut told = Reverted::default();
    for item in items {
        if let Some(key) = &item.jira_key {
            told.add(key, item.revert, item.revert_note.as_deref());
        }
        for spare in item.spares() {
            told.add(&spare.key, spare.revert, spare.note.as_deref());
        }
    }
    told
}

impl Reverted {
    fn add(&mut self, key: &str, revert: Option<RevertState>, note: Option<&str>) {
        let key = key.to_owned();
        match revert {
            Some(RevertState::Deleted) => self.deleted.push(key),
            Some(RevertState::Kept) => self.kept.push(Kept {
                key,
                reason: note.unwrap_or_default().to_owned(),
            }),
            Some(RevertState::Deleting) | None => (),
        }
    }
}

fn keys(items: &[export_item::Model]) -> HashMap<TicketId, String> {
    let key = |item: &export_item::Model| Some((item.ticket_id, item.jira_key.clone()?));
    items.iter().filter_map(key).collect()
}

fn require_ended(export: &export::Model) -> Result<()> {
    if export.status.is_terminal() {
        return Ok(());
    }
    let message = "the export is running; cancel it with CancelExport, or wait for its end";
    let subject = format!("session/{}", export.session_id);
    let running = Error::aborted(Reason::ExportRunning, subject, message);
    Err(running.with("task_id", export.id))
}
