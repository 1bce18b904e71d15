//! Finding an issue whose key was never recorded: reading the keys that may have been given out, and looking for docket's mark.
//!
//! Keys are read one window after the other, because a search index lags. What the search shows as newest is looked at as well, because
//! keys may have jumped by more than a window. Other people create issues at the same time, so the mark decides and never the position.

mod look;

use std::collections::BTreeMap;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use look::Look;
pub use look::MarkedIssue;

use super::{CallError, IssueRef, Jira, Mark, Marker, PROPERTY, Trouble};
use crate::domain::ids::ExportId;

/// The most issues that one search shows.
const NEWEST: i64 = look::WINDOW;
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

impl FoundIssue {
    /// The key of its project.
    pub(super) fn project(&self) -> Option<&str> {
        Some(self.key.rsplit_once('-')?.0)
    }

    /// The number in its key.
    fn number(&self) -> Option<i64> {
        self.key.rsplit_once('-')?.1.parse().ok()
    }
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
    issues: Vec<BulkIssue>,
}

impl BulkIssue {
    fn found(mut self, property: &str) -> FoundIssue {
        FoundIssue {
            property: self.properties.remove(property),
            key: self.key,
            id: self.id,
        }
    }
}

impl Jira {
    /// The issues behind these keys (at most 100) that exist and that docket may see, with one entity property of each.
    pub async fn issues_by_key(
        &self,
        keys: &[String],
        property: &str,
    ) -> Result<Vec<FoundIssue>, CallError> {
        if !self.is_cloud() {
            return self.issues_one_by_one(keys, property).await;
        }
        let body = json!({
            "issueIdsOrKeys": keys,
            "fields": ["summary"],
            "properties": [property],
        });
        let path = ["rest", "api", "3", "issue", "bulkfetch"];
        let body: BulkBody = self.call(Method::POST, &path, &[], Some(&body)).await?;
        self.check_missing(&body.issue_errors).await?;
        let found = body.issues.into_iter();
        Ok(found.map(|issue| issue.found(property)).collect())
    }

    /// As [`Jira::issues_by_key`], for a Jira that reads no more than one at once.
    async fn issues_one_by_one(
        &self,
        keys: &[String],
        property: &str,
    ) -> Result<Vec<FoundIssue>, CallError> {
        let mut found = Vec::new();
        for key in keys {
            let path = ["rest", "api", "3", "issue", key];
            let query = [("fields", "summary"), ("properties", property)];
            match self.get::<BulkIssue>(&path, &query).await {
                Ok(issue) => found.push(issue.found(property)),
                // Data Center hides by either status. What docket has made it may see.
                Err(CallError::Rejected(rejection)) if matches!(rejection.status, 403 | 404) => (),
                Err(error) => return Err(error),
            }
        }
        Ok(found)
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
        let jql = format!(
            "project = \"{}\" ORDER BY key DESC",
            project.replace(['"', '\\'], "")
        );
        let body: SearchBody = match self.is_cloud() {
            true => {
                let body = json!({ "jql": jql, "fields": ["summary"], "maxResults": 1 });
                let path = ["rest", "api", "3", "search", "jql"];
                self.call(Method::POST, &path, &[], Some(&body)).await?
            }
            false => {
                let query = [
                    ("jql", jql.as_str()),
                    ("fields", "summary"),
                    ("maxResults", "1"),
                ];
                self.get(&["rest", "api", "3", "search"], &query).await?
            }
        };
        // By their numbers alone: where the project was renamed, its issues have keys of the new name.
        let numbers = body
            .issues
            .into_iter()
            .map(|it| it.found(PROPERTY).number());
        Ok(numbers.flatten().max())
    }

    /// The issues of a project that were created last, as far as the search knows of them, with docket's mark; where reading that takes
    /// a call for each, only on those whose keys were not read already, up to the number `read_to`.
    async fn newest(&self, project: &str, read_to: i64) -> Result<Vec<FoundIssue>, CallError> {
        let jql = format!(
            "project = \"{}\" ORDER BY created DESC",
            project.replace(['"', '\\'], "")
        );
        if !self.is_cloud() {
            let query = [
                ("jql", jql.as_str()),
                ("fields", "summary"),
                ("maxResults", "10"),
            ];
            let body: SearchBody = self.get(&["rest", "api", "3", "search"], &query).await?;
            let found = body.issues.into_iter().map(|issue| issue.found(PROPERTY));
            return self.marked(found.collect(), project, read_to).await;
        }
        let body = json!({
            "jql": jql,
            "fields": ["summary"],
            "properties": [PROPERTY],
            "maxResults": NEWEST,
        });
        let path = ["rest", "api", "3", "search", "jql"];
        let body: SearchBody = self.call(Method::POST, &path, &[], Some(&body)).await?;
        let found = body.issues.into_iter();
        Ok(found.map(|issue| issue.found(PROPERTY)).collect())
    }

    /// The issues with their marks, which the search of Data Center does not tell.
    async fn marked(
        &self,
        mut found: Vec<FoundIssue>,
        project: &str,
        read_to: i64,
    ) -> Result<Vec<FoundIssue>, CallError> {
        let unread = |issue: &&FoundIssue| {
            issue.project() != Some(project) || issue.number().is_none_or(|number| number > read_to)
        };
        let keys: Vec<String> = found
            .iter()
            .filter(unread)
            .map(|issue| issue.key.clone())
            .collect();
        for read in self.issues_one_by_one(&keys, PROPERTY).await? {
            if let Some(known) = found.iter_mut().find(|known| known.id == read.id) {
                *known = read;
            }
        }
        Ok(found)
    }

    /// Looks for the issue that bears this mark, among the keys after the number `after`.
    ///
    /// Reads on as long as there are issues: to the first window of keys that holds none and that the search shows nothing
    /// beyond. An empty answer proves nothing of a create that Jira may still be carrying out: probe again after a while.
    pub async fn find_created<M: Mark>(
        &self,
        project: &str,
        after: i64,
        marker: &M,
    ) -> Result<Probe, CallError> {
        let wanted = |other: &M| other.is_same(marker);
        let mut look = Look::for_one(project, after, &wanted);
        let whole = self.look_through(&mut look).await?;
        let searched_to = look.searched_to();
        Ok(match look.oldest() {
            Some(issue) => Probe::Found(issue),
            None if whole => Probe::Absent { searched_to },
            None => Probe::Unfinished { searched_to },
        })
    }

    /// Every issue that bears the mark of a run, among the keys after the number `after`, and whether all keys that there may be were
    /// read: in a very large project they are not.
    pub async fn made_by(
        &self,
        project: &str,
        after: i64,
        task: ExportId,
    ) -> Result<(Vec<MarkedIssue>, bool), CallError> {
        let wanted = |marker: &Marker| marker.task == task;
        let mut look = Look::for_all(project, after, &wanted);
        let whole = self.look_through(&mut look).await?;
        if !whole {
            tracing::warn!(project, after, "not all keys of a project could be read");
        }
        Ok((look.found(), whole))
    }
}
