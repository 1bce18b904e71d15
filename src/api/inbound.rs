//! Webhooks from platforms, over plain HTTP on the same port: `POST /webhooks/{platform}/{integration_id}`.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Request, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header::RETRY_AFTER},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::post,
};

use crate::{
    app::{
        App,
        inbound::{Hint, Taken},
    },
    error::Error,
};

/// The most bytes of a webhook. What counts of one stands in far fewer.
const MOST: usize = 2 * 1024 * 1024;

/// The longest that a webhook may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The routes of webhooks.
pub(crate) fn webhooks(app: &Arc<App>) -> Router {
    Router::new()
        .route("/webhooks/{platform}/{integration}", post(take))
        .route("/webhooks/{platform}/{integration}/", post(take))
        .layer(DefaultBodyLimit::max(MOST))
        .layer(middleware::from_fn(in_time))
        .with_state(Arc::clone(app))
}

/// Neither a body that trickles in nor a platform that does not answer holds a connection for longer.
async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(PATIENCE, next.run(request)).await {
        Ok(answer) => answer,
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "too slow\n").into_response(),
    }
}

async fn take(
    State(app): State<Arc<App>>,
    Path((platform, integration)): Path<(String, String)>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return unread(&rejection),
    };
    let header = |names: [&str; 2]| {
        let found = names.iter().find_map(|name| headers.get(*name));
        let text = found.and_then(|value| value.to_str().ok());
        text.unwrap_or_default().to_owned()
    };
    let hint = Hint {
        platform,
        integration,
        signature: header(["x-hub-signature-256", "x-hub-signature"]),
        delivery: header(["x-github-delivery", "x-atlassian-webhook-identifier"]),
        body: body.into(),
    };
    match app.take_webhook(hint).await {
        Ok(Taken::Refreshed) => (StatusCode::OK, "taken\n").into_response(),
        Ok(Taken::Passed) => (StatusCode::OK, "nothing new\n").into_response(),
        Ok(Taken::Repeated) => (StatusCode::OK, "taken before\n").into_response(),
        Err(error) => refused(&error),
    }
}

/// The body is too large, or did not come whole.
fn unread(rejection: &BytesRejection) -> Response {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let text = format!("larger than {} MiB\n", MOST / (1024 * 1024));
            (StatusCode::PAYLOAD_TOO_LARGE, text).into_response()
        }
        status => (status, "the body did not come whole\n").into_response(),
    }
}

/// When a webhook may come again whose integration has to be put right first.
const AGAIN: Duration = Duration::from_secs(60);

/// What a platform is told tells nothing of the inside; it repeats what is answered with a 5xx.
fn refused(error: &Error) -> Response {
    let later = |after: Duration| {
        let after = [(RETRY_AFTER, after.as_secs().to_string())];
        (StatusCode::SERVICE_UNAVAILABLE, after, "later\n").into_response()
    };
    match error {
        Error::Unauthenticated => (StatusCode::UNAUTHORIZED, "not signed\n").into_response(),
        Error::Invalid { .. } => (StatusCode::BAD_REQUEST, "not a webhook\n").into_response(),
        // Switched off, or not let in by the platform: somebody may put that right while the platform still repeats it. Any 4xx would have
        // most senders give it up.
        Error::Refused(_) => later(AGAIN),
        Error::Unavailable { retry_after, .. } => later(*retry_after),
        error => {
            tracing::error!(%error, "a webhook could not be taken");
            (StatusCode::INTERNAL_SERVER_ERROR, "a fault of docket\n").into_response()
        }
    }
}
