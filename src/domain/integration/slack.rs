//! Settings of a Slack channel.

use serde::{Deserialize, Serialize};
use url::Url;

use super::{super::ticket::named_text, address::base};
use crate::error::Broken;

/// Where in Slack to post.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlackConfig {
    /// The channel's id (`C0123ABCD`) or name (`#ops`).
    pub channel: String,
    /// Where the Web API is; another one for GovSlack.
    pub api_url: Url,
}

/// What is to become of the settings of a Slack channel; `None`: it stays.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(
    missing_docs,
    reason = "each field is the one of the same name in SlackConfig"
)]
pub struct SlackConfigChange {
    pub channel: Option<String>,
    pub api_url: Option<Url>,
}

impl SlackConfigChange {
    /// Settings of nothing but this change; `None` unless it names all of them.
    pub fn whole(self) -> Option<SlackConfig> {
        Some(SlackConfig {
            channel: self.channel?,
            api_url: self.api_url?,
        })
    }
}

impl SlackConfig {
    /// Where the Web API is when nothing is configured.
    pub const DEFAULT_API: &'static str = "https://slack.com/api";

    pub(super) fn changed(&self, change: &SlackConfigChange) -> Self {
        let change = change.clone();
        Self {
            channel: change.channel.unwrap_or_else(|| self.channel.clone()),
            api_url: change.api_url.unwrap_or_else(|| self.api_url.clone()),
        }
    }

    /// A channel's id or name: 1 to 80 characters without blanks.
    pub fn channel(text: &str) -> Result<String, Broken> {
        if text.chars().any(char::is_whitespace) {
            return Err(Broken::new("must not contain blanks"));
        }
        named_text(text, 80)
    }

    /// Where the Web API is; empty: Slack's own place.
    pub fn api_url(text: &str) -> Result<Url, Broken> {
        match text {
            "" => base(Self::DEFAULT_API),
            text => base(text),
        }
    }
}
