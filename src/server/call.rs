//! What is known of a call before it is carried out: its method, its id, and until when there must be an answer.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use http::{HeaderMap, HeaderName, HeaderValue, Request};
use tokio::time::Instant;
use tonic::Code;
use uuid::Uuid;

/// The header that names a call in the log, in the answer and in `RequestInfo`.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// tonic applies `grpc-timeout` too, outside all layers and with the wrong code (CANCELLED). Due this much earlier, in whole timer
/// ticks and counted from before tonic's own timer starts ([`stamp`]), the right one is always there first.
const AHEAD: Duration = Duration::from_millis(2);

/// When a request came in.
#[derive(Clone, Copy, Debug)]
struct Arrival(Instant);

/// Notes when the request came in. To be run as the outermost layer, which is called before tonic starts its timer; what is inside
/// the router only begins when first polled.
pub(crate) fn stamp<B>(mut request: Request<B>) -> Request<B> {
    request.extensions_mut().insert(Arrival(Instant::now()));
    request
}

/// A call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The path: `/docket.v1.TicketService/GetTicket`.
    pub(crate) method: String,
    /// The client's `x-request-id` where it is fit to be logged, else a new UUID.
    pub(crate) request_id: HeaderValue,
    /// When the call came in.
    pub(crate) start: Instant,
    /// Until when there must be an answer, and on a stream its end.
    pub(crate) deadline: Option<Instant>,
    /// Whether it goes on for as long as somebody watches.
    pub(crate) watches: bool,
}

/// How long calls may take.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// For calls with one request and one response.
    pub(crate) unary: Duration,
    /// For those that are published to take longer, by their paths.
    pub(crate) longer: HashMap<String, Duration>,
    /// The paths of methods with a stream in either direction, which the client's own deadline alone bounds.
    pub(crate) streaming: HashSet<String>,
}

impl Call {
    /// The call that a request begins.
    pub(crate) fn new<B>(request: &Request<B>, limits: &Limits) -> Self {
        let (path, headers) = (request.uri().path(), request.headers());
        let arrival = request.extensions().get::<Arrival>();
        let start = arrival.map_or_else(Instant::now, |arrival| arrival.0);
        let asked = grpc_timeout(headers).map(|timeout| timeout.saturating_sub(AHEAD));
        let unary = limits.longer.get(path).copied().unwrap_or_default();
        let allowed = (!limits.streaming.contains(path)).then_some(unary.max(limits.unary));
        let limit = asked.into_iter().chain(allowed).min();
        Self {
            method: path.to_owned(),
            request_id: request_id(headers),
            start,
            deadline: limit.and_then(|limit| start.checked_add(limit)),
            watches: limits.streaming.contains(path) && path.contains("/Watch"),
        }
    }

    /// The id as text.
    pub(crate) fn id(&self) -> &str {
        self.request_id.to_str().unwrap_or_default()
    }

    /// Logs how the call ended. Probes of health come every few seconds, so that they are for `debug` alone.
    pub(crate) fn log_end(&self, code: Code) {
        let latency_ms = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        if self.method.starts_with("/grpc.health.") {
            tracing::debug!(status = ?code, latency_ms, "call ended");
        } else {
            tracing::info!(status = ?code, latency_ms, "call ended");
        }
    }
}

fn request_id(headers: &HeaderMap) -> HeaderValue {
    let fit = |id: &&HeaderValue| {
        let id = id.as_bytes();
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(byte);
        (1..=128).contains(&id.len()) && id.iter().all(word)
    };
    headers
        .get(X_REQUEST_ID)
        .filter(fit)
        .cloned()
        .unwrap_or_else(|| {
            HeaderValue::from_str(&Uuid::now_v7().to_string())
                .unwrap_or(HeaderValue::from_static("unknown"))
        })
}

/// `grpc-timeout`: up to eight digits and a unit (gRPC over HTTP/2, "Requests"). What is malformed counts as absent.
fn grpc_timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if !(1..=8).contains(&digits.len()) || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(amount * 3600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}
