//! Settings of a GitHub repository.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{super::ticket::named_text, address::base};
use crate::error::{Broken, each};

/// Where on GitHub to open issues.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GithubConfig {
    /// The account or organisation that owns the repository.
    pub owner: String,
    /// The repository's name.
    pub repository: String,
    /// Where the REST API is; another one for GitHub Enterprise Server.
    pub api_url: Url,
    /// Labels given to each issue.
    pub labels: Vec<String>,
}

/// What is to become of the settings of a GitHub repository; `None`: it stays.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(
    missing_docs,
    reason = "each field is the one of the same name in GithubConfig"
)]
pub struct GithubConfigChange {
    pub owner: Option<String>,
    pub repository: Option<String>,
    pub api_url: Option<Url>,
    pub labels: Option<Vec<String>>,
}

impl GithubConfigChange {
    /// Settings of nothing but this change; `None` unless it names all of them.
    pub fn whole(self) -> Option<GithubConfig> {
        Some(GithubConfig {
            owner: self.owner?,
            repository: self.repository?,
            api_url: self.api_url?,
            labels: self.labels?,
        })
    }
}

impl GithubConfig {
    /// Where the REST API is when nothing is configured.
    pub const DEFAULT_API: &'static str = "https://api.github.com";

    pub(super) fn changed(&self, change: &GithubConfigChange) -> Self {
        let change = change.clone();
        Self {
            owner: change.owner.unwrap_or_else(|| self.owner.clone()),
            repository: change.repository.unwrap_or_else(|| self.repository.clone()),
            api_url: change.api_url.unwrap_or_else(|| self.api_url.clone()),
            labels: change.labels.unwrap_or_else(|| self.labels.clone()),
        }
    }

    /// An account or organisation: 1 to 39 ASCII letters, digits and hyphens.
    pub fn owner(text: &str) -> Result<String, Broken> {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        match (1..=39).contains(&text.len()) && text.bytes().all(word) {
            true => Ok(text.to_owned()),
            false => Err(Broken::new(
                "must have 1 to 39 ASCII letters, digits and hyphens",
            )),
        }
    }

    /// A repository's name, without its owner's.
    pub fn repository(text: &str) -> Result<String, Broken> {
        let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        let fits = (1..=100).contains(&text.len()) && text.bytes().all(word);
        match fits && !matches!(text, "." | "..") {
            true => Ok(text.to_owned()),
            false => Err(Broken::new(
                "must have 1 to 100 ASCII letters, digits, dots, underscores and hyphens",
            )),
        }
    }

    /// Where the REST API is; empty: GitHub's own place.
    pub fn api_url(text: &str) -> Result<Url, Broken> {
        match text {
            "" => base(Self::DEFAULT_API),
            text => base(text),
        }
    }

    /// Labels: at most 20, each 1 to 50 characters, none twice.
    pub fn labels(labels: &[String]) -> Result<Vec<String>, Vec<Broken>> {
        if labels.len() > 20 {
            return Err(Broken::new("must have at most 20 entries").into());
        }
        let mut seen = HashSet::with_capacity(labels.len());
        each(labels, |text| {
            let label = named_text(text, 50)?;
            // GitHub knows no difference between upper and lower case here.
            match seen.insert(label.to_lowercase()) {
                true => Ok(label),
                false => Err(Broken::new("is there twice")),
            }
        })
    }
}
