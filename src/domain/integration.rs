//! Outside systems that tickets are handed to: what they are and how they are configured.

use std::time::Duration;

use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{text_enum, ticket::named_text};
use crate::error::Broken;

text_enum! {
    /// What a platform is for.
    IntegrationCategory {
        /// Keeps tickets or issues.
        Ticketing,
        /// Keeps customers.
        Crm,
        /// Chats.
        Messaging,
        /// Sends mail or calls.
        Communication,
        /// Plans work.
        ProjectManagement,
        /// Keeps code.
        CodeRepository,
        /// Takes any signed HTTP request.
        Webhook,
    }
}

text_enum! {
    /// Whether an integration works, as far as is known.
    IntegrationStatus {
        /// Switched on, not checked yet.
        Pending,
        /// Switched on, and the last check passed.
        Active,
        /// Switched off.
        Inactive,
        /// Switched on, and the last check failed.
        Error,
    }
}

text_enum! {
    /// A platform that docket has a connector for.
    Platform {
        /// Atlassian Jira.
        Jira,
    }
}

impl Platform {
    /// What the platform is for.
    pub const fn category(self) -> IntegrationCategory {
        match self {
            Self::Jira => IntegrationCategory::Ticketing,
        }
    }

    /// The name in the contract: lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jira => "jira",
        }
    }
}

/// A platform's settings; never its credentials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(rename_all = "snake_case")]
pub enum PlatformConfig {
    /// Settings of a Jira site.
    Jira(JiraConfig),
}

impl PlatformConfig {
    /// Which platform the settings are for.
    pub const fn platform(&self) -> Platform {
        match self {
            Self::Jira(_) => Platform::Jira,
        }
    }

    /// The site that issues are made on.
    pub const fn site(&self) -> &Url {
        match self {
            Self::Jira(config) => &config.site_url,
        }
    }

    /// These settings with what changes of them; `None` where the change is one of another platform's.
    #[must_use]
    pub fn changed(&self, change: &ConfigChange) -> Option<Self> {
        let (Self::Jira(config), ConfigChange::Jira(change)) = (self, change);
        Some(Self::Jira(config.changed(change)))
    }

    /// The least time between two creates of an export.
    pub const fn pace(&self) -> Duration {
        match self {
            Self::Jira(config) => config.export_delay,
        }
    }

    /// How many tickets of an export may be on their way at once. A pace is one of single tickets.
    pub const fn lanes(&self) -> u32 {
        match self {
            Self::Jira(config) if config.export_delay.is_zero() => config.concurrency,
            Self::Jira(_) => 1,
        }
    }
}

/// Settings of a Jira site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JiraConfig {
    /// The site, such as `https://example.atlassian.net`; no path, query or credentials.
    pub site_url: Url,
    /// The project that single tickets go to; empty when only sessions are exported.
    pub project_key: String,
    /// The type of issue when a ticket names none.
    pub issue_type: String,
    /// The least time between two creates of an export.
    pub export_delay: Duration,
    /// How many tickets of an export may be on their way at once, where there is no delay. Older rows do not say.
    #[serde(default = "JiraConfig::one_by_one")]
    pub concurrency: u32,
}

/// What is to become of a platform's settings.
#[derive(Clone, Debug, PartialEq)]
pub enum ConfigChange {
    /// Of a Jira site.
    Jira(JiraConfigChange),
}

/// What is to become of the settings of a Jira site; `None`: it stays.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(
    missing_docs,
    reason = "each field is the one of the same name in JiraConfig"
)]
pub struct JiraConfigChange {
    pub site_url: Option<Url>,
    pub project_key: Option<String>,
    pub issue_type: Option<String>,
    pub export_delay: Option<Duration>,
    pub concurrency: Option<u32>,
}

impl JiraConfigChange {
    /// Settings of nothing but this change; `None` unless it names all of them.
    pub fn whole(self) -> Option<JiraConfig> {
        Some(JiraConfig {
            site_url: self.site_url?,
            project_key: self.project_key?,
            issue_type: self.issue_type?,
            export_delay: self.export_delay?,
            concurrency: self.concurrency?,
        })
    }
}

impl JiraConfig {
    fn changed(&self, change: &JiraConfigChange) -> Self {
        let change = change.clone();
        Self {
            site_url: change.site_url.unwrap_or_else(|| self.site_url.clone()),
            project_key: change
                .project_key
                .unwrap_or_else(|| self.project_key.clone()),
            issue_type: change.issue_type.unwrap_or_else(|| self.issue_type.clone()),
            export_delay: change.export_delay.unwrap_or(self.export_delay),
            concurrency: change.concurrency.unwrap_or(self.concurrency),
        }
    }

    /// The pace when nothing is configured.
    pub const DEFAULT_DELAY: Duration = Duration::from_millis(1500);
    /// The slowest pace.
    pub const MAX_DELAY: Duration = Duration::from_secs(60);
    /// The most tickets on their way at once: more would only meet Jira's burst limits.
    pub const MAX_CONCURRENCY: u32 = 10;
    /// The longest address, in code points.
    pub const URL_MAX: usize = 2048;
    /// The type of issue when nothing is configured.
    pub const DEFAULT_ISSUE_TYPE: &'static str = "Task";

    /// The site's address: `https`, or `http` where docket's address guard lets it through; a host and nothing behind it.
    pub fn site_url(text: &str) -> Result<Url, Broken> {
        if text.chars().count() > Self::URL_MAX {
            return Err(Broken::new("must have at most 2048 characters"));
        }
        let url = Url::parse(text).map_err(|_| Broken::new("must be an absolute URL"))?;
        let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let bare = url.username().is_empty() && url.password().is_none();
        if !matches!(url.scheme(), "https" | "http") || url.host().is_none() || !plain || !bare {
            return Err(Broken::new(
                "must be http(s)://host[:port] without a path, query, fragment or credentials",
            ));
        }
        Ok(url)
    }

    /// The pace: 0 to one minute.
    pub fn export_delay(delay: Option<Duration>) -> Result<Duration, Broken> {
        match delay {
            None => Ok(Self::DEFAULT_DELAY),
            Some(delay) if delay <= Self::MAX_DELAY => Ok(delay),
            Some(_) => Err(Broken::new("must be between 0 and 60 s")),
        }
    }

    /// How many tickets may be on their way at once; 0: as many as when nothing is configured.
    pub fn concurrency(count: i32) -> Result<u32, Broken> {
        match u32::try_from(count) {
            Ok(0) => Ok(Self::one_by_one()),
            Ok(count) if count <= Self::MAX_CONCURRENCY => Ok(count),
            _ => Err(Broken::new("must be between 1 and 10")),
        }
    }

    /// The concurrency when nothing is configured.
    pub const fn one_by_one() -> u32 {
        1
    }
}

/// A Jira project's key: a capital letter, then 1 to 9 capitals, digits or underscores (Jira's own default rule). Case matters.
pub fn project_key(text: &str) -> Result<String, Broken> {
    let mut chars = text.chars();
    let first = chars.next().is_some_and(|c| c.is_ascii_uppercase());
    let rest = chars.all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    if first && rest && (2..=10).contains(&text.len()) {
        return Ok(text.to_owned());
    }
    Err(Broken::new(
        "must be a Jira project key: a capital letter, then 1 to 9 capitals, digits or underscores",
    ))
}

/// An integration's name: 1 to 255 characters in one line, not only blanks.
pub fn name(text: &str) -> Result<String, Broken> {
    named_text(text, 255)
}

/// What the platform said when a ticket was handed to it last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct IntegrationResult {
    /// Whether the ticket arrived.
    pub success: bool,
    /// Where it was sent.
    pub integration_id: super::ids::IntegrationId,
    /// Its key there.
    pub external_ticket_id: Option<String>,
    /// Its address there.
    pub external_ticket_url: Option<String>,
    /// Why it did not arrive, for a person.
    pub error_message: Option<String>,
    /// When it was sent.
    pub dispatch_time: super::time::Time,
    /// The platform's answer, by the contract's `IntegrationResponse`.
    pub response: serde_json::Value,
}
