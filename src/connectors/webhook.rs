//! Any HTTP receiver, called as Standard Webhooks describe: a signed POST whose id stays the same however often it is sent.

mod payload;
mod sign;

use std::{fmt, sync::Arc};

use chrono::Utc;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    BODY, Check, PLACE, WebhookCredentials,
    fault::{Fault, Next, Party},
    http::{Answer, Http, SendError},
    outcome::{AtFault, External, Outcome},
    parcel::Parcel,
    redact::Redactor,
};
use crate::{
    domain::{export::ErrorCategory::AdminRequired, integration::WebhookConfig},
    error::Reason,
};

/// What a person does about a receiver that is gone.
const GONE: &str = "Give the integration another address with UpdateIntegration (where docket has switched it off, switch it on again with SetIntegrationEnabled: what waits for it goes out then), or delete it";
/// What a person does about a receiver that has a problem of its own.
const CARE: &str = "Have the receiver looked at";

/// A receiver with the secrets that it knows docket by. Cheap to clone; Debug shows its host alone.
#[derive(Clone)]
pub struct Webhook {
    shared: Arc<Shared>,
}

struct Shared {
    http: Http,
    config: WebhookConfig,
    credentials: WebhookCredentials,
    party: Party,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("host", &self.shared.config.url.host_str())
            .finish_non_exhaustive()
    }
}

impl Webhook {
    /// Why files do not go along.
    pub const NO_FILES: &'static str = "A webhook carries no files: its receiver fetches them with DownloadAttachment, by the ids in `data.attachments`.";

    /// Why docket does not look for what it sent.
    pub const NO_LOOK: &'static str = "A webhook's receiver cannot be asked what it has taken; the same message sent again is dropped by its id.";

    /// Prepares the connection; nothing is sent.
    pub fn new(http: &Http, config: &WebhookConfig, credentials: &WebhookCredentials) -> Self {
        let host = config.url.host_str().unwrap_or_default();
        // A receiver may echo the key without its prefix.
        let secrets = credentials.secrets.iter().flat_map(|secret| {
            let bare = secret.expose_secret().trim_start_matches("whsec_");
            [secret.clone(), bare.to_owned().into()]
        });
        let party = Party {
            unproved: "refused docket's signature",
            barred: "does not take docket's messages".to_owned(),
            missing: "does not know the address in the integration's settings".to_owned(),
            ..Party::new(
                "the webhook's receiver",
                format!("the webhook at {host}"),
                CARE,
                Redactor::new(secrets),
            )
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

    /// Posts a message of the type `docket.ping`: a receiver that passes over types that it does not know answers it with success.
    pub async fn check(&self) -> Check {
        let body = json!({
            "type": "docket.ping",
            "timestamp": Utc::now(),
            "data": {},
        });
        let id = format!("ping-{}", Uuid::new_v4().as_simple());
        let begun = Instant::now();
        let sent = self.post(&id, &body.to_string()).await;
        let latency = begun.elapsed();
        let problems = match self.judged(sent) {
            Ok(_) => Vec::new(),
            Err(fault) => vec![fault.problem("url")],
        };
        Check {
            ok: problems.is_empty(),
            latency,
            account: None,
            problems,
        }
    }

    /// Where it went, and what was sent: the receiver knows a repetition by its id, and drops it, so that it has to be the same.
    pub fn aim(&self, parcel: &Parcel) -> Value {
        let host = self.shared.config.url.host_str().unwrap_or_default();
        json!({
            PLACE: format!("what the webhook's receiver {host} has taken"),
            BODY: payload::of(parcel).to_string(),
        })
    }

    /// Posts the message in the aim: one request. The receiver knows a repetition by `webhook-id`, which is the parcel's key.
    pub async fn dispatch(&self, parcel: &Parcel, aim: &Value) -> Outcome {
        let key = parcel.key.as_str();
        let body = aim[BODY].as_str().unwrap_or_default();
        match self.judged(self.post(key, body).await) {
            Ok(answer) => {
                let made = self.external(parcel, &answer);
                Outcome::Created(made.told_by(answer.status))
            }
            Err(fault) => fault.into(),
        }
    }

    fn external(&self, parcel: &Parcel, answer: &Answer) -> External {
        let mut raw = serde_json::Map::new();
        raw.insert("http_status".to_owned(), answer.status.into());
        let said: Option<Value> = serde_json::from_slice(answer.bytes()).ok();
        let text = |name: &str| {
            let text = said.as_ref().and_then(|said| said[name].as_str());
            let text = text.unwrap_or_default();
            self.shared.party.redactor.clean(text)
        };
        let url = text("url");
        let shown = url.starts_with("https://") || url.starts_with("http://");
        External {
            key: match text("id") {
                id if id.is_empty() => parcel.key.to_string(),
                id => id,
            },
            id: parcel.key.to_string(),
            url: if shown { url } else { String::new() },
            summary: parcel.title.clone(),
            raw,
            ..External::default()
        }
    }

    /// Any 2xx is success, whatever comes with it, and nothing else is.
    fn judged(&self, sent: Result<Answer, SendError>) -> Result<Answer, Fault> {
        let party = &self.shared.party;
        let quote = |answer: &Answer| String::from_utf8_lossy(answer.bytes()).into_owned();
        party
            .judge(sent, quote)
            .map_err(|fault| match fault.status {
                // Standard Webhooks have a sender switch off what answers so.
                Some(410) => Fault {
                    what: "The webhook's receiver is gone for good (status 410): a ticket that meets this has docket switch the integration off."
                        .to_owned(),
                    fix: GONE.to_owned(),
                    at_fault: AtFault::Gone,
                    ..fault
                },
                Some(401) => Fault {
                    fix: "Have the receiver know one of the integration's secrets".to_owned(),
                    ..fault
                },
                Some(403 | 404) => Fault {
                    fix: "Check the address in the integration's settings, and have the receiver looked at".to_owned(),
                    ..fault
                },
                // A receiver may say so of a message that it would take after a repair of its own.
                Some(400 | 422) => Fault {
                    next: Next::Wait,
                    category: AdminRequired,
                    reason: Reason::PlatformRejected,
                    fix: CARE.to_owned(),
                    at_fault: AtFault::Integration,
                    ..fault
                },
                _ => fault,
            })
    }

    /// One signed request.
    async fn post(&self, id: &str, body: &str) -> Result<Answer, SendError> {
        let Shared {
            http,
            config,
            credentials,
            party,
        } = &*self.shared;
        let body = body.to_owned();
        let now = Utc::now().timestamp();
        let signature = sign::signatures(credentials, id, now, body.as_bytes());
        let sent = http.send(&config.url, |client| {
            let mut request: RequestBuilder = client.post(config.url.clone());
            for (name, value) in &config.headers {
                request = request.header(name, value);
            }
            request
                .header("content-type", "application/json")
                .header("accept", "application/json")
                .header("webhook-id", id)
                .header("webhook-timestamp", now)
                .header("webhook-signature", signature)
                .body(body)
        });
        let sent = sent.await.map(|answer| answer.without(&party.redactor));
        match &sent {
            Ok(answer) => tracing::debug!(
                id,
                status = answer.status,
                "the webhook's receiver answered"
            ),
            Err(error) => tracing::debug!(id, ?error, "the webhook's receiver gave no answer"),
        }
        sent
    }
}
