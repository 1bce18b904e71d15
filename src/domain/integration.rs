//! Outside systems that tickets are handed to: what they are and how they are configured.

mod address;
mod github;
mod jira;
mod slack;
mod webhook;

use std::time::Duration;

use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};
use url::Url;

pub use github::{GithubConfig, GithubConfigChange};
pub use jira::{JiraConfig, JiraConfigChange, JiraDeployment, project_key};
pub use slack::{SlackConfig, SlackConfigChange};
pub use webhook::{WebhookConfig, WebhookConfigChange};

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
        /// Slack.
        Slack,
        /// GitHub.
        Github,
        /// Any receiver of signed HTTP requests.
        Webhook,
    }
}

impl Platform {
    /// What the platform is for.
    pub const fn category(self) -> IntegrationCategory {
        match self {
            Self::Jira => IntegrationCategory::Ticketing,
            Self::Slack => IntegrationCategory::Messaging,
            Self::Github => IntegrationCategory::CodeRepository,
            Self::Webhook => IntegrationCategory::Webhook,
        }
    }

    /// The name in the contract: lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jira => "jira",
            Self::Slack => "slack",
            Self::Github => "github",
            Self::Webhook => "webhook",
        }
    }
}

/// A platform's settings; never its credentials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(rename_all = "snake_case")]
pub enum PlatformConfig {
    /// Settings of a Jira site.
    Jira(JiraConfig),
    /// Settings of a Slack channel.
    Slack(SlackConfig),
    /// Settings of a GitHub repository.
    Github(GithubConfig),
    /// Settings of an HTTP receiver.
    Webhook(WebhookConfig),
}

impl PlatformConfig {
    /// Which platform the settings are for.
    pub const fn platform(&self) -> Platform {
        match self {
            Self::Jira(_) => Platform::Jira,
            Self::Slack(_) => Platform::Slack,
            Self::Github(_) => Platform::Github,
            Self::Webhook(_) => Platform::Webhook,
        }
    }

    /// The address that is called.
    pub const fn site(&self) -> &Url {
        match self {
            Self::Jira(config) => &config.site_url,
            Self::Slack(config) => &config.api_url,
            Self::Github(config) => &config.api_url,
            Self::Webhook(config) => &config.url,
        }
    }

    /// The name of that address in the contract.
    pub const fn site_field(&self) -> &'static str {
        match self {
            Self::Jira(_) => "jira.site_url",
            Self::Slack(_) => "slack.api_url",
            Self::Github(_) => "github.api_url",
            Self::Webhook(_) => "webhook.url",
        }
    }

    /// Whether credentials that were given for these settings would go to another place with `next`: one that whoever gave them may never
    /// have meant them for. A webhook's secrets go nowhere: they sign, and a signature does not tell what made it.
    pub fn discloses_to(&self, next: &Self) -> bool {
        match self {
            Self::Webhook(_) => false,
            _ => self.site().origin() != next.site().origin(),
        }
    }

    /// The settings of a Jira site, where they are.
    pub const fn jira(&self) -> Option<&JiraConfig> {
        match self {
            Self::Jira(config) => Some(config),
            _ => None,
        }
    }

    /// Which flavour of Jira the site runs, where it is one.
    pub fn deployment(&self) -> Option<JiraDeployment> {
        self.jira().map(|jira| jira.deployment)
    }

    /// These settings with what changes of them; `None` where the change is one of another platform's.
    #[must_use]
    pub fn changed(&self, change: &ConfigChange) -> Option<Self> {
        Some(match (self, change) {
            (Self::Jira(config), ConfigChange::Jira(change)) => Self::Jira(config.changed(change)),
            (Self::Slack(config), ConfigChange::Slack(change)) => {
                Self::Slack(config.changed(change))
            }
            (Self::Github(config), ConfigChange::Github(change)) => {
                Self::Github(config.changed(change))
            }
            (Self::Webhook(config), ConfigChange::Webhook(change)) => {
                Self::Webhook(config.changed(change))
            }
            _ => return None,
        })
    }

    /// The least time between two creates of an export.
    pub const fn pace(&self) -> Duration {
        match self {
            Self::Jira(config) => config.export_delay,
            _ => Duration::ZERO,
        }
    }

    /// How many tickets of an export may be on their way at once. A pace is one of single tickets.
    pub const fn lanes(&self) -> u32 {
        match self {
            Self::Jira(config) if config.export_delay.is_zero() => config.concurrency,
            _ => 1,
        }
    }
}

/// What is to become of a platform's settings.
#[derive(Clone, Debug, PartialEq)]
pub enum ConfigChange {
    /// Of a Jira site.
    Jira(JiraConfigChange),
    /// Of a Slack channel.
    Slack(SlackConfigChange),
    /// Of a GitHub repository.
    Github(GithubConfigChange),
    /// Of an HTTP receiver.
    Webhook(WebhookConfigChange),
}

impl ConfigChange {
    /// Settings of nothing but this change; `None` unless it names all of them.
    pub fn whole(self) -> Option<PlatformConfig> {
        match self {
            Self::Jira(change) => change.whole().map(PlatformConfig::Jira),
            Self::Slack(change) => change.whole().map(PlatformConfig::Slack),
            Self::Github(change) => change.whole().map(PlatformConfig::Github),
            Self::Webhook(change) => change.whole().map(PlatformConfig::Webhook),
        }
    }
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
