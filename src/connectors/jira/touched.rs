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
    changelog::{Change, Changed, Log},
    links::{LinkBody, OtherEnd, ends},
    outcome,
};

/// The fields in which people leave traces.
const FIELDS: &str = "comment,worklog,attachment,issuelinks,subtasks,project";
/// What docket itself changes after a create, as the change log names it.
const OWN_CHANGES: [&str; 3] = ["link", "attachment", "sprint"];

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
    /// The ids of the fields whose values docket sent again later.
    pub resent: &'a BTreeSet<String>,
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
        let log = std::mem::take(&mut body.changelog);
        let changes = self.whole_log(issue.id, log).await?;
        Ok(match body.touched(account, &changes, issue) {
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
    fn touched(
        self,
        account: &Account,
        changes: &[Change],
        issue: &OwnIssue<'_>,
    ) -> Option<String> {
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
        let other = |link| Some(ends(&self.key, link)?.other_than(issue.key).to_owned());
        let strange = links
            .filter_map(other)
            .find(|key| !issue.linked.contains(key));
        if let Some(key) = strange {
            return Some(format!("somebody linked it to {key}"));
        }
        let mut own = OwnChanges::of(issue);
        changes.iter().find_map(|change| {
            let theirs = theirs(&change.author);
            change.told(|changed| theirs || !own.take(changed))
        })
    }
}

/// What docket has done to an issue since it made it, as far as that is not met yet in the change log.
struct OwnChanges<'a> {
    sprint: Option<&'a str>,
    resent: BTreeSet<&'a str>,
}

impl<'a> OwnChanges<'a> {
    fn of(issue: &OwnIssue<'a>) -> Self {
        Self {
            sprint: issue.sprint,
            resent: issue.resent.iter().map(String::as_str).collect(),
        }
    }

    /// Whether this is one of them. docket sends a value again once: whatever else is done to that field, somebody else does under its
    /// account.
    fn take(&mut self, changed: &Changed) -> bool {
        let name = changed.field.to_lowercase();
        let to = changed.to_string.as_deref().unwrap_or_default();
        // docket's account may be a person's, who moves it elsewhere.
        if name == "sprint" && self.sprint.is_some_and(|sprint| sprint != to) {
            return false;
        }
        let resent = self.resent.iter().find(|id| changed.is_of(id)).copied();
        OWN_CHANGES.contains(&name.as_str()) || resent.is_some_and(|id| self.resent.remove(id))
    }
}

fn counted(n: u64, what: &str) -> String {
    match n {
        1 => format!("a {what}"),
        n => format!("{n} {what}s"),
    }
}
