//! A look through a project's keys: window after window from where it begins, and around what the search shows as newest.

use std::collections::BTreeMap;

use super::{CallError, FoundIssue, IssueRef, Jira, Mark, Marker, PROPERTY};

/// The most keys that one bulk fetch takes.
pub(super) const WINDOW: i64 = 100;
/// How many keys are read in a row where each is a call.
const SINGLES: i64 = 10;
/// The most windows that one probe reads: 5,000 keys.
const MAX_WINDOWS: u32 = 50;
/// The most windows that are read for all issues of a run: 30,000 keys.
const RUN_WINDOWS: u32 = 300;

/// An issue that bears docket's mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkedIssue<M = Marker> {
    /// The issue, by its key now.
    pub issue: IssueRef,
    /// What it bears.
    pub marker: M,
}

/// A look through a project's keys for marks.
pub(super) struct Look<'a, M> {
    project: String,
    wanted: &'a (dyn Fn(&M) -> bool + Sync),
    /// Whether the look goes on behind the first issue that is wanted.
    all: bool,
    /// How many windows may still be read.
    windows: u32,
    /// By their numbers on the site: the oldest first.
    found: BTreeMap<(usize, String), MarkedIssue<M>>,
    /// The highest number that was looked at.
    searched_to: i64,
}

impl<'a, M: Mark> Look<'a, M> {
    /// For one issue, among the keys after the number `after`.
    pub(super) fn for_one(
        project: &str,
        after: i64,
        wanted: &'a (dyn Fn(&M) -> bool + Sync),
    ) -> Self {
        Self {
            project: project.to_owned(),
            wanted,
            all: false,
            windows: MAX_WINDOWS,
            found: BTreeMap::new(),
            searched_to: after.max(0),
        }
    }

    /// For all issues of a run.
    pub(super) fn for_all(
        project: &str,
        after: i64,
        wanted: &'a (dyn Fn(&M) -> bool + Sync),
    ) -> Self {
        Self {
            all: true,
            windows: RUN_WINDOWS,
            ..Self::for_one(project, after, wanted)
        }
    }

    /// The highest number that was looked at.
    pub(super) fn searched_to(&self) -> i64 {
        self.searched_to
    }

    /// All that was found.
    pub(super) fn found(self) -> Vec<MarkedIssue<M>> {
        self.found.into_values().collect()
    }

    fn take(&mut self, issues: &[FoundIssue]) {
        for issue in issues {
            let value = issue.property.clone().unwrap_or_default();
            let Ok(marker) = serde_json::from_value::<M>(value) else {
                continue;
            };
            if (self.wanted)(&marker) {
                let (id, key) = (issue.id.clone(), issue.key.clone());
                let place = (id.len(), id.clone());
                let issue = IssueRef { id, key };
                self.found.insert(place, MarkedIssue { issue, marker });
            }
        }
    }

    fn is_done(&self) -> bool {
        !self.all && !self.found.is_empty()
    }

    /// The oldest of what was found.
    pub(super) fn oldest(self) -> Option<IssueRef> {
        self.found.into_values().next().map(|oldest| oldest.issue)
    }
}

impl Jira {
    /// Reads the keys, one window after the other. `false`: not all that there may be.
    pub(super) async fn look_through<M: Mark>(
        &self,
        look: &mut Look<'_, M>,
    ) -> Result<bool, CallError> {
        let after = look.searched_to;
        let read = self.read_windows(look, after, None).await?;
        if look.is_done() {
            return Ok(true);
        }
        let newest = self.newest(&look.project, look.searched_to).await?;
        look.take(&newest);
        let Some(mut last) = read else {
            return Ok(look.is_done());
        };
        if let Some(now) = newest.first().and_then(FoundIssue::project)
            && now != look.project
        {
            // The project was renamed meanwhile: its newest issues have keys of the new name alone.
            now.clone_into(&mut look.project);
            last = after;
        }
        let numbers = newest.iter().filter_map(FoundIssue::number);
        let Some(newest) = numbers.max().filter(|newest| *newest > last) else {
            return Ok(true);
        };
        // Behind a gap: first what the search does not know yet, then what lies in between.
        for (from, to) in [(newest, None), (last, Some(newest))] {
            if look.is_done() {
                return Ok(true);
            }
            if self.read_windows(look, from, to).await?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads the keys after `from` up to the number `to`, or to the first window that holds no issue. Gives the last number that was
    /// looked at; `None` where no more windows may be read.
    async fn read_windows<M: Mark>(
        &self,
        look: &mut Look<'_, M>,
        from: i64,
        to: Option<i64>,
    ) -> Result<Option<i64>, CallError> {
        let mut last = from;
        let window = match self.is_cloud() {
            true => WINDOW,
            false => SINGLES,
        };
        while look.windows > 0 {
            look.windows -= 1;
            let first = last.saturating_add(1);
            last = last.saturating_add(window).min(to.unwrap_or(i64::MAX));
            let project = &look.project;
            let keys: Vec<_> = (first..=last).map(|n| format!("{project}-{n}")).collect();
            let issues = self.issues_by_key(&keys, PROPERTY).await?;
            look.take(&issues);
            look.searched_to = look.searched_to.max(last);
            let ended = match to {
                Some(to) => last >= to,
                None => issues.is_empty(),
            };
            if ended || look.is_done() {
                return Ok(Some(last));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::ids::{ExportId, TicketId};

    fn issue(id: &str, property: Value) -> FoundIssue {
        FoundIssue {
            key: format!("DEMO-{id}"),
            id: id.into(),
            property: Some(property),
        }
    }

    fn oldest(issues: &[FoundIssue], marker: &Marker) -> Option<IssueRef> {
        let wanted = |other: &Marker| other.is_same(marker);
        let mut look = Look::for_one("DEMO", 0, &wanted);
        look.take(issues);
        look.oldest()
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
        assert_eq!(oldest(&issues[..3], &marker(1)), None);
        assert_eq!(oldest(&issues, &marker(2)).unwrap().id, "11");
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
        assert!(oldest(&[issue("1", value)], &marker).is_some());
    }
}
