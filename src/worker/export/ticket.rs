//! One ticket of a run, from its row to its issue.

use serde_json::json;

use super::{
    change::Change,
    run::{Run, Stop},
};
use crate::{
    app::{
        export_outcome::{MadeOf, result},
        issue_draft::{IssueDraft, full_text},
        snapshot::Snapshot,
        step::step,
    },
    connectors::jira::{
        IssuePlan, IssueRef, Jira, PlanError, ProjectMeta, Unsent, adf::InlineAttachment,
    },
    db::{
        export, export_attachment, export_fix, export_item, history::Entry, session_ticket, ticket,
    },
    domain::{
        export::{EventDetail, ItemState, ManualFixType, issue_number},
        history::HistoryEventType,
        ids::FixId,
        integration::IntegrationResult,
        time::Time,
    },
    error::Error,
};

/// A ticket with its item, on its way.
pub(super) struct Passage<'a> {
    pub(super) jira: &'a Jira,
    pub(super) ticket: &'a ticket::Model,
    pub(super) item: export_item::Model,
    pub(super) plan: IssuePlan,
    /// Images in the description, to be attached.
    pub(super) images: Vec<InlineAttachment>,
    /// The whole description, where it had to be cut.
    pub(super) full_text: Option<InlineAttachment>,
    /// Why nothing may be sent to the issue any more.
    pub(super) estranged: Option<String>,
}

impl Run {
    /// Takes one ticket to its issue, from wherever it was left: not begun, perhaps created, or created.
    pub(super) async fn export_ticket(
        &self,
        jira: &Jira,
        meta: &ProjectMeta,
        item: export_item::Model,
        ticket: &ticket::Model,
    ) -> Result<(), Stop> {
        let mut draft = IssueDraft::of(ticket);
        let plan = self.plan(meta, &mut draft).await?;
        let mut passage = Passage {
            jira,
            ticket,
            item,
            plan,
            images: draft.images,
            full_text: draft.full_text,
            estranged: None,
        };
        self.recognise(&mut passage).await?;
        if passage.item.state != ItemState::Created {
            let (issue, adopted) = self.issue_of(&mut passage).await?;
            step("export.answered");
            self.keep_key(&mut passage, &issue, adopted).await?;
            step("export.key_kept");
        }
        if passage.full_text.is_none() && passage.is_cut() {
            passage.full_text = Some(full_text(ticket));
        }
        let files = self.send_files(&passage).await?;
        let late = self.send_sprint(&mut passage).await?;
        step("export.sprint_sent");
        self.finish(passage, late, &files).await?;
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

    /// Records the key at once, before anything else, with what the issue had to do without.
    async fn keep_key(
        &self,
        passage: &mut Passage<'_>,
        issue: &IssueRef,
        adopted: bool,
    ) -> Result<(), Stop> {
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
        self.record_for_sure(alter, change, details, &issue.key)
            .await
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
        let alter = |next: &mut export::Model| {
            next.tickets_completed += 1;
            next.manual_fixes += more;
        };
        // Before the event, which is to name those that are on the way yet.
        self.traffic.arrive(item.position);
        self.expect_next(item.position).await?;
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

    /// Between two tickets the next one is told as the one that the run is at.
    async fn expect_next(&self, behind: i32) -> Result<(), Stop> {
        if self.traffic.is_empty() {
            let next = self.app.next_ticket(self.claimed.id, Some(behind)).await?;
            self.traffic.expect(next);
        }
        Ok(())
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

impl Passage<'_> {
    /// What the issue has to do without, as it was written down before the create.
    pub(super) fn noted(&self) -> Vec<Unsent> {
        serde_json::from_value(self.item.fallbacks.clone()).unwrap_or_default()
    }

    /// The event that tells of a manual fix.
    pub(super) fn told(&self, fix: &export_fix::Model) -> EventDetail {
        let (url, title) = (self.item.jira_url.clone(), self.ticket.title.0.clone());
        EventDetail::FieldFallback {
            ticket_id: fix.ticket_id,
            field: fix.field.clone(),
            fix: Box::new(fix.told(url.unwrap_or_default(), title)),
        }
    }

    /// Whether Jira has less than the whole description, by this worker's doing or an earlier one's.
    fn is_cut(&self) -> bool {
        let cut = |unsent: &Unsent| unsent.fix_type == ManualFixType::DescriptionTruncated;
        self.plan.unsent.iter().any(cut) || self.noted().iter().any(cut)
    }
}

pub(super) fn count(fixes: &[export_fix::Model]) -> i32 {
    i32::try_from(fixes.len()).unwrap_or(i32::MAX)
}
