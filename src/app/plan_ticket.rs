//! What an export would do with each ticket of a plan: the same draft and the same plan of an issue as the export itself makes,
//! and what follows from the rights and settings that it would meet afterwards.

use std::collections::HashMap;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    App, export_plan::PlanItem, issue_draft::IssueDraft, jira_calls::failed, losses,
    plan_site::PlanSite,
};
use crate::{
    connectors::jira::{IssuePlan, PlanError, Unsent, is_jira_field},
    db::{attachment, dependency, integration, session, ticket},
    domain::{
        export::{ErrorCategory, ManualFixType},
        ids::TicketId,
        problem::Problem,
    },
    error::{Error, Reason, Result},
};

/// Plans the tickets of one session, one after the other, and keeps the digest of everything.
pub(super) struct TicketPlanner<'a> {
    app: &'a App,
    project: &'a str,
    site: &'a PlanSite<'a>,
    /// For how many others each ticket waits.
    waiting: HashMap<TicketId, usize>,
    digest: Sha256,
    requests: u64,
    /// Whether there is a file, so that the site is asked what it takes.
    asks_rules: bool,
}

/// A ticket with what it would need of Jira.
struct Subject<'a> {
    ticket: &'a ticket::Model,
    draft: IssueDraft,
    files: Vec<&'a attachment::Model>,
}

impl<'a> TicketPlanner<'a> {
    pub(super) fn new(
        app: &'a App,
        session: &'a session::Model,
        integration: &integration::Model,
        site: &'a PlanSite<'a>,
        edges: &[dependency::Model],
    ) -> Self {
        let mut digest = Sha256::new();
        let links: Vec<_> = edges
            .iter()
            .map(|edge| (edge.ticket_id, edge.depends_on_id))
            .collect();
        let project = site.meta.as_ref().map(|meta| meta.project().id.as_str());
        let head = json!([
            "docket plan 1",
            session.id,
            session.jira_project_key,
            integration.id,
            integration.config,
            project,
            links,
            site.link_type.as_ref().map(|kind| &kind.name),
        ]);
        digest.update(head.to_string());
        let mut waiting = HashMap::new();
        for edge in edges {
            *waiting.entry(edge.ticket_id).or_default() += 1;
        }
        Self {
            app,
            project: &session.jira_project_key,
            site,
            waiting,
            digest,
            requests: match site.link_type {
                Some(_) => edges.len() as u64,
                None => 0,
            },
            asks_rules: false,
        }
    }

    /// Plans these tickets; `keys` are those of the issues that exist.
    pub(super) async fn plan(
        &mut self,
        rows: Vec<ticket::Model>,
        mut keys: HashMap<TicketId, String>,
    ) -> Result<Vec<PlanItem>> {
        let files = attachment::of_tickets(self.app.db.read(), rows.iter().map(|row| row.id));
        let files = files.await?;
        let mut by_ticket: HashMap<TicketId, Vec<&attachment::Model>> = HashMap::new();
        for file in &files {
            by_ticket.entry(file.ticket_id).or_default().push(file);
        }
        let (rows, drafts) = drafts(rows).await?;
        let mut items = Vec::with_capacity(rows.len());
        for (ticket, draft) in rows.iter().zip(drafts) {
            let subject = Subject {
                ticket,
                draft,
                files: by_ticket.remove(&ticket.id).unwrap_or_default(),
            };
            let item = match keys.remove(&ticket.id) {
                Some(key) => self.adopted(&subject, key),
                None => self.created(&subject).await?,
            };
            self.digest_item(&item);
            items.push(item);
        }
        Ok(items)
    }

    /// How many requests an export would send.
    pub(super) fn requests(&self) -> u64 {
        // Finding the newest issue is one more.
        self.requests + self.site.shared_requests() + 1
    }

    /// The digest of everything that was planned.
    pub(super) fn hash(self) -> String {
        let digest = self.digest.finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn adopted(&mut self, subject: &Subject<'_>, key: String) -> PlanItem {
        PlanItem {
            jira_key: Some(key),
            ..blank(subject)
        }
    }

    async fn created(&mut self, subject: &Subject<'_>) -> Result<PlanItem> {
        let mut item = blank(subject);
        item.losses = losses::by_kind(&subject.draft.losses);
        let Some(meta) = &self.site.meta else {
            return Ok(item);
        };
        let planned = self
            .app
            .ask_jira(|| async {
                match meta.plan(&subject.draft.input).await {
                    Ok(plan) => Ok(Ok(plan)),
                    Err(PlanError::Stop(stop)) => Ok(Err(stop)),
                    Err(PlanError::Call(error)) => Err(error),
                }
            })
            .await;
        match planned.map_err(|error| failed(&error, self.project))? {
            Err(stop) => item.problems.push(Problem {
                field: "issue_type".to_owned(),
                ..stop.problem()
            }),
            Ok(plan) => self.predict(subject, plan, &mut item).await?,
        }
        Ok(item)
    }

    /// What a create with this plan, and what comes after it, would meet.
    async fn predict(
        &mut self,
        subject: &Subject<'_>,
        plan: IssuePlan,
        item: &mut PlanItem,
    ) -> Result<()> {
        self.digest
            .update(json!([plan.fields, plan.sprint.as_ref().map(|it| it.id)]).to_string());
        self.requests += 1;
        item.problems
            .extend(missing(&plan, self.site.settings.unassigned_issues_allowed));
        item.fallbacks = plan.unsent;
        item.fallbacks.extend(subject.draft.cut.clone());
        if let Some(sprint) = &plan.sprint {
            self.requests += 1;
            if !(self.site.may("SCHEDULE_ISSUES") && self.site.may("EDIT_ISSUES")) {
                item.fallbacks.push(unscheduled(&sprint.name));
            }
        }
        item.fallbacks.extend(self.files(subject).await?);
        let links = self.waiting.get(&subject.ticket.id).copied();
        let unlinked = self.unlinked();
        let unlinked = (0..links.unwrap_or_default()).filter_map(|_| unlinked.clone());
        item.fallbacks.extend(unlinked);
        Ok(())
    }

    /// The files that would not arrive.
    async fn files(&mut self, subject: &Subject<'_>) -> Result<Vec<Unsent>> {
        let names: Vec<_> = subject
            .files
            .iter()
            .map(|file| (file.id, &file.sha256))
            .collect();
        self.digest.update(json!(names).to_string());
        let made = subject.draft.made_files();
        let report = self.site.files.check(&subject.files, &made).await?;
        if report.total > 0 {
            // What the issue has is read, the site's rules once a run, and each file that fits is sent.
            self.requests += 1 + u64::from(!self.asks_rules);
            self.requests += (report.total - report.problems.len()) as u64;
            self.asks_rules = true;
        }
        let refused = report.problems.into_iter().map(|problem| Unsent {
            wanted: problem.field.clone(),
            field: problem.field,
            fix_type: ManualFixType::AttachmentFailed,
            sent: String::new(),
            reason: problem.message,
            recommended_action: problem.recommended_action,
        });
        Ok(refused.collect())
    }

    /// What would become of the links of a ticket that waits for others.
    fn unlinked(&self) -> Option<Unsent> {
        let reason = match &self.site.link_type {
            None => "This Jira site has no type of link that tells of a dependency.".to_owned(),
            Some(_) if !self.site.may("LINK_ISSUES") => {
                "docket's Jira account may not link issues.".to_owned()
            }
            Some(kind) if !kind.blocks() => {
                format!(
                    "This Jira site has no link type “Blocks”; “{}” is used instead.",
                    kind.name
                )
            }
            Some(_) => return None,
        };
        let nearest = self
            .site
            .link_type
            .as_ref()
            .filter(|_| self.site.may("LINK_ISSUES"));
        Some(Unsent {
            field: "depends_on".to_owned(),
            fix_type: ManualFixType::LinkFailed,
            wanted: "Blocks".to_owned(),
            sent: nearest.map(|kind| kind.name.clone()).unwrap_or_default(),
            reason,
            recommended_action:
                "Ask a Jira administrator to let docket link issues with the type “Blocks”."
                    .to_owned(),
        })
    }

    fn digest_item(&mut self, item: &PlanItem) {
        let problems: Vec<_> = item
            .problems
            .iter()
            .map(|it| (it.reason, &it.field, &it.message))
            .collect();
        let told = json!([
            item.ticket_id,
            item.order,
            item.jira_key,
            item.fallbacks,
            problems
        ]);
        self.digest.update(told.to_string());
    }
}

/// The drafts of these tickets, made aside: long enough a work to keep others from theirs.
async fn drafts(rows: Vec<ticket::Model>) -> Result<(Vec<ticket::Model>, Vec<IssueDraft>)> {
    let made = tokio::task::spawn_blocking(move || {
        let drafts = rows.iter().map(IssueDraft::of).collect();
        (rows, drafts)
    });
    made.await.map_err(Error::internal)
}

fn blank(subject: &Subject<'_>) -> PlanItem {
    PlanItem {
        ticket_id: subject.ticket.id,
        order: subject.ticket.session_order.unwrap_or_default(),
        title: subject.ticket.title.0.clone(),
        jira_key: None,
        fallbacks: Vec::new(),
        problems: Vec::new(),
        losses: Vec::new(),
    }
}

/// What to do about a field that the project demands.
fn give(id: &str) -> String {
    if !is_jira_field(id) {
        let advice = "Have the field made optional in Jira, or replace the ticket by one that has it, with DeleteTicket and \
                      AddSessionTickets.";
        return advice.to_owned();
    }
    format!(
        "Give the ticket a value for {id} in `custom_fields` with UpdateTicket, or have the field made optional in Jira."
    )
}

/// A finding for each field that the project demands and the create would not send.
fn missing(plan: &IssuePlan, unassigned_allowed: bool) -> Vec<Problem> {
    let mut missing = plan.missing.clone();
    if !unassigned_allowed && !plan.fields.contains_key("assignee") {
        missing.push(("assignee".to_owned(), "Assignee".to_owned()));
    }
    let finding = |(id, name): (String, String)| Problem {
        reason: Reason::JiraRequiredFieldMissing,
        category: ErrorCategory::UserFixable,
        message: format!(
            "Jira demands “{name}” ({id}) of every {}, and the ticket has no value for it.",
            plan.issue_type
        ),
        recommended_action: give(&id),
        field: id,
    };
    missing.into_iter().map(finding).collect()
}

fn unscheduled(sprint: &str) -> Unsent {
    Unsent {
        field: "sprint".to_owned(),
        fix_type: ManualFixType::SprintNotFound,
        wanted: sprint.to_owned(),
        sent: String::new(),
        reason: "docket's Jira account may not put issues into sprints.".to_owned(),
        recommended_action: format!(
            "Give docket's account that permission and call ApplyFixes after the export, or add the issue to the sprint “{sprint}” by hand."
        ),
    }
}
