//! Issues as they are now, with all that is compared with what an export has made of them.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    CallError, IssueFile, IssueLink, Jira,
    changelog::{Log, SPRINT},
    links::{LinkBody, ends},
    probe::BulkError,
};

/// The field with an issue's links, and that with its files.
const LINKS: &str = "issuelinks";
const FILES: &str = "attachment";

/// An issue as it is now.
#[derive(Clone, Debug)]
pub struct IssueNow {
    /// Its number on the site, which outlives a move.
    pub id: String,
    /// Its key.
    pub key: String,
    /// The fields that were asked for, by id, as Jira shows them.
    pub fields: Map<String, Value>,
    /// The fields that were changed since it was made, by id, the sprint as `sprint`, with how each reads since its latest change.
    pub changed: BTreeMap<String, String>,
    /// Its links; `None` where Jira shows none of any issue.
    pub links: Option<Vec<IssueLink>>,
    /// Its files, likewise.
    pub files: Option<Vec<IssueFile>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BulkBody {
    #[serde(default)]
    issues: Vec<Body>,
    #[serde(default)]
    issue_errors: Vec<BulkError>,
}

#[derive(Deserialize)]
struct Body {
    id: String,
    key: String,
    #[serde(default)]
    fields: Map<String, Value>,
    #[serde(default)]
    changelog: Log,
}

impl Jira {
    /// These issues (by id, at most 100) with these fields, of a site of Jira Cloud; what is missing or hidden is left out.
    pub async fn issues_now(
        &self,
        ids: &[&str],
        fields: &[&str],
    ) -> Result<Vec<IssueNow>, CallError> {
        let fields: Vec<&str> = fields.iter().copied().chain([LINKS, FILES]).collect();
        let body = json!({ "issueIdsOrKeys": ids, "fields": fields, "expand": ["changelog"] });
        let path = ["rest", "api", "3", "issue", "bulkfetch"];
        let body: BulkBody = self.call(Method::POST, &path, &[], Some(&body)).await?;
        self.check_missing(&body.issue_errors).await?;
        let mut issues = Vec::with_capacity(body.issues.len());
        for issue in body.issues {
            issues.push(self.now(issue).await?);
        }
        Ok(issues)
    }

    async fn now(&self, mut body: Body) -> Result<IssueNow, CallError> {
        let mut changed = BTreeMap::new();
        let mut changes = self.whole_log(&body.id, body.changelog).await?;
        // The newest come first; the texts of one site's times sort as the times do.
        changes.reverse();
        changes.sort_by(|one, other| one.created.cmp(&other.created));
        for item in changes.into_iter().flat_map(|change| change.items) {
            let id = match item.is_sprint() {
                true => SPRINT.to_owned(),
                false => item.id(),
            };
            changed.insert(id, item.to_string.unwrap_or_default());
        }
        let links = body.fields.remove(LINKS);
        let links = links.and_then(|all| serde_json::from_value::<Vec<LinkBody>>(all).ok());
        let files = body.fields.remove(FILES);
        let seen = |links: Vec<LinkBody>| {
            let seen = links.into_iter().filter_map(|link| ends(&body.key, link));
            seen.collect()
        };
        Ok(IssueNow {
            links: links.map(seen),
            files: files.and_then(|all| serde_json::from_value(all).ok()),
            id: body.id,
            key: body.key,
            fields: body.fields,
            changed,
        })
    }
}
