//! Whether a recorded key still leads to docket's issue. An issue may have been deleted, and its key may be somebody else's by now.

use std::collections::{BTreeMap, BTreeSet};

use super::{CallError, Jira, Marker, PROPERTY};
use crate::domain::ids::TicketId;

/// An issue as docket has recorded it.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// Its key.
    pub key: &'a str,
    /// Its number on the site.
    pub id: &'a str,
    /// The ticket that it was made from.
    pub ticket: TicketId,
}

/// Why nothing may be sent to a key any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Estranged {
    /// There is no such issue, or it is hidden.
    #[error("{0} is not there any more, or docket's account may not see it")]
    Gone(String),
    /// The key is another issue's.
    #[error("{0} is not the issue that docket has made, but another one of that key")]
    Another(String),
    /// It does not say any more whose it is.
    #[error("{0} does not bear docket's mark of this ticket any more")]
    Unmarked(String),
}

impl Jira {
    /// Those of these issues (at most 100), by ticket, whose keys do not lead to what docket has made of the ticket.
    pub async fn estranged(
        &self,
        issues: &[Recorded<'_>],
    ) -> Result<BTreeMap<TicketId, Estranged>, CallError> {
        let keys: Vec<String> = issues.iter().map(|issue| issue.key.to_owned()).collect();
        let found = self.issues_by_key(&keys, PROPERTY).await?;
        let why = |issue: &Recorded<'_>| {
            let key = issue.key.to_owned();
            let Some(same) = found.iter().find(|it| it.id == issue.id) else {
                return match found.iter().any(|it| it.key == issue.key) {
                    true => Some(Estranged::Another(key)),
                    false => Some(Estranged::Gone(key)),
                };
            };
            let mark = same.property.clone().unwrap_or_default();
            let marked = serde_json::from_value::<Marker>(mark);
            match marked.is_ok_and(|mark| mark.ticket == issue.ticket) {
                true => None,
                false => Some(Estranged::Unmarked(key)),
            }
        };
        let estranged = issues.iter().filter_map(|it| Some((it.ticket, why(it)?)));
        Ok(estranged.collect())
    }

    /// Whether the issue of this number is not at its key any more, nor anywhere that the key leads to.
    pub async fn is_gone(&self, key: &str, id: &str) -> Result<bool, CallError> {
        let found = self.issues_by_key(&[key.to_owned()], PROPERTY).await?;
        Ok(found.iter().all(|issue| issue.id != id))
    }

    /// Those of these issues (at most 100), by ticket, that are not in this project. `former` is the key that their own project had
    /// when they were recorded: one that was renamed answers to its old key, and whoever moved an issue out of it meant that issue.
    pub async fn elsewhere(
        &self,
        project: &str,
        former: &str,
        issues: &[Recorded<'_>],
    ) -> Result<BTreeSet<TicketId>, CallError> {
        match self.project(former).await {
            Ok(found) if found.key == project => return Ok(BTreeSet::new()),
            Ok(_) => (),
            Err(CallError::Rejected(refused)) if matches!(refused.status, 403 | 404 | 410) => (),
            Err(error) => return Err(error),
        }
        let keys: Vec<String> = issues.iter().map(|issue| issue.key.to_owned()).collect();
        let found = self.issues_by_key(&keys, PROPERTY).await?;
        let here = |issue: &&Recorded<'_>| {
            let same = found.iter().find(|it| it.id == issue.id);
            same.is_some_and(|it| it.project() == Some(project))
        };
        let there = issues.iter().filter(|issue| !here(issue));
        Ok(there.map(|issue| issue.ticket).collect())
    }
}
