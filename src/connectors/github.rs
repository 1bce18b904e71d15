//! GitHub, REST API version 2022-11-28: a ticket becomes an issue of a repository.

mod body;
mod check;
mod find;

use std::{fmt, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use reqwest::{Method, RequestBuilder};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use super::{
    GithubCredentials, PLACE,
    fault::{Fault, Party},
    http::{Answer, Http, SendError},
    inbound::Standing,
    outcome::{External, Failure, Outcome},
    parcel::Parcel,
    redact::Redactor,
};
use crate::domain::integration::GithubConfig;

/// In [`External::raw`]: whether the issue is open.
const STATE: &str = "state";
/// In [`External::raw`]: why it is no longer, or is again.
const REASON: &str = "state_reason";

/// A repository with the token that docket uses there. Cheap to clone; Debug shows the repository alone.
#[derive(Clone)]
pub struct Github {
    shared: Arc<Shared>,
}

struct Shared {
    http: Http,
    config: GithubConfig,
    credentials: GithubCredentials,
    party: Party,
}

impl fmt::Debug for Github {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Github")
            .field("repository", &self.repository())
            .finish_non_exhaustive()
    }
}

/// An issue, as GitHub shows it.
#[derive(Clone, Debug, Deserialize)]
struct Issue {
    id: u64,
    number: u64,
    #[serde(default)]
    html_url: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    state_reason: Option<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    created_at: Option<DateTime<Utc>>,
}

impl Github {
    /// Why files do not go along.
    pub const NO_FILES: &'static str =
        "GitHub's interface takes no files: they stay in docket, and the issue names them.";

    /// Prepares the connection; nothing is sent.
    pub fn new(http: &Http, config: &GithubConfig, credentials: &GithubCredentials) -> Self {
        let secrets = [credentials.token.clone()].into_iter();
        let own = config.api_url.as_str() == GithubConfig::DEFAULT_API;
        let party = Party::new(
            "GitHub",
            format!("the repository {}/{}", config.owner, config.repository),
            match own {
                true => "Look at githubstatus.com",
                false => "Ask whoever runs that GitHub",
            },
            Redactor::new(secrets.chain(credentials.webhook_secret.clone())),
        );
        Self {
            shared: Arc::new(Shared {
                http: http.clone(),
                config: config.clone(),
                credentials: credentials.clone(),
                party,
            }),
        }
    }

    /// What has to be known to find the issue later: in which repository, and from when on.
    pub fn aim(&self) -> Value {
        let place = format!("the repository {}", self.place());
        json!({ PLACE: place, "repository": self.place(), "since": Utc::now() })
    }

    /// Opens an issue with docket's mark in its text: one request, sent at most once.
    pub async fn dispatch(&self, parcel: &Parcel) -> Outcome {
        let issue = json!({
            "title": body::title(parcel),
            "body": body::body(parcel),
            "labels": self.shared.config.labels,
        });
        let sent = self
            .send(Method::POST, &self.issues(), &[], Some(&issue))
            .await;
        let read = self
            .judged(sent)
            .and_then(|answer| Ok((self.read(&answer)?, answer.status)));
        match read {
            Ok((issue, status)) => Outcome::Created(self.external(issue).told_by(status)),
            Err(fault) => fault.into(),
        }
    }

    /// Whether the issue is open now; none where its number is another issue's in the repository that the settings name by now.
    pub async fn standing(&self, external: &External) -> Result<Option<Standing>, Failure> {
        let path = [&self.issues()[..], &[external.key.as_str()]].concat();
        let sent = self.send(Method::GET, &path, &[], None).await;
        let read = self.judged(sent).and_then(|answer| self.read(&answer));
        let issue: Issue = match read {
            Ok(issue) => issue,
            Err(fault) if matches!(fault.status, Some(404 | 410)) => {
                let here = external.project_key == self.repository();
                return Ok(here.then(|| Standing {
                    raw: self.state(None),
                    ..Standing::gone()
                }));
            }
            Err(fault) => return Err(fault.failure()),
        };
        if issue.id.to_string() != external.id {
            return Ok(None);
        }
        let status = match (issue.state.as_str(), issue.state_reason.as_deref()) {
            ("closed", Some(reason)) => format!("closed ({reason})"),
            (state, _) => state.to_owned(),
        };
        Ok(Some(Standing {
            status: self.shared.party.redactor.clean(&status),
            category: if issue.state == "closed" {
                "DONE"
            } else {
                "OPEN"
            },
            raw: self.state(Some(&issue)),
        }))
    }

    fn external(&self, issue: Issue) -> External {
        let clean = |text: &str| self.shared.party.redactor.clean(text);
        let mut raw = self.state(Some(&issue));
        raw.retain(|_, value| !value.is_null());
        External {
            key: issue.number.to_string(),
            id: issue.id.to_string(),
            url: clean(&issue.html_url),
            self_url: clean(&issue.url),
            project_key: self.repository(),
            issue_type: String::new(),
            summary: clean(&issue.title),
            raw,
            ..External::default()
        }
    }

    /// Where the issue stands, in GitHub's terms; null: nothing to tell.
    fn state(&self, issue: Option<&Issue>) -> Map<String, Value> {
        let clean = |text: &str| Value::from(self.shared.party.redactor.clean(text));
        let state = issue.map(|issue| issue.state.as_str());
        let reason = issue.and_then(|issue| issue.state_reason.as_deref());
        let told = [(STATE, state), (REASON, reason)].into_iter();
        told.map(|(name, text)| (name.to_owned(), text.map_or(Value::Null, clean)))
            .collect()
    }

    fn repository(&self) -> String {
        let GithubConfig {
            owner, repository, ..
        } = &self.shared.config;
        format!("{owner}/{repository}")
    }

    /// The repository, whichever GitHub it is on.
    fn place(&self) -> String {
        let api = self.shared.config.api_url.as_str();
        format!("{} ({})", self.repository(), api.trim_end_matches('/'))
    }

    /// The path of the repository.
    fn repo(&self) -> [&str; 3] {
        let config = &self.shared.config;
        ["repos", &config.owner, &config.repository]
    }

    /// The path of its issues.
    fn issues(&self) -> [&str; 4] {
        let [repos, owner, repository] = self.repo();
        [repos, owner, repository, "issues"]
    }

    /// Sends one request, once.
    async fn send(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer, SendError> {
        let mut url: Url = self.shared.config.api_url.clone();
        // Fails for an address without a host only, which the guard refuses.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let sent = self.shared.http.send(&url, |client| {
            let request: RequestBuilder = client
                .request(method.clone(), url.clone())
                .bearer_auth(self.shared.credentials.token.expose_secret())
                .header("accept", "application/vnd.github+json")
                .header("x-github-api-version", "2022-11-28");
            match body {
                Some(body) => request.json(body),
                None => request,
            }
        });
        let sent = sent
            .await
            .map(|answer| answer.without(&self.shared.party.redactor));
        let path = url.path();
        match &sent {
            Ok(answer) => tracing::debug!(%method, path, status = answer.status, "github answered"),
            Err(error) => tracing::debug!(%method, path, ?error, "github gave no answer"),
        }
        sent
    }

    /// A success, or what stands in the way. A 403 may also mean that the rate limit is used up.
    fn judged(&self, sent: Result<Answer, SendError>) -> Result<Answer, Fault> {
        let party = &self.shared.party;
        if let Ok(answer) = &sent
            && matches!(answer.status, 403 | 429)
            && let Some(after) = limit(answer)
        {
            let said = party.redactor.clean(&said(answer));
            let fault = party.limited(&said, Some(after));
            return Err(fault.at(Some(answer.status)));
        }
        party.judge(sent, said)
    }

    fn read<T: serde::de::DeserializeOwned>(&self, answer: &Answer) -> Result<T, Fault> {
        let party = &self.shared.party;
        let bytes = party.body(answer)?;
        serde_json::from_slice(bytes).map_err(|_| party.unreadable(answer.status))
    }
}

/// How long to wait where a limit is used up: as told, else until it is reset; a minute where a secondary limit does not say (GitHub's
/// own advice).
fn limit(answer: &Answer) -> Option<Duration> {
    if let Some(after) = answer.retry_after() {
        return Some(after);
    }
    let used_up = answer.header("x-ratelimit-remaining") == Some("0");
    if let Some(reset) = reset(answer).filter(|_| used_up) {
        let now = answer.date().map_or_else(Utc::now, |now| now.to_utc());
        let wait = (reset - now).to_std().unwrap_or_default();
        return Some(wait.clamp(Duration::from_secs(1), super::http::MAX_WAIT));
    }
    let told = answer.status == 429 || said(answer).to_lowercase().contains("rate limit");
    (used_up || told).then_some(Duration::from_secs(60))
}

/// When the limit begins anew.
fn reset(answer: &Answer) -> Option<DateTime<Utc>> {
    let seconds = answer.header("x-ratelimit-reset")?.parse().ok()?;
    DateTime::from_timestamp(seconds, 0)
}

/// GitHub's `message`, and its `errors` field by field.
fn said(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(answer.bytes()).unwrap_or_default();
    let mut said = vec![body["message"].as_str().unwrap_or_default().to_owned()];
    for error in body["errors"].as_array().into_iter().flatten().take(20) {
        let text = |name: &str| error[name].as_str().unwrap_or_default();
        let why = [text("message"), text("code")];
        let why = why.into_iter().find(|why| !why.is_empty());
        match (text("field"), why.or(error.as_str())) {
            ("", Some(why)) => said.push(why.to_owned()),
            (field, why) => said.push(format!("{field}: {}", why.unwrap_or("invalid"))),
        }
    }
    said.retain(|text| !text.is_empty());
    said.join("; ")
}
