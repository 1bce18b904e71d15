//! One ticket of a run, from its row to its issue.

use serde_json::json;

use super::{
    change::Change,
    passage::Passage,
    run::{Run, Stop},
    turns::{Heir, Turn, Turns},
};
use crate::{
    app::{
        export_outcome::{MadeOf, result},
        issue_draft::{IssueDraft, full_text},
        snapshot::Snapshot,
        step::step,
    },
    connectors::jira::{IssuePlan, IssueRef, Jira, PlanError, ProjectMeta, Unsent},
    db::{
        export, export_attachment, export_fix, export_item, history::Entry, session_ticket, ticket,
    },
    domain::{
        export::{EventDetail, ItemState, issue_number},
        history::HistoryEventType,
        ids::FixId,
        integration::IntegrationResult,
        time::Time,
    },
    error::Error,
};

impl Run {
    /// Makes a ticket ready to be sent, by its latest text.
    pub(super) async fn ready<'a>(
        &self,
        jira: &'a Jira,
        meta: &ProjectMeta,
        item: export_item::Model,
        ticket: &'a ticket::Model,
    ) -> Result<Passage<'a>, Stop> {
        let mut draft = IssueDraft::of(ticket);
        let plan = self.plan(meta, &mut draft).await?;
        Ok(Passage {
            jira,
            ticket,
            item,
            intended: false,
            plan,
            images: draft.images,
            full_text: draft.full_text,
            estranged: None,
        })
    }

    /// Takes one ticket to its issue, from wherever it was left: not begun, perhaps created, or created. Its turn ends once nothing
    /// more is sent for it.
    pub(super) async fn export_ticket(
        &self,
        mut passage: Passage<'_>,
        turn: Turn,
        turns: &Turns,
    ) -> Result<(), Stop> {
        let (mut turn, mut order) = (Some(turn), None);
        self.recognise(&mut passage).await?;
        if passage.item.state != ItemState::Created {
            let (issue, adopted) = self.issue_of(&mut passage).await?;
            step("export.answered");
            let ends = turn.take_if(|_| passage.sends_no_more());
            let heirs = ends.as_ref().filter(|_| self.lanes == 1).map(|_| turns);
            let heir = self.keep_key(&mut passage, &issue, adopted, heirs).await?;
            step("export.key_kept");
            if let Some(turn) = ends {
                order = turns.in_order().await;
                turn.end(heir);
            }
        }
        if passage.full_text.is_none() && passage.is_cut() {
            passage.full_text = Some(full_text(passage.ticket));
        }
        let files = self.send_files(&passage).await?;
        let late = self.send_sprint(&mut passage).await?;
        step("export.sprint_sent");
        if let Some(turn) = turn {
            order = turns.in_order().await;
            turn.end(None);
        }
        self.finish(passage, late, &files).await?;
        drop(order);
        step("export.ticket_done");
        Ok(())
    }

    /// Looks at an issue that an earlier worker, or an earlier export, has made.
    async fn recognise(&self, passage: &mut Passage<'_>) -> Result<(), Stop> {
        let item = &passage.item;
        if item.state != ItemState::Created {
            return Ok(());
        }
        if item.high_key.is_none() {
            // This export has not sent a create for it.
            return self.take_over(passage).await;
        }
        let mut strange = self
            .estranged(passage.jira, std::slice::from_ref(item))
            .await?;
        let why = strange.remove(&item.ticket_id);
        passage.estranged = why.map(|why| why.to_string());
        Ok(())
    }

    /// What to send, made now from the ticket's latest text.
    async fn plan(&self, meta: &ProjectMeta, draft: &mut IssueDraft) -> Result<IssuePlan, Stop> {
        let input = &draft.input;
        let asked = self
            .ask("plan an issue", || async {
                match meta.plan(input).await {
                    Ok(plan) => Ok(Ok(plan)),
                    Err(PlanError::Stop(stop)) => Ok(Err(stop)),
                    Err(PlanError::Call(error)) => Err(error),
                }
            })
            .await?;
        let mut plan = asked?;
        plan.unsent.extend(draft.cut.take());
        Ok(plan)
    }

    /// Records the key at once, before anything else, with what the issue had to do without, and with the intent of the ticket that is
    /// sent next, where one of these turns follows at once.
    async fn keep_key(
        &self,
        passage: &mut Passage<'_>,
        issue: &IssueRef,
        adopted: bool,
        turns: Option<&Turns>,
    ) -> Result<Option<Heir>, Stop> {
        let number = issue_number(&self.project, &issue.key);
        self.traffic.saw_key(number.unwrap_or_default());
        self.is_sure_of(passage.item.ticket_id);
        let unsent: Vec<Unsent> = match adopted {
            // Made by an earlier worker, which wrote down what it left out.
            true => passage.noted(),
            false => passage.plan.unsent.clone(),
        };
        let url = passage.jira.browse_url(&issue.key).to_string();
        let item = &mut passage.item;
        item.state = ItemState::Created;
        item.jira_key = Some(issue.key.clone());
        item.jira_id = Some(issue.id.clone());
        item.jira_url = Some(url);
        item.adopted = adopted;
        let item = item.clone();
        let (fixes, details) = self.fixes(passage, unsent);
        let more = count(&fixes);
        let alter = |next: &mut export::Model| {
            next.manual_fixes += more;
            next.orphaned_keys.0.retain(|key| *key != issue.key);
        };
        let change = Change {
            item: Some(item),
            fixes,
            ..Change::default()
        };
        if let Some(mut heir) = turns.and_then(|turns| self.heir(passage.jira, turns)) {
            let both = Change {
                intent: Some(heir.intent.clone()),
                ..change.clone()
            };
            // The look takes no longer than the write, and an heir that was changed takes its intent back.
            let recorded = self.record(&alter, both, details.clone());
            let (recorded, is_ready) = tokio::join!(recorded, self.is_ready(&heir.ticket));
            if recorded.is_ok() {
                heir.is_ready = is_ready;
                return Ok(Some(heir));
            }
        }
        self.record_for_sure(alter, change, details, &issue.key)
            .await?;
        Ok(None)
    }

    /// Records that the ticket is done, with the event that tells so.
    async fn finish(
        &self,
        mut passage: Passage<'_>,
        late: Option<Unsent>,
        files: &[export_attachment::Model],
    ) -> Result<(), Stop> {
        let now = self.app.clock.now();
        passage.item.state = ItemState::Exported;
        passage.item.export_time = Some(now);
        let item = passage.item.clone();
        let (fixes, mut details) = self.fixes(&passage, late.into_iter().collect());
        let (key, url) = (
            item.jira_key.clone().unwrap_or_default(),
            item.jira_url.clone().unwrap_or_default(),
        );
        details.push(EventDetail::TicketExported {
            ticket_id: item.ticket_id,
            order: passage.ticket.session_order.unwrap_or_default(),
            jira_key: key.clone(),
            jira_url: url.clone(),
            adopted: item.adopted,
        });
        let entry = Entry::event(
            item.ticket_id,
            HistoryEventType::Exported,
            self.claimed.started_by.clone(),
            None,
            json!({ "session_id": self.claimed.session_id, "task_id": self.claimed.id, "jira_key": key, "jira_url": url }),
            now,
        );
        let more = count(&fixes);
        let position = item.position;
        // All before it have arrived or are on their way: one of those may be recorded before this one, and is not the next any more.
        let furthest = self.traffic.furthest();
        let upcoming = self
            .app
            .next_ticket(self.claimed.id, Some(furthest))
            .await?;
        let alter = |next: &mut export::Model| {
            next.tickets_completed += 1;
            next.manual_fixes += more;
            // With the event, which is to name those that are on the way yet, or the one that is next.
            self.traffic.arrive(position);
            self.traffic.expect(furthest, upcoming);
        };
        let result = self.outcome(&passage, &key, &url, files, now)?;
        let change = Change {
            exported: Some(session_ticket::Exported {
                id: item.ticket_id,
                key,
                url,
                result,
            }),
            item: Some(item),
            fixes,
            entry: Some(entry),
            ..Change::default()
        };
        self.record(alter, change, details).await
    }

    /// What the ticket tells of its issue.
    fn outcome(
        &self,
        passage: &Passage<'_>,
        key: &str,
        url: &str,
        files: &[export_attachment::Model],
        now: Time,
    ) -> Result<IntegrationResult, Stop> {
        let integration = self.integration_id;
        let integration = integration.ok_or_else(|| Error::internal("no integration was read"))?;
        let id = passage.item.jira_id.as_deref().unwrap_or_default();
        let api_url = passage.jira.issue_url(id);
        let title = || passage.ticket.title.0.clone();
        let issue = MadeOf {
            key,
            id,
            url,
            api_url: api_url.as_str(),
            project_key: &self.project,
            issue_type: &passage.plan.issue_type,
            // As it was sent: the ticket may have been edited since.
            summary: &Snapshot::summary(passage.item.exported.as_ref()).unwrap_or_else(title),
        };
        Ok(result(integration, &issue, files, now))
    }

    /// A manual fix, and the event that tells of it, for each value that the issue does not have.
    pub(super) fn fixes(
        &self,
        passage: &Passage<'_>,
        unsent: Vec<Unsent>,
    ) -> (Vec<export_fix::Model>, Vec<EventDetail>) {
        let now = self.app.clock.now();
        let row = |unsent: Unsent| export_fix::Model {
            id: FixId::at(now),
            export_id: self.claimed.id,
            ticket_id: passage.ticket.id,
            jira_key: passage.item.jira_key.clone(),
            fix_type: unsent.fix_type,
            field: unsent.field,
            wanted: unsent.wanted,
            sent: Some(unsent.sent).filter(|sent| !sent.is_empty()),
            reason: unsent.reason,
            recommended_action: unsent.recommended_action,
            applied: false,
            create_time: now,
        };
        let rows: Vec<_> = unsent.into_iter().map(row).collect();
        let details = rows.iter().map(|row| passage.told(row)).collect();
        (rows, details)
    }
}

pub(super) fn count(fixes: &[export_fix::Model]) -> i32 {
    i32::try_from(fixes.len()).unwrap_or(i32::MAX)
}
