//! Reverting an export: each issue that nobody has touched since is deleted, each other one kept and told. Issue by issue: what is
//! about to be deleted is recorded before, and that it is, right after, so that an interrupted call is repeated without a loss.

mod judge;
mod spares;
mod step;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use serde_json::json;

use super::{App, jira_calls::failed, journal::Journal};
use crate::{
    connectors::jira::{Account, CallError, Condition, Jira, MarkedIssue, Marker, OwnFiles},
    db::{
        export, export_attachment, export_fix, export_item, export_link, history, session,
        session_ticket,
    },
    domain::{
        actor::Actor,
        export::{ExportStatus, ItemState, LinkState, RevertState},
        history::HistoryEventType,
        ids::{SessionId, TicketId, UserId},
    },
    error::{Error, Reason, Result},
};
pub(super) use judge::is_gone;
use judge::{fixed, kept, note, sent, spares_left};

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
    fixes: HashMap<TicketId, BTreeSet<String>>,
    files: HashMap<TicketId, OwnFiles>,
    /// What bears the run's mark, where there may be second issues.
    seen: Vec<MarkedIssue>,
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
            caller: actor.user_id.clone(),
            links: export_link::of_export(self.db.read(), export.id).await?,
            keys: HashMap::new(),
            fixes: fixed(export_fix::of_export(self.db.read(), export.id).await?),
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
            return Ok(told(&self.foresee(items).await?));
        }
        // From here on whoever else reverts or retries, here or on another replica, finds the run changed.
        let mut next = self.row.clone();
        next.fence += 1;
        self.write(next, |_| ()).await?;
        // Behind that, so that what another call was about to delete until then is known to be that.
        let items = self.app.items_by_order(session, &self.row).await?;
        self.keys = keys(&items);
        self.seen = self.look_for_spares(&items).await?;
        let mut settled = Vec::with_capacity(items.len());
        for item in items {
            settled.push(self.settle(item).await?);
        }
        let mut next = self.row.clone();
        next.status = ExportStatus::Reverted;
        next.tickets_failed = 0;
        next.orphaned_keys.0 = spares_left(&settled);
        next.dependencies_created = self.links_left(&settled);
        self.write(next, |step| step.ends = true).await?;
        self.app.wake.changed(self.row.session_id);
        Ok(told(&settled))
    }

    /// Deletes or keeps what was made of one ticket, as far as that is not settled already.
    async fn settle(&mut self, mut item: export_item::Model) -> Result<export_item::Model> {
        if let Some((issue, condition)) = self.judge(&mut item).await? {
            let kept = match condition {
                Condition::Untouched => {
                    item.revert = Some(RevertState::Deleting);
                    self.delete(item.clone(), &issue.id).await?
                }
                condition => kept(condition, item.revert),
            };
            note(&mut item, kept);
            self.record(&item, issue.key).await?;
        }
        self.settle_spares(&mut item).await?;
        Ok(item)
    }

    /// Deletes an issue that nobody has touched; `row` is written before and tells of it. A text says why Jira did not.
    async fn delete(&mut self, row: export_item::Model, id: &str) -> Result<Option<String>> {
        let mut next = self.row.clone();
        next.revert_time = next.revert_time.or(Some(self.app.clock.now()));
        self.write(next, |step| step.item = Some(row)).await?;
        match self.app.ask_jira(|| self.jira.delete_issue(id)).await {
            Ok(()) => Ok(None),
            // A call that this one has taken the place of was still about to delete it.
            Err(CallError::Rejected(refused)) if refused.status == 404 => Ok(None),
            // A right that the account lacks, it lacks for every issue: the call ends, and can be repeated once it has it.
            Err(CallError::Rejected(refused)) if !matches!(refused.status, 401 | 403) => {
                Ok(Some(format!("Jira did not delete it: {}", refused.quote())))
            }
            Err(error) => Err(failed(&error, &self.row.jira_project_key)),
        }
    }

    /// Records that an issue is deleted or kept.
    async fn record(&mut self, item: &export_item::Model, key: String) -> Result<()> {
        let now = self.app.clock.now();
        let mut next = self.row.clone();
        let deleted = item.revert == Some(RevertState::Deleted);
        if deleted && item.state == ItemState::Exported {
            next.tickets_completed = (next.tickets_completed - 1).max(0);
        }
        let entry = history::Entry {
            field: Some("jira_key".to_owned()),
            old_value: Some(key.clone()),
            ..history::Entry::event(
                item.ticket_id,
                HistoryEventType::Updated,
                self.caller.clone(),
                None,
                json!({ "session_id": self.row.session_id, "task_id": self.row.id }),
                now,
            )
        };
        let row = item.clone();
        self.write(next, |step| {
            step.item = Some(row);
            if deleted {
                step.taken_back = Some((item.ticket_id, key));
                step.entry = Some(entry);
            }
        })
        .await
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
