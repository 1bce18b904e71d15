//! Settings of a Jira site.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{super::text_enum, address::base};
use crate::error::Broken;

/// How the hosts of Atlassian's own sites end. A path there is one that somebody copied from a browser.
const ATLASSIANS: [&str; 3] = [".atlassian.net", ".atlassian.com", ".jira.com"];

text_enum! {
    /// Which flavour of Jira a site runs.
    JiraDeployment {
        /// Atlassian's own: REST v3, descriptions as ADF, an account's e-mail address and API token.
        Cloud,
        /// An organisation's own: REST v2, descriptions as wiki markup, a personal access token.
        DataCenter,
    }
}

/// Settings of a Jira site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JiraConfig {
    /// The site, such as `https://example.atlassian.net` or `https://example.com/jira`; no slash behind its path, no query, no
    /// credentials.
    pub site_url: Url,
    /// The project that single tickets go to; empty when only sessions are exported.
    pub project_key: String,
    /// The type of issue when a ticket names none.
    pub issue_type: String,
    /// Which flavour of Jira it runs. Older rows do not say: they are of Jira Cloud.
    #[serde(default = "JiraConfig::cloud")]
    pub deployment: JiraDeployment,
    /// The least time between two creates of an export.
    pub export_delay: Duration,
    /// How many tickets of an export may be on their way at once, where there is no delay. Older rows do not say.
    #[serde(default = "JiraConfig::one_by_one")]
    pub concurrency: u32,
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
    pub deployment: Option<JiraDeployment>,
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
            deployment: self.deployment?,
            export_delay: self.export_delay?,
            concurrency: self.concurrency?,
        })
    }
}

impl JiraConfig {
    pub(super) fn changed(&self, change: &JiraConfigChange) -> Self {
        let change = change.clone();
        Self {
            site_url: change.site_url.unwrap_or_else(|| self.site_url.clone()),
            project_key: change
                .project_key
                .unwrap_or_else(|| self.project_key.clone()),
            issue_type: change.issue_type.unwrap_or_else(|| self.issue_type.clone()),
            deployment: change.deployment.unwrap_or(self.deployment),
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
    /// The type of issue when nothing is configured.
    pub const DEFAULT_ISSUE_TYPE: &'static str = "Task";

    /// The site's address: `https`, or `http` where docket's address guard lets it through; a host, and behind it no more than the
    /// context path that a site of an organisation's own may have.
    pub fn site_url(text: &str) -> Result<Url, Broken> {
        let mut url = base(text)?;
        let path = url.path().trim_end_matches('/').to_owned();
        let host = url.host_str().unwrap_or_default();
        if !path.is_empty() && ATLASSIANS.iter().any(|end| host.ends_with(end)) {
            return Err(Broken::new(
                "must have no path: a site of Jira Cloud is https://name.atlassian.net",
            ));
        }
        url.set_path(&path);
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

    const fn cloud() -> JiraDeployment {
        JiraDeployment::Cloud
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_of_an_organisations_own_may_have_a_path() {
        let of = |text| JiraConfig::site_url(text).ok().map(String::from);
        let same = |text: &str| Some(text.to_owned());
        assert_eq!(
            of("https://acme.atlassian.net"),
            same("https://acme.atlassian.net/")
        );
        assert_eq!(
            of("https://jira.corp.example/jira"),
            same("https://jira.corp.example/jira")
        );
        assert_eq!(
            of("https://corp.example/a/jira//"),
            same("https://corp.example/a/jira")
        );
        for text in [
            "https://acme.atlassian.net/jira",
            "https://corp.example/jira?x=1",
            "https://corp.example/jira#x",
            "https://ada@corp.example/jira",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
