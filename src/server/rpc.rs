//! What surrounds every RPC: its id and span, its deadline, panics, and details on every error.

use std::{panic::AssertUnwindSafe, sync::Arc};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use futures::FutureExt as _;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tracing::{Instrument as _, Span, field::Empty};

use super::{
    body::{RpcBody, panicked},
    call::{Call, Limits, X_REQUEST_ID},
    complete::complete,
    peer::{Caller, TrustedProxies},
};
use crate::{auth::TokenEnd, error::Error};

/// What the middleware needs.
#[derive(Clone, Debug)]
pub(super) struct Surroundings {
    pub(super) limits: Arc<Limits>,
    /// Cancelled when open streams must end.
    pub(super) drain: CancellationToken,
    /// Whose word is taken for whom they call for.
    pub(super) proxies: Arc<TrustedProxies>,
}

/// Middleware around all gRPC services.
pub(super) async fn surround(
    State(surroundings): State<Surroundings>,
    mut request: Request,
    next: Next,
) -> Response {
    let call = Call::new(&request, &surroundings.limits);
    let caller = surroundings.proxies.caller(&request);
    let span = span(&call, caller);
    request.extensions_mut().insert(caller);
    request
        .headers_mut()
        .insert(X_REQUEST_ID, call.request_id.clone());
    let mut response = head(&call, next.run(request))
        .instrument(span.clone())
        .await;
    let token_end = response.extensions().get::<TokenEnd>().copied();
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, call.request_id.clone());
    let end = headers
        .contains_key(Status::GRPC_STATUS)
        .then(|| span.in_scope(|| complete(headers, &call)));
    let drain = surroundings.drain;
    response.map(|body| Body::new(RpcBody::new(body, call, span, drain, token_end, end)))
}

/// The handler's answer, or the status for what kept it from giving one.
async fn head(call: &Call, answer: impl Future<Output = Response>) -> Response {
    let caught = AssertUnwindSafe(answer).catch_unwind();
    let outcome = match call.deadline {
        // Nobody waits for this answer any more, so that the work is not begun.
        Some(deadline) if deadline <= Instant::now() => {
            return Status::from(Error::DeadlineExceeded).into_http();
        }
        Some(deadline) => tokio::time::timeout_at(deadline, caught).await,
        None => Ok(caught.await),
    };
    let error = match outcome {
        Ok(Ok(response)) => return response,
        Ok(Err(panic)) => panicked(panic.as_ref()),
        Err(_) => Error::DeadlineExceeded,
    };
    Status::from(error).into_http()
}

fn span(call: &Call, Caller(peer): Caller) -> Span {
    tracing::info_span!(
        "rpc",
        method = call.method,
        request_id = call.id(),
        peer = peer.map(tracing::field::display),
        user = Empty,
    )
}

/// Middleware before grpc-web's layer, which answers 400 to whatever it does not know: a request that is not gRPC is told so
/// in HTTP's words (gRPC over HTTP/2, "Content-Type").
pub(super) async fn only_grpc(request: Request, next: Next) -> Response {
    let content_type = request.headers().get(http::header::CONTENT_TYPE);
    if content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/grpc")) {
        return next.run(request).await;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = if request.method() == http::Method::POST {
        http::StatusCode::UNSUPPORTED_MEDIA_TYPE
    } else {
        http::StatusCode::NOT_FOUND
    };
    response
}
