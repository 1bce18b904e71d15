//! What has become of an issue since docket made it: whether it may be taken back, or is somebody's by now.
//!
//! Jira has no "untouched since". What people do shows in the change log, in comments, in work logs, in subtasks, in links and in files;
//! what docket does after a create shows there, too, under its account, and is told apart by what it is.

use std::collections::BTreeSet;

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::{
    Account, CallError, Jira, Mark as _, Marker, PROPERTY,
    links::{LinkBody, OtherEnd, ends},
    outcome,
};

/// The fields in which people leave traces.
const FIELDS: &str = "comment,worklog,attachment,issuelinks,subtasks,project";
/// What docket itself changes after a create, as the change log names it.
const OWN_CHANGES: [&str; 3] = ["link", "attachment", "sprint"];
/// The most names that one reason lists.
const NAMED: usize = 5;

/// An issue that docket made, and what docket did to it since.
#[derive(Clone, Debug)]
pub struct OwnIssue<'a> {
    /// Its number on the site, which outlives a move.
    pub id: &'a str,
    /// The key that it had.
    pub key: &'a str,
    /// The mark that it bears.
    pub marker: Marker,
    /// The keys of the issues that docket linked it to.
    pub linked: &'a BTreeSet<String>,
    /// The name of the sprint that docket put it into, empty for none; `None`: that is not known.
    pub sprint: Option<&'a str>,
    /// The fields, by docket's names, whose values docket sent again later.
    pub fixed: &'a BTreeSet<String>,
    /// The files that docket sent.
    pub files: &'a OwnFiles,
    /// The keys of issues that are deleted with it, and before it.
    pub going: &'a BTreeSet<String>,
}

/// The files that docket sent to an issue.
#[derive(Clone, Debug, Default)]
pub struct OwnFiles {
    /// Jira's numbers of those that it has taken.
    pub ids: BTreeSet<String>,
    /// The names of those that it may have taken without docket having heard of it.
    pub unheard: BTreeSet<String>,
}

/// What has become of an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It is not there any more, or hidden from docket's account.
    Gone,
    /// Nobody has touched it.
    Untouched,
    /// Somebody has: what they did, for a person.
    Touched(String),
}

#[derive(Deserialize)]
struct Body {
    key: String,
    #[serde(default)]
    fields: Traces,
    #[serde(default)]
    properties: serde_json::Map<String, Value>,
    #[serde(default)]
    changelog: Log,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Traces {
    comment: Option<Counted>,
    worklog: Option<Counted>,
    attachment: Option<Vec<File>>,
    issuelinks: Option<Vec<LinkBody>>,
    subtasks: Option<Vec<OtherEnd>>,
}

#[derive(Deserialize)]
struct Counted {
    #[serde(default)]
    total: u64,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    id: String,
    #[serde(default)]
    filename: String,
    author: Option<Account>,
}

impl File {
    fn is_one_of(&self, own: &OwnFiles) -> bool {
        own.ids.contains(&self.id) || own.unheard.contains(&self.filename)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Log {
    total: usize,
    histories: Vec<Change>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Change {
    author: Option<Account>,
    created: String,
    items: Vec<Changed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Changed {
    #[serde(default)]
    field: String,
    #[serde(default)]
    field_id: String,
    #[serde(default)]
    to_string: Option<String>,
}

impl Jira {
    /// What has become of an issue; `account` is docket's own.
    pub async fn condition(
        &self,
        account: &Account,
        issue: &OwnIssue<'_>,
    ) -> Result<Condition, CallError> {
        let path = ["rest", "api", "3", "issue", issue.id];
        let query = [
            ("fields", FIELDS),
            ("properties", PROPERTY),
            ("expand", "changelog"),
        ];
        let mut body: Body = match self.get(&path, &query).await {
            Ok(body) => body,
            Err(CallError::Rejected(refused)) if matches!(refused.status, 404 | 410) => {
                return Ok(Condition::Gone);
            }
            Err(error) => return Err(error),
        };
        if body.changelog.histories.len() < body.changelog.total {
            // Only the latest changes come with the issue.
            let path = ["rest", "api", "3", "issue", issue.id, "changelog"];
            body.changelog.histories = self.list(&path, &[]).await?;
        }
        Ok(match body.touched(account, issue) {
            Some(why) => Condition::Touched(self.shared.redactor.clean(&why)),
            None => Condition::Untouched,
        })
    }

    /// Deletes an issue that has no subtasks. Harmless to repeat: then Jira refuses, for it is not there.
    pub async fn delete_issue(&self, id: &str) -> Result<(), CallError> {
        let path = ["rest", "api", "3", "issue", id];
        let sent = self.send(Method::DELETE, &path, &[], None).await;
        outcome::of_call(sent, &self.shared.redactor).map(drop)
    }
}

impl Body {
    /// What somebody has done to the issue, the plainest sign first.
    fn touched(self, account: &Account, issue: &OwnIssue<'_>) -> Option<String> {
        let mark = self.properties.get(PROPERTY).cloned().unwrap_or_default();
        let marked = serde_json::from_value::<Marker>(mark);
        let theirs = |author: &Option<Account>| {
            author
                .as_ref()
                .is_none_or(|author| author.account_id != account.account_id)
        };
        let Traces {
            comment,
            worklog,
            attachment,
            issuelinks,
            subtasks,
        } = self.fields;
        if self.key != issue.key {
            return Some(format!("it was moved and is {} now", self.key));
        }
        if marked
            .as_ref()
            .is_ok_and(|mark| mark.ticket == issue.marker.ticket && mark.task != issue.marker.task)
        {
            return Some("an earlier export of the session has made it".to_owned());
        }
        if !marked.is_ok_and(|mark| mark.is_same(&issue.marker)) {
            return Some("it does not bear this export's mark any more".to_owned());
        }
        if let Some(n) = comment.map(|c| c.total).filter(|n| *n > 0) {
            return Some(format!("it has {}", counted(n, "comment")));
        }
        if worklog.is_some_and(|log| log.total > 0) {
            return Some("work was logged on it".to_owned());
        }
        // docket's account may be a person's, too.
        let strange = |file: &&File| theirs(&file.author) || !file.is_one_of(issue.files);
        if let Some(file) = attachment.iter().flatten().find(strange) {
            return Some(format!("somebody attached {:?}", file.filename));
        }
        let stays = |subtask: &&OtherEnd| !issue.going.contains(&subtask.key);
        if let Some(subtask) = subtasks.iter().flatten().find(stays) {
            return Some(format!("it has the subtask {}", subtask.key));
        }
        let links = issuelinks.into_iter().flatten();
        let other = |link| ends(&self.key, link).map(|link| link.other_than(issue.key));
        let strange = links
            .filter_map(other)
            .find(|key| !issue.linked.contains(key));
        if let Some(key) = strange {
            return Some(format!("somebody linked it to {key}"));
        }
        let changes = self.changelog.histories.into_iter();
        changes
            .filter_map(|change| change.told(theirs(&change.author), issue))
            .next()
    }
}

impl Change {
    /// What was changed, unless docket did it.
    fn told(&self, theirs: bool, issue: &OwnIssue<'_>) -> Option<String> {
        let foreign = |changed: &&Changed| theirs || !changed.is_own(issue);
        let names: BTreeSet<&str> = self
            .items
            .iter()
            .filter(foreign)
            .map(|changed| changed.field.as_str())
            .collect();
        if names.is_empty() {
            return None;
        }
        let names: Vec<&str> = names.into_iter().take(NAMED).collect();
        let names = names.join(", ");
        let day = self.created.get(..10).unwrap_or_default();
        let who = self
            .author
            .as_ref()
            .map(|author| author.display_name.as_str());
        let who = who.filter(|name| !name.is_empty()).unwrap_or("somebody");
        Some(format!("{who} changed it on {day}: {names}"))
    }
}

impl Changed {
    /// Whether docket does such a thing after a create.
    fn is_own(&self, issue: &OwnIssue<'_>) -> bool {
        let name = self.field.to_lowercase();
        let to = self.to_string.as_deref().unwrap_or_default();
        // docket's account may be a person's, who moves it elsewhere.
        if name == "sprint" && issue.sprint.is_some_and(|sprint| sprint != to) {
            return false;
        }
        // Jira names one field of its own by its English name, and a field that a site has made by its id.
        let resent = |field: &String| {
            *field == self.field_id
                || field.replace('_', " ") == name
                || (field == "story_points" && self.field_id.starts_with("customfield_"))
        };
        OWN_CHANGES.contains(&name.as_str()) || issue.fixed.iter().any(resent)
    }
}

fn counted(n: u64, what: &str) -> String {
    match n {
        1 => format!("a {what}"),
        n => format!("{n} {what}s"),
    }
}
