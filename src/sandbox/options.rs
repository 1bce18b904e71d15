//! How a sandbox is started: address, account, site, and the habits of Jira that can be turned up.

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::{limits::Limits, site::Site};

/// Tells the sandbox the time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// A clock that reads `now`.
    pub fn new(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new(Utc::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clock")
    }
}

/// How the numbers of new issues run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbering {
    /// Up to this many numbers are left out before a new issue.
    pub largest_gap: u64,
    /// What the gaps are drawn from.
    pub seed: u64,
    /// Whether a refused create uses up a number all the same, as Jira's may.
    pub refusals_consume: bool,
}

impl Default for Numbering {
    fn default() -> Self {
        Self {
            largest_gap: 0,
            seed: 0,
            refusals_consume: true,
        }
    }
}

/// Everything that a sandbox is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The account's address, the name in basic authentication.
    pub email: String,
    /// The account's API token, the password in basic authentication.
    pub token: SecretString,
    /// The site to play.
    pub site: Site,
    /// How issue numbers run.
    pub numbering: Numbering,
    /// From how many searches each new issue is missing.
    pub search_lag: u32,
    /// How fast the site may be used; `None` never throttles by itself.
    pub limits: Option<Limits>,
    /// How many exchanges are remembered; the oldest are forgotten first.
    pub remembered_exchanges: usize,
    /// What tells the time.
    pub clock: Clock,
}

impl Options {
    /// The address of the account when no other is chosen.
    pub const EMAIL: &str = "demo@example.com";
    /// The token of the account when no other is chosen: it opens nothing but a sandbox.
    pub const TOKEN: &str = "sandbox-token";
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            email: Self::EMAIL.into(),
            token: Self::TOKEN.into(),
            site: Site::demo(),
            numbering: Numbering::default(),
            search_lag: 0,
            limits: None,
            remembered_exchanges: 20_000,
            clock: Clock::default(),
        }
    }
}
