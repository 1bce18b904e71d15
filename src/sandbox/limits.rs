//! Rate limits as Jira Cloud has them: a burst of one method a second, and writes to one issue.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use http::{HeaderValue, Method};

use super::answer::Refusal;

/// The width of the window in which writes to one issue count, in seconds.
const ISSUE_WINDOW: i64 = 2;

/// How fast the site may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Calls of POST in one second of the clock.
    pub posts_per_second: u32,
    /// Calls of PUT in one second of the clock.
    pub puts_per_second: u32,
    /// Writes to one issue in two seconds of the clock.
    pub writes_per_issue: u32,
}

impl Limits {
    /// The limits that Atlassian documents for a Cloud site.
    pub const CLOUD: Self = Self {
        posts_per_second: 100,
        puts_per_second: 50,
        writes_per_issue: 20,
    };
}

/// Counts calls against limits.
#[derive(Debug, Default)]
pub(super) struct Meter {
    windows: HashMap<String, (i64, u32)>,
}

impl Meter {
    /// Counts a call, or refuses it with what Jira says of the wait.
    pub(super) fn admit(
        &mut self,
        limits: &Limits,
        now: DateTime<Utc>,
        method: &Method,
        issue: Option<&str>,
    ) -> Result<(), Refusal> {
        let burst = match *method {
            Method::POST => limits.posts_per_second,
            Method::PUT => limits.puts_per_second,
            _ => return Ok(()),
        };
        let second = now.timestamp();
        self.windows
            .retain(|_, (start, _)| *start + ISSUE_WINDOW > second);
        if !self.count(method.as_str(), second, 1, burst) {
            return Err(throttled(Some(1), Some("jira-burst-based"), burst));
        }
        match issue {
            Some(issue) if !self.count(issue, second, ISSUE_WINDOW, limits.writes_per_issue) => {
                let wait = ISSUE_WINDOW.unsigned_abs();
                let reason = Some("jira-per-issue-on-write");
                Err(throttled(Some(wait), reason, limits.writes_per_issue))
            }
            _ => Ok(()),
        }
    }

    fn count(&mut self, name: &str, second: i64, width: i64, limit: u32) -> bool {
        let window = self.windows.entry(name.to_owned()).or_insert((second, 0));
        if second >= window.0 + width {
            *window = (second, 0);
        }
        window.1 += 1;
        window.1 <= limit
    }
}

/// Jira's 429. A gateway in front of Jira may leave the wait out.
pub(super) fn throttled(retry_after: Option<u64>, reason: Option<&str>, limit: u32) -> Refusal {
    let mut refusal = Refusal::message(429, "Rate limit exceeded.")
        .header("x-ratelimit-limit", limit.into())
        .header("x-ratelimit-remaining", HeaderValue::from_static("0"))
        .header("x-ratelimit-nearlimit", HeaderValue::from_static("true"));
    if let Some(seconds) = retry_after {
        refusal = refusal.header("retry-after", seconds.into());
    }
    if let Some(Ok(reason)) = reason.map(HeaderValue::from_str) {
        refusal = refusal.header("ratelimit-reason", reason);
    }
    refusal
}
