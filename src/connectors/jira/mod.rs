//! Jira Cloud (REST API version 3) and Data Center (version 2): creating issues, finding them again, and what a project lets one do.

pub mod adf;
mod agile;
mod changelog;
mod check;
mod client;
mod compare;
mod description;
mod dispatch;
mod failure;
mod fields;
mod files;
mod issue;
mod links;
mod meta;
mod now;
mod ours;
mod outcome;
mod people;
mod priority;
mod probe;
mod project_meta;
mod standing;
mod touched;
mod witness;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use reqwest::{Method, RequestBuilder};
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

pub use agile::{Board, Sprint};
pub use changelog::FieldNow;
pub use client::{Mark, Marker, NewIssue, PROPERTY};
pub use compare::{adf_text, agrees, as_text};
pub use description::{Description, FULL_TEXT, cut_further, full_text};
pub(super) use dispatch::Draft;
pub use failure::{CreateContext, HardStop};
pub use fields::{FieldIds, IssueInput, IssuePlan, Unsent, is_jira_field};
pub use files::{AttachOutcome, IssueFile, NewFile};
pub use links::{IssueLink, LinkType};
pub use meta::{
    Account, AttachmentSettings, CreateField, IssueType, Permissions, Project, ServerInfo,
    SiteSettings,
};
pub use now::IssueNow;
pub use ours::{Estranged, Recorded};
pub use outcome::{CallError, CreateOutcome, IssueRef, Rejection, Trouble};
pub use people::Assignee;
pub use probe::{FoundIssue, MarkedIssue, Probe};
pub use project_meta::{PlanError, ProjectMeta};
pub use touched::{Condition, OwnFiles, OwnIssue};
pub use witness::Witness;

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{
    JiraCredentials,
    http::{Answer, Http, SendError},
    outcome::External,
    redact::Redactor,
};
use crate::domain::integration::{JiraConfig, JiraDeployment};

/// A Jira site with the account that docket uses there. Cheap to clone; Debug shows the site alone.
#[derive(Clone)]
pub struct Jira {
    shared: Arc<Shared>,
    witness: Option<Arc<dyn Witness>>,
}

struct Shared {
    http: Http,
    config: JiraConfig,
    credentials: JiraCredentials,
    redactor: Redactor,
    near_limit: AtomicBool,
    requests: AtomicU64,
}

impl fmt::Debug for Jira {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jira")
            .field("site", &self.shared.config.site_url.as_str())
            .finish_non_exhaustive()
    }
}

impl Jira {
    /// Prepares the connection; nothing is sent.
    pub fn new(http: &Http, config: &JiraConfig, credentials: &JiraCredentials) -> Self {
        Self {
            shared: Arc::new(Shared {
                http: http.clone(),
                config: config.clone(),
                credentials: credentials.clone(),
                redactor: redactor(credentials),
                near_limit: AtomicBool::new(false),
                requests: AtomicU64::new(0),
            }),
            witness: None,
        }
    }

    /// The same connection; `witness` sees each of its calls.
    pub fn witnessed_by(self, witness: Arc<dyn Witness>) -> Self {
        Self {
            witness: Some(witness),
            ..self
        }
    }

    /// Whether the issue was made on this site: an integration may have been led to another since, where the same key and the same
    /// number are other people's issue.
    fn is_here(&self, external: &External) -> bool {
        let site = self.shared.config.site_url.as_str().trim_end_matches('/');
        let rest = external.self_url.strip_prefix(site);
        rest.is_some_and(|rest| rest.starts_with("/rest/api/"))
    }

    /// Whether the site is one of Jira Cloud.
    pub fn is_cloud(&self) -> bool {
        self.shared.config.deployment == JiraDeployment::Cloud
    }

    /// The site's settings.
    pub fn config(&self) -> &JiraConfig {
        &self.shared.config
    }

    /// Whether Jira's latest answer said that little of its rate limit is left (`X-RateLimit-NearLimit`): go slower.
    pub fn near_limit(&self) -> bool {
        self.shared.near_limit.load(Ordering::Relaxed)
    }

    /// How many requests were sent over this connection.
    pub fn requests_sent(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }

    /// The address at which a person sees an issue.
    pub fn browse_url(&self, key: &str) -> Url {
        self.url(&["browse", key])
    }

    /// The address of an issue in the API, as Jira itself names it.
    pub fn issue_url(&self, id: &str) -> Url {
        self.url(&["rest", "api", "3", "issue", id])
    }

    /// The site's address with these path segments, each of them encoded. What both versions of the interface have is named by
    /// version 3's path.
    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.shared.config.site_url.clone();
        let older = self.shared.config.deployment == JiraDeployment::DataCenter;
        let path = match path {
            ["rest", "api", "3", rest @ ..] if older => [&["rest", "api", "2"], rest].concat(),
            path => path.to_vec(),
        };
        // Fails for an address without a host only, which the guard refuses.
        if let Ok(mut segments) = url.path_segments_mut() {
            // A site of an organisation's own may lie below a path.
            segments.pop_if_empty().extend(path);
        }
        url
    }

    /// Sends one request, once.
    async fn send(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer, SendError> {
        let build = |request: RequestBuilder| match body {
            Some(body) => request.json(body),
            None => request,
        };
        self.send_with(method, path, query, body, build).await
    }

    /// Sends one request, once, with what `build` adds to it; `body` is what a witness is told of that.
    async fn send_with(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
        build: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer, SendError> {
        let mut url = self.url(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.shared.requests.fetch_add(1, Ordering::Relaxed);
        let begun = Instant::now();
        let sent = self.shared.http.send(&url, |client| {
            let request = client.request(method.clone(), url.clone());
            build(self.signed(request).header("accept", "application/json"))
        });
        let sent = sent
            .await
            .map(|answer| answer.without(&self.shared.redactor));
        let path = url.path();
        match &sent {
            Ok(answer) => {
                let near = answer.header("x-ratelimit-nearlimit");
                let near = near.is_some_and(|text| text.eq_ignore_ascii_case("true"));
                self.shared.near_limit.store(near, Ordering::Relaxed);
                tracing::debug!(%method, path, status = answer.status, "jira answered");
            }
            Err(error) => tracing::debug!(%method, path, ?error, "jira gave no answer"),
        }
        if let Some(witness) = &self.witness {
            witness.saw(self.exchange((&method, &url, body), &sent, begun.elapsed()));
        }
        sent
    }

    /// The request with the account's credentials, which reqwest marks as sensitive.
    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        let Shared {
            config,
            credentials,
            ..
        } = &*self.shared;
        let token = credentials.api_token.expose_secret();
        match config.deployment {
            JiraDeployment::Cloud => request.basic_auth(&credentials.email, Some(token)),
            JiraDeployment::DataCenter => request.bearer_auth(token),
        }
    }

    /// A call that may be repeated without harm, and its answer.
    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<T, CallError> {
        let sent = self.send(method, path, query, body).await;
        let bytes = outcome::of_call(sent, &self.shared.redactor)?;
        serde_json::from_slice(&bytes).map_err(|_| Trouble::Unreadable.into())
    }

    /// A call that may be repeated without harm, and whose answer does not matter.
    async fn tell(&self, method: Method, path: &[&str], body: &Value) -> Result<(), CallError> {
        let sent = self.send(method, path, &[], Some(body)).await;
        outcome::of_call(sent, &self.shared.redactor).map(|_| ())
    }

    async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, CallError> {
        self.call(Method::GET, path, query, None).await
    }
}

/// Knows the credentials in every form in which they travel.
fn redactor(credentials: &JiraCredentials) -> Redactor {
    let token = credentials.api_token.expose_secret();
    let basic = BASE64_STANDARD.encode(format!("{}:{token}", credentials.email));
    let secret = credentials.webhook_secret.clone();
    Redactor::new(
        [basic.into(), credentials.api_token.clone()]
            .into_iter()
            .chain(secret),
    )
}
