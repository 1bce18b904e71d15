//! From a ticket to the fields of an issue: only what the create screen takes, and a note of everything that it does not.

mod custom;
mod loss;
mod misnamed;
mod offer;
mod surroundings;

pub use custom::is_jira_field;
pub use loss::Unsent;
use loss::{loss, off_screen, refused, unassigned};
pub use surroundings::FieldIds;
pub(super) use surroundings::Surroundings;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{CreateField, Rejection, Sprint, priority};
use crate::domain::{export::ManualFixType, ticket::TicketPriority};

/// Jira's limit for a summary, in code points.
const SUMMARY_MAX: usize = 255;

/// What of a ticket goes into an issue.
#[derive(Clone, Debug, PartialEq)]
pub struct IssueInput {
    /// The title.
    pub summary: String,
    /// The description as an ADF document, within Jira's limit.
    pub description: Option<Value>,
    /// The issue type's name.
    pub issue_type: String,
    /// How urgent it is.
    pub priority: TicketPriority,
    /// Labels without blanks.
    pub labels: Vec<String>,
    /// The sprint's name or number.
    pub sprint: Option<String>,
    /// The estimate.
    pub story_points: Option<f64>,
    /// The e-mail address, account id or display name of the wished assignee.
    pub assignee: Option<String>,
    /// What the ticket keeps beside docket's own fields; the names of Jira's fields among them are meant for Jira.
    pub custom: Map<String, Value>,
}

/// What a create would send. Give way to refusals with [`IssuePlan::give_way`].
#[derive(Clone, Debug, PartialEq)]
pub struct IssuePlan {
    /// The create's `fields`.
    pub fields: Map<String, Value>,
    /// The issue type's name in Jira.
    pub issue_type: String,
    /// The sprint to move the issue into after the create.
    pub sprint: Option<Sprint>,
    /// What could not be carried.
    pub unsent: Vec<Unsent>,
    /// Ids and names of fields that the project demands, has no default for, and docket does not send: the create will be refused.
    pub missing: Vec<(String, String)>,
    /// How the values that are sent read, where that differs from the values themselves.
    pub shown: BTreeMap<String, String>,
    /// Ids that differ by site.
    pub ids: FieldIds,
    /// Fields that may be dropped when Jira refuses them: their ids and what is lost with them.
    soft: Vec<(String, Unsent)>,
}

impl IssuePlan {
    pub(super) fn build(input: &IssueInput, around: &Surroundings<'_>) -> Self {
        let mut plan = Self {
            fields: Map::new(),
            issue_type: around.issue_type.name.clone(),
            sprint: None,
            unsent: Vec::new(),
            missing: Vec::new(),
            shown: BTreeMap::new(),
            ids: around.ids(),
            soft: Vec::new(),
        };
        // Jira takes these three whatever its create screen lists.
        plan.put("project", json!({ "key": around.project.key }));
        plan.put("issuetype", json!({ "id": around.issue_type.id }));
        plan.put("summary", one_line(&input.summary, SUMMARY_MAX).into());
        plan.add_description(input, around);
        plan.add_priority(input, around);
        plan.add_labels(input, around);
        plan.add_assignee(input, around);
        plan.add_story_points(input, around);
        plan.add_sprint(input, around);
        plan.add_custom(&input.custom, around);
        plan.missing = around.demanded(&plan.fields);
        plan
    }

    /// Drops every field that the refusal names, and tells what is lost. Empty when one of them cannot be spared, or when the
    /// refusal names none that was sent: then the run has to stop. Each round drops at least one field, so that rounds end.
    pub fn give_way(&mut self, rejection: &Rejection) -> Vec<Unsent> {
        let spare = |id: &String| self.soft.iter().any(|(soft, _)| soft == id);
        if rejection.status != 400 || !rejection.fields.keys().all(spare) {
            return Vec::new();
        }
        let (named, kept) = std::mem::take(&mut self.soft)
            .into_iter()
            .partition::<Vec<_>, _>(|(id, _)| rejection.fields.contains_key(id));
        self.soft = kept;
        let lost = named.into_iter().map(|(id, unsent)| {
            self.fields.remove(&id);
            let said = rejection.fields.get(&id).map_or("", String::as_str);
            refused(unsent, format!("Jira refused it: {said}"))
        });
        let lost: Vec<_> = lost.collect();
        // Of a value that was sent in part, nothing is left now.
        self.unsent
            .retain(|known| lost.iter().all(|it| it.field != known.field));
        self.unsent.extend(lost.iter().cloned());
        lost
    }

    /// The id and the value under which one of the ticket's fields is sent, by the name that [`Unsent::field`] has for it.
    pub fn value_of(&self, field: &str) -> Option<(&str, &Value)> {
        let soft = self.soft.iter().find(|(_, lost)| lost.field == field);
        let id = soft.map(|(id, _)| id.as_str());
        let id = id.or((field == "description").then_some("description"))?;
        Some((id, self.fields.get(id)?))
    }

    /// What the ticket wants in one of its fields, in words, by the name that [`Unsent::field`] has for it.
    pub fn wanted(&self, field: &str) -> Option<&str> {
        let soft = self.soft.iter().map(|(_, lost)| lost);
        let mut all = self.unsent.iter().chain(soft);
        let wanted = all.find(|it| it.field == field);
        let sprint = self.sprint.as_ref().filter(|_| field == "sprint");
        let wanted = wanted.map(|it| it.wanted.as_str());
        wanted.or(sprint.map(|sprint| sprint.name.as_str()))
    }

    fn put(&mut self, id: &str, value: Value) {
        self.fields.insert(id.to_owned(), value);
    }

    /// Notes how a value reads.
    fn show(&mut self, id: &str, text: Option<String>) {
        self.shown.extend(text.map(|text| (id.to_owned(), text)));
    }

    /// Puts a value that the issue can do without.
    fn put_soft(&mut self, id: &str, value: Value, loss: Unsent) {
        self.put(id, value);
        self.soft.push((id.to_owned(), loss));
    }

    fn add_description(&mut self, input: &IssueInput, around: &Surroundings<'_>) {
        let Some(adf) = &input.description else {
            return;
        };
        if around.field("description").is_some() {
            self.put("description", adf.clone());
            return;
        }
        self.unsent.push(loss(
            "description",
            ManualFixType::FieldRejected,
            "the whole description",
            off_screen(around, "description"),
        ));
    }

    fn add_priority(&mut self, input: &IssueInput, around: &Surroundings<'_>) {
        let wanted = priority::name(input.priority);
        let fix = ManualFixType::PriorityUnavailable;
        let Some(field) = around.field("priority") else {
            let reason = off_screen(around, "priority");
            self.unsent.push(loss("priority", fix, wanted, reason));
            return;
        };
        match priority::pick(input.priority, &field.allowed_values) {
            Some(value) => {
                self.show("priority", priority_name(field, &value));
                self.put_soft(
                    "priority",
                    value,
                    loss("priority", fix, wanted, String::new()),
                );
            }
            None => {
                let reason = format!(
                    "The project {} offers no such priority.",
                    around.project.key
                );
                self.unsent.push(loss("priority", fix, wanted, reason));
            }
        }
    }

    fn add_labels(&mut self, input: &IssueInput, around: &Surroundings<'_>) {
        if input.labels.is_empty() {
            return;
        }
        let wanted = input.labels.join(", ");
        let fix = ManualFixType::FieldRejected;
        if around.field("labels").is_some() {
            let lost = loss("labels", fix, &wanted, String::new());
            self.put_soft("labels", json!(input.labels), lost);
        } else {
            self.unsent
                .push(loss("labels", fix, &wanted, off_screen(around, "labels")));
        }
    }

    fn add_assignee(&mut self, input: &IssueInput, around: &Surroundings<'_>) {
        let wanted = input.assignee.as_deref().unwrap_or_default().trim();
        if wanted.is_empty() {
            return;
        }
        let fix = ManualFixType::AssigneeInvalid;
        if around.field("assignee").is_none() {
            let reason = off_screen(around, "assignee");
            self.unsent.push(loss("assignee", fix, wanted, reason));
            return;
        }
        let why = around.assignee.why_not(&around.project.key);
        let lost = loss("assignee", fix, wanted, why.unwrap_or_default());
        match around.assignee.account() {
            Some(account) => {
                self.show("assignee", Some(account.display_name.clone()));
                self.put_soft("assignee", account.as_value(), lost);
            }
            None => self.unsent.push(unassigned(lost, around.assignee)),
        }
    }

    fn add_story_points(&mut self, input: &IssueInput, around: &Surroundings<'_>) {
        let Some(points) = input.story_points else {
            return;
        };
        let fix = ManualFixType::FieldRejected;
        let lost = |reason| loss("story_points", fix, &points.to_string(), reason);
        match around.story_points() {
            Some(field) => self.put_soft(&field.field_id, json!(points), lost(String::new())),
            None => self.unsent.push(lost(off_screen(around, "story points"))),
        }
    }

    fn add_sprint(&mut self, input: &IssueInput, around: &Surroundings<'_>) {
        let wanted = input.sprint.as_deref().unwrap_or_default().trim();
        if wanted.is_empty() {
            return;
        }
        let sprints = &around.agile.sprints;
        let named = sprints.iter().find(|sprint| sprint.is_named(wanted));
        self.sprint = named
            .or_else(|| sprints.iter().find(|sprint| sprint.is_called(wanted)))
            .cloned();
        if self.sprint.is_none() {
            let names: Vec<_> = sprints.iter().map(|s| s.name.as_str()).collect();
            let open = if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            };
            let project = &around.project.key;
            let reason = match around.agile.withheld {
                true => format!(
                    "docket's Jira account may not look at every board of the project {project}, and sees no active or future sprint of this name; it sees: {open}."
                ),
                false => format!(
                    "The boards of the project {project} have no active or future sprint of this name; they have: {open}."
                ),
            };
            self.unsent.push(loss(
                "sprint",
                ManualFixType::SprintNotFound,
                wanted,
                reason,
            ));
        }
    }
}

/// What people call the priority that is sent.
fn priority_name(field: &CreateField, sent: &Value) -> Option<String> {
    let mut offered = field.allowed_values.iter();
    let found = offered.find(|offer| offer["id"] == sent["id"])?;
    found["name"].as_str().map(str::to_owned)
}

/// The text in one line, cut to `max` code points.
fn one_line(text: &str, max: usize) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= max {
        return line;
    }
    line.chars().take(max - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests;
