//! Finding an issue whose key was never recorded: reading the keys that may have been given out, and looking for docket's mark.
//!
//! No search index is involved, because an index lags. Keys have gaps, and other people create issues at the same time, so the
//! mark decides and never the position.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{CallError, IssueRef, Jira, Mark, PROPERTY, Trouble};
use crate::domain::export::issue_number;

/// The most keys that one bulk fetch takes.
const WINDOW: i64 = 100;
/// The most windows that one probe reads: 5,000 keys.
const MAX_WINDOWS: i64 = 50;
/// The most distinct texts in one bulk fetch's error list that are looked into.
const MAX_KINDS: usize = 5;

/// An issue that was fetched by key.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundIssue {
    /// Its key now; not the asked one when it was moved.
    pub key: String,
    /// Its number on the site.
    pub id: String,
    /// The property that was asked for, if it has it.
    pub property: Option<Value>,
}

/// What a probe saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// The issue exists.
    Found(IssueRef),
    /// No key that could have been given out by now bears the mark. A create that is still under way may yet make one.
    Absent {
        /// The number of the last key that was looked at.
        searched_to: i64,
    },
    /// The bound was hit with more keys to look at: nothing is known.
    Unfinished {
        /// The number of the last key that was looked at.
        searched_to: i64,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BulkBody {
    #[serde(default)]
    issues: Vec<BulkIssue>,
    #[serde(default)]
    issue_errors: Vec<BulkError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BulkError {
    id: String,
    #[serde(default)]
    error_message: String,
}

#[derive(Deserialize)]
struct BulkIssue {
    id: String,
    key: String,
    #[serde(default)]
    properties: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
struct SearchBody {
    #[serde(default)]
    issues: Vec<KeyedIssue>,
}

#[derive(Deserialize)]
struct KeyedIssue {
    key: String,
}

impl Jira {
    /// The issues behind these keys (at most 100) that exist and that docket may see, with one entity property of each.
    pub async fn issues_by_key(
        &self,
        keys: &[String],
        property: &str,
    ) -> Result<Vec<FoundIssue>, CallError> {
        let body = json!({
            "issueIdsOrKeys": keys,
            "fields": ["summary"],
            "properties": [property],
        });
        let path = ["rest", "api", "3", "issue", "bulkfetch"];
        let body: BulkBody = self.call(Method::POST, &path, &[], Some(&body)).await?;
        self.check_missing(&body.issue_errors).await?;
        let found = body.issues.into_iter().map(|mut issue| FoundIssue {
            property: issue.properties.remove(property),
            key: issue.key,
            id: issue.id,
        });
        Ok(found.collect())
    }

    /// Makes sure that the issues in a bulk fetch's error list do not exist.
    ///
    /// By Jira's document the list names issues that could not be read for now, and never missing ones; should a site list missing
    /// ones all the same, taking them for unreadable would end every probe without a result. So one of each distinct text is read
    /// alone: what answers 404 is missing, and so is all that was told in the same words.
    pub(super) async fn check_missing(&self, errors: &[BulkError]) -> Result<(), CallError> {
        let kinds: BTreeMap<_, _> = errors
            .iter()
            .map(|error| (error.error_message.replace(&error.id, ""), &error.id))
            .collect();
        if kinds.len() > MAX_KINDS {
            return Err(Trouble::Unreadable.into());
        }
        for id in kinds.values() {
            let path = ["rest", "api", "3", "issue", id];
            match self.get::<Value>(&path, &[("fields", "summary")]).await {
                Err(CallError::Rejected(rejection)) if rejection.status == 404 => {}
                Ok(_) => return Err(Trouble::Unreadable.into()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The highest number among a project's keys that the search shows: a lower bound only, for the index lags.
    /// `None` when the search shows no issue.
    pub async fn newest_key(&self, project: &str) -> Result<Option<i64>, CallError> {
        let body = json!({
            "jql": format!("project = \"{}\" ORDER BY key DESC", project.replace(['"', '\\'], "")),
            "fields": ["summary"],
            "maxResults": 1,
        });
        let path = ["rest", "api", "3", "search", "jql"];
        let body: SearchBody = self.call(Method::POST, &path, &[], Some(&body)).await?;
        let numbers = body.issues.iter().map(|i| issue_number(project, &i.key));
        Ok(numbers.flatten().max())
    }

    /// Looks for the issue that bears this mark, among the keys after the number `after`.
    ///
    /// Reads on as long as there are issues: to the first window of 100 keys that holds none and that the search shows nothing
    /// beyond. An empty answer proves nothing of a create that Jira may still be carrying out: probe again after a while.
    pub async fn find_created<M: Mark>(
        &self,
        project: &str,
        after: i64,
        marker: &M,
    ) -> Result<Probe, CallError> {
        let mut searched_to = after.max(0);
        for _ in 0..MAX_WINDOWS {
            let (first, last) = (
                searched_to.saturating_add(1),
                searched_to.saturating_add(WINDOW),
            );
            let keys: Vec<_> = (first..=last).map(|n| format!("{project}-{n}")).collect();
            let issues = self.issues_by_key(&keys, PROPERTY).await?;
            if let Some(found) = marked(&issues, marker) {
                return Ok(Probe::Found(found));
            }
            searched_to = last;
            if issues.is_empty() && self.newest_key(project).await?.is_none_or(|n| n <= last) {
                return Ok(Probe::Absent { searched_to });
            }
        }
        Ok(Probe::Unfinished { searched_to })
    }
}

/// The issue that bears the mark; the oldest, should there be several.
fn marked<M: Mark>(issues: &[FoundIssue], marker: &M) -> Option<IssueRef> {
    let bears = |issue: &&FoundIssue| {
        let value = issue.property.clone().unwrap_or_default();
        serde_json::from_value::<M>(value).is_ok_and(|other| other.is_same(marker))
    };
    let oldest = issues
        .iter()
        .filter(bears)
        .min_by_key(|issue| (issue.id.len(), issue.id.as_str()))?;
    Some(IssueRef {
        id: oldest.id.clone(),
        key: oldest.key.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        connectors::jira::Marker,
        domain::ids::{ExportId, TicketId},
    };

    fn issue(id: &str, property: Value) -> FoundIssue {
        FoundIssue {
            key: format!("DEMO-{id}"),
            id: id.into(),
            property: Some(property),
        }
    }

    #[test]
    fn ticket_and_task_decide_and_neither_attempt_nor_position() {
        let now = chrono::DateTime::UNIX_EPOCH;
        let marker = |attempt| Marker {
            ticket: TicketId(uuid::Uuid::from_u128(1)),
            task: ExportId(uuid::Uuid::from_u128(2)),
            attempt,
        };
        let mut other_ticket = marker(1);
        other_ticket.ticket = TicketId::at(now);
        let mut other_task = marker(1);
        other_task.task = ExportId::at(now);
        let issues = [
            issue("8", json!("text")),
            issue("9", json!(other_ticket)),
            issue("10", json!(other_task)),
            issue("12", json!(marker(0))),
            issue("11", json!(marker(1))),
        ];
        assert_eq!(marked(&issues[..3], &marker(1)), None);
        assert_eq!(marked(&issues, &marker(2)).unwrap().id, "11");
    }

    #[test]
    fn a_mark_with_more_members_than_expected_is_still_read() {
        let marker = Marker {
            ticket: TicketId(uuid::Uuid::nil()),
            task: ExportId(uuid::Uuid::nil()),
            attempt: 0,
        };
        let mut value = json!(marker);
        value["later"] = json!("version");
        assert!(marked(&[issue("1", value)], &marker).is_some());
    }
}
