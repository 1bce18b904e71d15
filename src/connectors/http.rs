//! The one way out: an HTTP client with hard limits that sends every request at most once.

use std::{error::Error as StdError, time::Duration};

use chrono::{DateTime, FixedOffset, NaiveDateTime};
use ipnet::IpNet;
use reqwest::{Client, RequestBuilder, header::HeaderMap};
use url::Url;

use super::{
    guard::{Guard, Refused},
    reach::Unreached,
    redact::Redactor,
};

/// The longest wait that is taken from an answer; a longer one is cut to it: nobody means years.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(30 * 24 * 3600);

/// Limits of every call.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// The longest wait for a connection: name, TCP and TLS.
    pub connect_timeout: Duration,
    /// The longest time for a whole call, the connection and the answer's body included.
    pub total_timeout: Duration,
    /// The largest answer that is read, in bytes.
    pub max_body: usize,
    /// Networks that may be called although they are not public, and without TLS.
    pub allowed: Vec<IpNet>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(30),
            max_body: 4 * 1024 * 1024,
            allowed: Vec::new(),
        }
    }
}

/// The client of all connectors. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Http {
    guard: Guard,
    /// For https: resolves names to public or allowed addresses.
    secure: Client,
    /// For http: resolves names to allowed addresses alone.
    plain: Client,
    max_body: usize,
    timeout: Duration,
}

/// An answer whose head arrived. What became of its body is told apart, for the head alone often decides.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, for [`Answer::header`].
    headers: HeaderMap,
    /// The body, if it arrived whole.
    pub body: Result<Vec<u8>, Lost>,
}

impl Answer {
    /// The answer, with the secrets taken out that it repeats: so none is kept or shown, whatever is made of it.
    pub(super) fn without(mut self, redactor: &Redactor) -> Self {
        if let Ok(body) = &mut self.body {
            redactor.hide(body);
        }
        self
    }
}

/// Why no answer came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// Nothing reached the other side.
    NotSent(NotSent),
    /// The request may have been received, and acted upon.
    Lost(Lost),
}

/// Why nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotSent {
    /// The address guard forbids it.
    Refused(Refused),
    /// No connection came about: name, TCP or TLS.
    Unreached(Unreached),
    /// The request could not be built.
    Unbuilt,
}

/// How an answer, or the rest of one, got lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// It took too long.
    Timeout,
    /// The connection broke.
    Connection,
    /// It was larger than the limit.
    TooLarge,
}

impl Http {
    /// Builds the client. Fails only when the system offers no TLS.
    pub fn new(settings: &HttpSettings) -> reqwest::Result<Self> {
        let guard = Guard::new(settings.allowed.iter().copied());
        Ok(Self {
            secure: client(settings, &guard, true)?,
            plain: client(settings, &guard, false)?,
            max_body: settings.max_body,
            timeout: settings.total_timeout,
            guard,
        })
    }

    /// Whether the address may be called, as far as it tells by itself: a name may yet lead to what may not.
    pub fn check(&self, url: &Url) -> Result<(), Refused> {
        self.guard.check_url(url).map(drop)
    }

    /// The longest time for a whole call, where the call does not set another.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Sends what `build` makes of the right client, once, and reads the answer.
    pub async fn send(
        &self,
        url: &Url,
        build: impl FnOnce(&Client) -> RequestBuilder,
    ) -> Result<Answer, SendError> {
        let secure = self
            .guard
            .check_url(url)
            .map_err(|refused| SendError::NotSent(NotSent::Refused(refused)))?;
        let client = if secure { &self.secure } else { &self.plain };
        let mut response = build(client).send().await.map_err(classify)?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let body = read(response, self.max_body).await;
        Ok(Answer {
            status,
            headers,
            body,
        })
    }
}

fn client(settings: &HttpSettings, guard: &Guard, secure: bool) -> reqwest::Result<Client> {
    Client::builder()
        .tls_backend_rustls()
        .https_only(secure)
        .http1_only()
        .connect_timeout(settings.connect_timeout)
        .timeout(settings.total_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .user_agent(concat!("docket/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(guard.resolver(secure))
        // A request must never be sent twice unasked. reqwest repeats on protocol NACKs by default; hyper-util repeats
        // a request that met a pooled connection just closed, which reqwest gives no switch for: so nothing is pooled.
        // That also keeps a create off an idle connection that the other side is about to close.
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(0)
        .build()
}

async fn read(mut response: reqwest::Response, limit: usize) -> Result<Vec<u8>, Lost> {
    let limit_u64 = u64::try_from(limit).unwrap_or(u64::MAX);
    if response.content_length().is_some_and(|n| n > limit_u64) {
        return Err(Lost::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? {
        if body.len() + chunk.len() > limit {
            return Err(Lost::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn classify(error: reqwest::Error) -> SendError {
    if let Some(refused) = refused(&error) {
        SendError::NotSent(NotSent::Refused(refused))
    } else if error.is_builder() {
        SendError::NotSent(NotSent::Unbuilt)
    } else if error.is_connect() {
        SendError::NotSent(NotSent::Unreached(Unreached::by(&error)))
    } else {
        SendError::Lost(lost(&error))
    }
}

fn lost(error: &reqwest::Error) -> Lost {
    if error.is_timeout() {
        Lost::Timeout
    } else {
        Lost::Connection
    }
}

/// The guard's refusal that the resolver reported, somewhere in the chain of causes.
fn refused(error: &reqwest::Error) -> Option<Refused> {
    let mut cause: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<Refused>() {
            return Some(refused.clone());
        }
        cause = error.source();
    }
    None
}

/// A count of seconds, whole or not, rounded up: so that nobody comes too early, however long the number is.
fn seconds(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) {
        return None;
    }
    let whole: u64 = whole.parse().unwrap_or(u64::MAX);
    Some(whole.saturating_add(part.bytes().any(|b| b != b'0').into()))
}

/// A date in any of the three forms that a recipient has to take (RFC 9110, section 5.6.7).
fn http_date(text: &str) -> Option<DateTime<FixedOffset>> {
    let older = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    let older = older
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    DateTime::parse_from_rfc2822(text)
        .ok()
        .or_else(|| Some(older?.and_utc().fixed_offset()))
}

impl Answer {
    /// A header's text, if it is there and readable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body, empty when it did not arrive whole.
    pub fn bytes(&self) -> &[u8] {
        self.body.as_deref().unwrap_or_default()
    }

    /// How long `Retry-After` asks to wait: in seconds or until a date (RFC 9110, section 10.2.3), which is held against the answer's own
    /// `Date`, so that no clock but the sender's counts. At most 30 days.
    pub fn retry_after(&self) -> Option<Duration> {
        let asked = self.header("retry-after")?.trim();
        let wait = match seconds(asked) {
            Some(seconds) => Duration::from_secs(seconds),
            None => (http_date(asked)? - self.date()?)
                .to_std()
                .unwrap_or_default(),
        };
        Some(wait.min(MAX_WAIT))
    }

    /// What the sender's clock said.
    pub fn date(&self) -> Option<DateTime<FixedOffset>> {
        http_date(self.header("date")?)
    }

    /// An answer for tests of what reads answers.
    #[cfg(test)]
    pub(crate) fn fake(
        status: u16,
        headers: &[(&'static str, &str)],
        body: Result<&str, Lost>,
    ) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (
                    reqwest::header::HeaderName::from_static(name),
                    reqwest::header::HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect();
        Self {
            status,
            headers,
            body: body.map(|text| text.as_bytes().to_vec()),
        }
    }
}
