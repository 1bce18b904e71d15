//! Finding an issue whose number was never recorded: reading the repository's newest issues, and looking for docket's mark.
//!
//! The list is read and not the search, whose index lags.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::Value;

use super::{Github, Issue, body};
use crate::connectors::{fault::Fault, outcome::Sought, parcel::Parcel};

/// The page size that is asked for: so many of the longest issues are no larger than the largest answer that is read.
const PAGE: usize = 30;
/// The most pages that one look reads: 3,000 issues.
const PAGES: usize = 100;
/// By how much GitHub's clock may be behind docket's.
const SKEW: TimeDelta = TimeDelta::minutes(10);

impl Github {
    /// Looks among the issues that were opened since the aim was taken.
    pub async fn look(&self, parcel: &Parcel, aim: &Value) -> Sought {
        let since = aim["since"].as_str().and_then(|text| text.parse().ok());
        let Some(since) = since.map(|since: DateTime<Utc>| since - SKEW) else {
            return Sought::CannotAsk(
                "It is not known when the ticket was sent, so that docket cannot look for the issue itself.".to_owned(),
            );
        };
        if aim["repository"].as_str() != Some(&self.place()) {
            let before = aim["repository"].as_str().unwrap_or("another repository");
            return Sought::CannotAsk(format!(
                "The ticket was sent to {before}, and the integration leads elsewhere by now, so that docket cannot look for the issue itself."
            ));
        }
        match self.marked(&body::mark(parcel), since).await {
            Ok(Some(issue)) => Sought::Found(self.external(issue)),
            Ok(None) => Sought::Absent,
            Err(sought) => sought,
        }
    }

    /// The oldest issue since then whose text holds the mark; or else why nobody knows.
    async fn marked(&self, mark: &str, since: DateTime<Utc>) -> Result<Option<Issue>, Sought> {
        let size = PAGE.to_string();
        let mut found = None;
        for page in 1..=PAGES {
            let page = page.to_string();
            let query = [
                ("state", "all"),
                ("sort", "created"),
                ("direction", "desc"),
                ("per_page", size.as_str()),
                ("page", page.as_str()),
            ];
            let issues = self.page(&query).await;
            let issues = issues.map_err(|fault| Sought::NotYetKnown(fault.failure()))?;
            let (last, count) = (
                issues.last().and_then(|issue| issue.created_at),
                issues.len(),
            );
            for issue in issues {
                if issue
                    .body
                    .as_deref()
                    .is_some_and(|body| ends_with(body, mark))
                {
                    found = Some(issue);
                }
            }
            if count < PAGE || last.is_some_and(|last| last < since) {
                return Ok(found);
            }
        }
        match found {
            Some(issue) => Ok(Some(issue)),
            // There are no fewer by a later look.
            None => Err(Sought::CannotAsk(
                "The repository has got more issues since than docket reads, so that nobody knows whether the ticket's is among them.".to_owned(),
            )),
        }
    }

    async fn page(&self, query: &[(&str, &str)]) -> Result<Vec<Issue>, Fault> {
        let sent = self.send(Method::GET, &self.issues(), query, None).await;
        self.read(&self.judged(sent)?)
    }
}

/// Whether it is the last mark of the text. One before it is quoted: docket puts its own at the end.
fn ends_with(text: &str, mark: &str) -> bool {
    let last = text.rfind(body::BEGINNING);
    last.is_some_and(|at| text[at..].starts_with(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_that_is_quoted_is_none() {
        let (own, other) = ("<!-- docket:own -->", "<!-- docket:other -->");
        let body = format!("```\n{other}\n```\n\n{own}");
        assert!(ends_with(&body, own));
        assert!(!ends_with(&body, other));
        assert!(!ends_with("nothing", own));
    }
}
