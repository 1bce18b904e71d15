//! Slack's Web API: a ticket becomes a message in a channel, and its files hang below it.

mod check;
mod files;
mod find;
mod message;

use std::{fmt, sync::Arc, time::Duration};

use chrono::Utc;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};
use url::Url;

use super::{
    SlackCredentials,
    fault::{Fault, Next, Party},
    http::{Answer, Http, SendError},
    outcome::{External, Outcome},
    parcel::Parcel,
    redact::Redactor,
};
use crate::{
    domain::{
        export::ErrorCategory::{AdminRequired, Temporary, UserFixable},
        integration::SlackConfig,
    },
    error::Reason,
};

/// A channel with the bot that docket posts as. Cheap to clone; Debug shows the channel alone.
#[derive(Clone)]
pub struct Slack {
    shared: Arc<Shared>,
}

struct Shared {
    http: Http,
    config: SlackConfig,
    credentials: SlackCredentials,
    party: Party,
}

impl fmt::Debug for Slack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slack")
            .field("channel", &self.shared.config.channel)
            .finish_non_exhaustive()
    }
}

/// An answer of Slack's: it says `"ok": true`.
struct Said {
    answer: Answer,
    body: Value,
}

impl Slack {
    /// Prepares the connection; nothing is sent.
    pub fn new(http: &Http, config: &SlackConfig, credentials: &SlackCredentials) -> Self {
        let party = Party {
            name: "Slack",
            place: format!("the channel {}", config.channel),
            redactor: Redactor::new([credentials.bot_token.clone()]),
        };
        Self {
            shared: Arc::new(Shared {
                http: http.clone(),
                config: config.clone(),
                credentials: credentials.clone(),
                party,
            }),
        }
    }

    /// What has to be known to find the message later: in which channel, and from when on.
    pub fn aim(&self) -> Value {
        json!({ "channel": self.shared.config.channel, "since": Utc::now() })
    }

    /// Posts a message with docket's mark in its metadata: one request, sent at most once.
    pub async fn dispatch(&self, parcel: &Parcel) -> Outcome {
        let message = message::of(parcel, &self.shared.config.channel);
        let said = match self.tell("chat.postMessage", &message).await {
            Ok(said) => said,
            Err(fault) => return fault.into(),
        };
        match (said.body["channel"].as_str(), said.body["ts"].as_str()) {
            (Some(channel), Some(ts)) if !ts.is_empty() => {
                Outcome::Created(self.external(channel, ts, parcel).await)
            }
            _ => self.shared.party.unreadable(said.answer.status).into(),
        }
    }

    /// The message, with its address where Slack tells that.
    async fn external(&self, channel: &str, ts: &str, parcel: &Parcel) -> External {
        let query = [("channel", channel), ("message_ts", ts)];
        let link = self.ask("chat.getPermalink", &query).await.ok();
        let link = link.and_then(|said| said.body["permalink"].as_str().map(str::to_owned));
        let clean = |text: &str| self.shared.party.redactor.clean(text);
        let mut raw = Map::new();
        raw.insert("channel".to_owned(), clean(channel).into());
        raw.insert("ts".to_owned(), clean(ts).into());
        External {
            key: format!("{}/{}", clean(channel), clean(ts)),
            id: clean(ts),
            url: link.map(|link| clean(&link)).unwrap_or_default(),
            self_url: String::new(),
            project_key: clean(channel),
            issue_type: "message".to_owned(),
            summary: parcel.title.clone(),
            raw,
        }
    }

    /// A call that does something.
    async fn tell(&self, method: &str, body: &Value) -> Result<Said, Fault> {
        let sent = self.send(method, |request| {
            // Slack warns of JSON whose charset is not told.
            request
                .header("content-type", "application/json; charset=utf-8")
                .body(body.to_string())
        });
        self.said(sent.await)
    }

    /// A call that reads.
    async fn ask(&self, method: &str, query: &[(&str, &str)]) -> Result<Said, Fault> {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .finish();
        let sent = self.send(method, |request| {
            request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form)
        });
        self.said(sent.await)
    }

    async fn send(
        &self,
        method: &str,
        build: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer, SendError> {
        let mut url: Url = self.shared.config.api_url.clone();
        // Fails for an address without a host only, which the guard refuses.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(method);
        }
        let sent = self.shared.http.send(&url, |client| {
            let token = self.shared.credentials.bot_token.expose_secret();
            build(client.post(url.clone()).bearer_auth(token))
        });
        let sent = sent.await;
        match &sent {
            Ok(answer) => tracing::debug!(method, status = answer.status, "slack answered"),
            Err(error) => tracing::debug!(method, ?error, "slack gave no answer"),
        }
        sent
    }

    /// Slack says 200 to refusals too, and names them in `error`.
    fn said(&self, sent: Result<Answer, SendError>) -> Result<Said, Fault> {
        let party = &self.shared.party;
        let answer = party.judge(sent, |answer| {
            let body: Value = serde_json::from_slice(answer.bytes()).unwrap_or_default();
            body["error"].as_str().unwrap_or_default().to_owned()
        })?;
        let bytes = party.body(&answer)?;
        let body: Value =
            serde_json::from_slice(bytes).map_err(|_| party.unreadable(answer.status))?;
        match (body["ok"].as_bool(), body["error"].as_str()) {
            (Some(true), _) => Ok(Said { answer, body }),
            (Some(false), Some(error)) => {
                let needed = body["needed"].as_str().unwrap_or_default();
                Err(self.refusal(error, needed, answer.retry_after()))
            }
            _ => Err(party.unreadable(answer.status)),
        }
    }

    /// What Slack's own word for a refusal means.
    fn refusal(&self, error: &str, needed: &str, after: Option<Duration>) -> Fault {
        let party = &self.shared.party;
        let place = &party.place;
        let word = party.redactor.clean(error);
        let fault = |next, category, reason, what: String, todo: &str| {
            Fault::new(next, category, reason, what, todo).at(Some(200))
        };
        match error {
            "invalid_auth"
            | "not_authed"
            | "token_revoked"
            | "token_expired"
            | "account_inactive"
            | "team_access_not_granted"
            | "org_login_required" => fault(
                Next::Wait,
                AdminRequired,
                Reason::PlatformUnauthorized,
                format!("Slack refused the bot's token ({word})."),
                "Renew the bot token with UpdateIntegration, test the integration, then dispatch the ticket again.",
            ),
            "missing_scope" | "no_permission" | "ekm_access_denied" | "access_denied" => {
                let needed = party.redactor.clean(needed);
                let scope = match needed.as_str() {
                    "" => String::new(),
                    needed => format!(": it needs the scope {needed}"),
                };
                fault(
                    Next::Wait,
                    AdminRequired,
                    Reason::PlatformForbidden,
                    format!("The Slack app may not do that ({word}){scope}."),
                    "Give the app the scope, install it anew, then dispatch the ticket again.",
                )
            }
            "not_in_channel" | "restricted_action" | "restricted_action_read_only_channel" => {
                fault(
                    Next::Wait,
                    AdminRequired,
                    Reason::PlatformForbidden,
                    format!("The Slack app may not post in {place} ({word})."),
                    "Invite the app into the channel with /invite, then dispatch the ticket again.",
                )
            }
            "channel_not_found" | "is_archived" | "messages_tab_disabled" => fault(
                Next::Wait,
                AdminRequired,
                Reason::PlatformNotFound,
                format!(
                    "Slack has no channel {}, it is archived, or the app does not see it ({word}).",
                    self.shared.config.channel
                ),
                "Check the channel in the integration's settings, and invite the app into it; then dispatch the ticket again.",
            ),
            "ratelimited" | "rate_limited" | "message_limit_exceeded" => {
                party.limited(&word, after).at(Some(200))
            }
            "msg_too_long" | "msg_blocks_too_long" | "metadata_too_large" => fault(
                Next::Reject,
                UserFixable,
                Reason::PlatformContentTooLarge,
                format!("Slack takes no message as long as this one ({word})."),
                "Shorten the description, then dispatch the ticket again.",
            )
            .of_ticket(),
            // Slack's own words for a fault of its own; it may have posted all the same.
            "internal_error"
            | "fatal_error"
            | "service_unavailable"
            | "request_timeout"
            | "team_added_to_org" => fault(
                Next::Look,
                Temporary,
                Reason::PlatformServerError,
                format!(
                    "Slack has a problem of its own ({word}), so that nobody knows whether it took the ticket."
                ),
                "docket looks for what was made before it sends anything again.",
            ),
            _ => fault(
                Next::Reject,
                UserFixable,
                Reason::PlatformRejected,
                format!("Slack refused the ticket ({word})."),
                "Change the ticket, or the integration's settings, then dispatch the ticket again.",
            )
            .of_ticket(),
        }
    }
}
