//! Creating an issue.

use reqwest::Method;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use super::{CreateOutcome, Jira, outcome};
use crate::domain::ids::{ExportId, TicketId};

/// The entity property that docket marks its issues with. It is stored atomically with the issue and needs no screen.
pub const PROPERTY: &str = "docket";

/// A value of [`PROPERTY`] by which an issue is found again.
pub trait Mark: Serialize + DeserializeOwned + Send + Sync {
    /// Whether both mean the same issue.
    fn is_same(&self, other: &Self) -> bool;
}

/// What an issue that an export made carries in [`PROPERTY`]: whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The ticket that the issue was made from.
    pub ticket: TicketId,
    /// The run that made it.
    pub task: ExportId,
    /// The run's attempt, from 0.
    pub attempt: i32,
}

impl Mark for Marker {
    /// Whether both mean the same ticket of the same run, whichever attempt made the issue.
    fn is_same(&self, other: &Self) -> bool {
        self.ticket == other.ticket && self.task == other.task
    }
}

/// An issue to create.
#[derive(Clone, Debug, PartialEq)]
pub struct NewIssue<M = Marker> {
    /// Values by the field's id, in the form that Jira's `fields` takes.
    pub fields: Map<String, Value>,
    /// The mark to find the issue by.
    pub marker: M,
}

impl<M: Mark> NewIssue<M> {
    fn body(&self) -> Value {
        json!({
            "fields": self.fields,
            "properties": [{ "key": PROPERTY, "value": self.marker }],
        })
    }
}

impl Jira {
    /// Creates an issue: one request, sent at most once. Jira has no idempotency key, so every request that it takes makes an issue.
    pub async fn create_issue<M: Mark>(&self, issue: &NewIssue<M>) -> CreateOutcome {
        let path = ["rest", "api", "3", "issue"];
        let body = issue.body();
        let sent = self.send(Method::POST, &path, &[], Some(&body)).await;
        match outcome::of_create(sent, &self.shared.redactor) {
            CreateOutcome::Rejected(refused) if !self.is_cloud() => {
                CreateOutcome::Rejected(refused.of_data_center())
            }
            outcome => outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_travels_in_the_body_of_the_create() {
        let now = chrono::DateTime::UNIX_EPOCH;
        let marker = Marker {
            ticket: TicketId::at(now),
            task: ExportId::at(now),
            attempt: 2,
        };
        let mut fields = Map::new();
        fields.insert("summary".into(), "x".into());
        let body = NewIssue { fields, marker }.body();
        let value = json!({
            "ticket": marker.ticket.to_string(), "task": marker.task.to_string(), "attempt": 2,
        });
        assert_eq!(
            body,
            json!({
                "fields": { "summary": "x" },
                "properties": [{ "key": "docket", "value": value }],
            })
        );
    }
}
