//! Sending a value again that an export had to drop or replace, unless somebody has settled it in Jira meanwhile.

use serde_json::Value;

use super::{
    fix_apply::{Fixer, refused},
    issue_draft::{IssueDraft, whole},
    jira_calls::{failed, unplanned},
    snapshot::{Resent, Sent, shortened},
};
use crate::{
    connectors::jira::{IssuePlan, adf, as_text},
    db::{export_fix, ticket},
    domain::export::ManualFixType,
    error::{Error, Result},
};

/// How much of a value an answer quotes, in code points.
const SHOWN: usize = 100;

impl Fixer<'_> {
    /// What the ticket wants by now where the fix is about one of its values, as far as that was looked at.
    pub(super) async fn wanted_now(&self, fix: &export_fix::Model) -> String {
        let wanted = match fix.fix_type {
            ManualFixType::LinkFailed | ManualFixType::AttachmentFailed => None,
            ManualFixType::DescriptionTruncated => {
                let row = self.ticket(fix).await.ok();
                row.map(|row| whole(&row))
            }
            _ => {
                let plan = self.plans.get(&fix.ticket_id);
                let plan = plan.and_then(|plan| plan.as_ref().ok());
                plan.and_then(|plan| plan.wanted(&fix.field).map(str::to_owned))
            }
        };
        wanted.unwrap_or_else(|| fix.wanted.clone())
    }

    /// Sends the ticket's value for the field that the fix is about. `None`: nothing stands in its place, and the ticket wants nothing
    /// there any more.
    pub(super) async fn field(
        &mut self,
        fix: &export_fix::Model,
        key: &str,
    ) -> Result<Option<Resent>> {
        let ticket = self.ticket(fix).await?;
        let plan = self.plan(fix, key).await?;
        // Of a value that Jira takes in part, the issue has that part already.
        let in_part = plan.unsent.iter().any(|lost| lost.field == fix.field);
        let Some((id, value)) = plan.value_of(&fix.field).filter(|_| !in_part) else {
            return why_not(fix, plan);
        };
        let (id, value) = (id.to_owned(), value.clone());
        let mut resent = Resent {
            sent: Sent::of(plan, &id, &value),
            by_docket: false,
            ids: Some(plan.ids.clone()),
            id,
            ticket,
        };
        if self.is_wanting(fix, key, &mut resent).await? {
            self.send(fix, key, &resent.id, &value).await?;
        }
        Ok(Some(resent))
    }

    /// The whole description fits once it is shorter. Until then it is a file, which has a fix of its own where Jira refused that.
    pub(super) async fn description(
        &mut self,
        fix: &export_fix::Model,
        key: &str,
    ) -> Result<Resent> {
        let row = self.ticket(fix).await?;
        let draft = IssueDraft::of(&row);
        if draft.cut.is_some() {
            let how = "the description is still longer than Jira takes; shorten it first";
            return Err(refused(fix, how));
        }
        let description = draft.input.description;
        let description = description.unwrap_or_else(|| adf::convert("").adf);
        let mut resent = Resent {
            id: "description".to_owned(),
            sent: Sent::description(&description),
            by_docket: false,
            ids: None,
            ticket: row,
        };
        if self.is_wanting(fix, key, &mut resent).await? {
            self.send(fix, key, &resent.id, &description).await?;
        }
        Ok(resent)
    }

    /// Puts the issue into the sprint that the ticket is meant for. `None`: it is meant for none any more.
    pub(super) async fn sprint(
        &mut self,
        fix: &export_fix::Model,
        key: &str,
    ) -> Result<Option<Resent>> {
        let ticket = self.ticket(fix).await?;
        let plan = self.plan(fix, key).await?;
        let Some(sprint) = &plan.sprint else {
            return why_not(fix, plan);
        };
        let mut resent = Resent {
            id: plan.ids.sprint.clone(),
            sent: Sent::sprint(sprint),
            by_docket: false,
            ids: Some(plan.ids.clone()),
            ticket,
        };
        let (sprint, keys) = (sprint.id, [key.to_owned()]);
        if self.is_wanting(fix, key, &mut resent).await? {
            let sent = self.app.ask_jira(|| self.jira.add_to_sprint(sprint, &keys));
            sent.await.map_err(|error| self.told(fix, &error))?;
        }
        Ok(Some(resent))
    }

    /// Whether the value is to be sent, and noted as docket's: not where somebody has put it there already, be it a call which did not
    /// live to record it. Refuses where somebody has changed the field otherwise since the issue was made: what they want stays.
    async fn is_wanting(
        &self,
        fix: &export_fix::Model,
        key: &str,
        wanted: &mut Resent,
    ) -> Result<bool> {
        let look = || self.jira.field_now(key, &wanted.id);
        let now = self.app.ask_jira(look).await;
        let now = now.map_err(|error| failed(&error, &self.export.jira_project_key))?;
        let there = match (&now.value, &now.reads) {
            (Some(value), _) => wanted.sent.is(value),
            // A field that is on no screen: its change log tells.
            (None, reads) => reads.as_deref() == Some(&wanted.sent.text.shown),
        };
        wanted.by_docket = !there;
        let who = match now.changed {
            _ if there => return Ok(false),
            None => return Ok(true),
            Some(who) => who,
        };
        let has = match now.value.as_ref().map(as_text) {
            None => String::new(),
            Some(text) if text.is_empty() => format!("; {key} has nothing there now"),
            Some(text) => format!("; {key} has “{}” there now", shortened(&text, SHOWN)),
        };
        Err(refused(
            fix,
            &format!(
                "nothing was sent, for {who}{has}. Where the wanted value is still to be there, put it there in Jira; ApplyFixes sees it then"
            ),
        ))
    }

    async fn send(
        &self,
        fix: &export_fix::Model,
        key: &str,
        field: &str,
        value: &Value,
    ) -> Result<()> {
        let sent = self.app.ask_jira(|| self.jira.set_field(key, field, value));
        sent.await.map_err(|error| self.told(fix, &error))
    }

    /// What the ticket's issue takes now, by its edit screen.
    async fn plan(&mut self, fix: &export_fix::Model, key: &str) -> Result<&IssuePlan> {
        if !self.plans.contains_key(&fix.ticket_id) {
            let planned = match self.ticket(fix).await {
                Ok(row) => self.planned(&row, key).await,
                Err(error) => Err(error),
            };
            self.plans.insert(fix.ticket_id, planned);
        }
        match self.plans.get(&fix.ticket_id) {
            Some(Ok(plan)) => Ok(plan),
            Some(Err(error)) => Err(error.clone()),
            None => Err(Error::internal("no plan was made")),
        }
    }

    async fn planned(&self, row: &ticket::Model, key: &str) -> Result<IssuePlan> {
        let project = &self.export.jira_project_key;
        let fields = self.app.ask_jira(|| self.jira.edit_fields(key)).await;
        let fields = fields.map_err(|error| failed(&error, project))?;
        let input = IssueDraft::of(row).input;
        let plan = self.meta.plan_edit(&input, &fields).await;
        plan.map_err(|error| unplanned(error, project))
    }
}

/// Why the ticket's value for a field cannot be sent. `None`: it has none any more, and nothing was sent in its place.
fn why_not<T>(fix: &export_fix::Model, plan: &IssuePlan) -> Result<Option<T>> {
    let unsent = plan.unsent.iter().find(|unsent| unsent.field == fix.field);
    match unsent {
        Some(unsent) => Err(refused(fix, &unsent.reason)),
        None if fix.sent.is_none() => Ok(None),
        None => Err(refused(fix, "the ticket has no value for it any more")),
    }
}
