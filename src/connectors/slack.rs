//! Slack's Web API: a ticket becomes a message in a channel, and its files hang below it.

mod check;
mod files;
mod find;
mod message;
mod refusal;

use std::{fmt, sync::Arc};

use chrono::Utc;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};
use url::Url;

use super::{
    PLACE, SlackCredentials,
    fault::{Fault, Party},
    http::{Answer, Http, SendError},
    outcome::{External, Outcome},
    parcel::Parcel,
    redact::Redactor,
};
use crate::{domain::integration::SlackConfig, error::Reason};

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
        let party = Party::new(
            "Slack",
            format!("the channel {}", config.channel),
            "Look at slack-status.com",
            Redactor::new([credentials.bot_token.clone()]),
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

    /// What has to be known to find the message later, and to name its address without another call: in which channel of which
    /// workspace, and from when on. A workspace that does not tell its address costs the message no more than that.
    pub async fn aim(&self) -> Value {
        let said = self.ask("auth.test", &[]).await.ok();
        let workspace = said.and_then(|said| said.body["url"].as_str().map(str::to_owned));
        let channel = &self.shared.config.channel;
        json!({
            PLACE: format!("the Slack channel {channel}"),
            "channel": channel,
            "workspace": workspace,
            "since": Utc::now(),
        })
    }

    /// Posts a message with docket's mark in its metadata: one request, sent at most once. `None`: Slack refuses it for its length alone, and
    /// it has less of the description the next time.
    pub async fn dispatch(
        &self,
        parcel: &Parcel,
        aim: &Value,
        cuts: &mut usize,
    ) -> Option<Outcome> {
        let channel = &self.shared.config.channel;
        let most = message::DESCRIPTIONS.get(*cuts).copied();
        let message = message::of(parcel, channel, most.unwrap_or_default());
        let said = match self.tell("chat.postMessage", &message).await {
            Ok(said) => said,
            Err(fault) if is_of_length(&fault) && *cuts + 1 < message::DESCRIPTIONS.len() => {
                *cuts += 1;
                return None;
            }
            Err(fault) => return Some(fault.into()),
        };
        Some(
            match (said.body["channel"].as_str(), said.body["ts"].as_str()) {
                (Some(channel), Some(ts)) if !ts.is_empty() => {
                    let made = self.external(channel, ts, parcel, aim);
                    Outcome::Created(made.told_by(said.answer.status))
                }
                _ => self.shared.party.unreadable(said.answer.status).into(),
            },
        )
    }

    /// The message. Nothing is asked for here: what was made has to be written down before anything else may fail.
    fn external(&self, channel: &str, ts: &str, parcel: &Parcel, aim: &Value) -> External {
        let link = permalink(aim["workspace"].as_str().unwrap_or_default(), channel, ts);
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
            ..External::default()
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

    /// A page of a list, and where the next one begins; none after the last one.
    async fn page(
        &self,
        method: &str,
        query: &[(&str, &str)],
        cursor: &str,
    ) -> Result<(Value, Option<String>), Fault> {
        let begin = [("cursor", cursor)];
        let begin = begin.iter().filter(|(_, cursor)| !cursor.is_empty());
        let query: Vec<_> = query.iter().chain(begin).copied().collect();
        let body = self.ask(method, &query).await?.body;
        let next = body["response_metadata"]["next_cursor"].as_str();
        let next = next.filter(|next| !next.is_empty()).map(str::to_owned);
        Ok((body, next))
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
        let sent = sent
            .await
            .map(|answer| answer.without(&self.shared.party.redactor));
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
}

/// Whether Slack's own word was that the message is too long. (A gateway's status tells less of what was done.)
fn is_of_length(fault: &Fault) -> bool {
    fault.reason == Reason::PlatformContentTooLarge && fault.status == Some(200)
}

/// Where people see a message, by the form that Slack gives such addresses; none where the workspace has not told its own.
fn permalink(workspace: &str, channel: &str, ts: &str) -> Option<String> {
    let mut url = Url::parse(workspace)
        .ok()
        .filter(|url| url.scheme() == "https")?;
    let place = format!("p{}", ts.replace('.', ""));
    url.path_segments_mut()
        .ok()?
        .clear()
        .extend(["archives", channel, place.as_str()]);
    url.set_query(None);
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Slack's documentation.
    #[test]
    fn an_address_is_made_as_slack_makes_it() {
        let of = |workspace| permalink(workspace, "C1H9RESGA", "135854651.500008");
        assert_eq!(
            of("https://ghostbusters.slack.com/").as_deref(),
            Some("https://ghostbusters.slack.com/archives/C1H9RESGA/p135854651500008")
        );
        for unfit in [
            "",
            "ghostbusters",
            "javascript:alert(1)",
            "http://x.example/",
        ] {
            assert_eq!(of(unfit), None, "{unfit}");
        }
    }
}
