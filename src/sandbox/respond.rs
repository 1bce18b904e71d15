//! How one call of Jira's API goes: what was ordered for it, the work, and the answer or the lack of one.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Json,
    body::{Body, Bytes},
    response::IntoResponse,
};
use futures::{StreamExt, stream};
use http::{HeaderName, HeaderValue, Response, StatusCode, header::CONTENT_LENGTH};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    answer::Refusal,
    call::{Call, Finished},
    faults::Action,
    late::Late,
    limits::throttled,
    server::{Aborted, Server},
    state::{State, Visibility},
};

/// The size of the pieces in which an oversized body is sent.
const PIECE: usize = 64 << 10;

impl Server {
    /// Answers a call, or ends its connection.
    pub(super) async fn respond(&self, call: Call) -> Result<Response<Body>, Aborted> {
        let path = call.uri.path();
        let actions = self
            .shared
            .orders()
            .take(call.operation, &call.method, path, &call.body);
        let number = self.shared.log().begin(&call, &actions);
        let outcome = self.carry_out(number, call, actions).await;
        self.do_late_work().await;
        if let Ok(response) = &outcome {
            self.shared
                .log()
                .answered(number, response.status().as_u16());
        }
        outcome
    }

    async fn carry_out(
        &self,
        number: u64,
        call: Call,
        actions: Vec<Action>,
    ) -> Result<Response<Body>, Aborted> {
        let mut visibility = self.shared.visibility();
        let latency = self.shared.latency();
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        for action in actions {
            match action {
                Action::Delay { ms } => tokio::time::sleep(Duration::from_millis(ms)).await,
                Action::Foreign { count } => self.let_others_create(&call, count),
                Action::Skip { count } => self.skip_numbers(&call, count),
                Action::HideKeys { reads } => visibility.hidden_reads = reads,
                Action::SearchLag { searches } => visibility.hidden_searches = searches,
                ending => return self.end(number, call, visibility, ending).await,
            }
        }
        Ok(self.work(number, &call, visibility).await.into_response())
    }

    async fn end(
        &self,
        number: u64,
        call: Call,
        visibility: Visibility,
        action: Action,
    ) -> Result<Response<Body>, Aborted> {
        match action {
            Action::Status {
                status,
                body,
                headers,
            } => return Ok(ordered(status, body, &headers)),
            Action::Throttle {
                retry_after,
                reason,
            } => {
                return Ok(throttled(retry_after, reason.as_deref(), 100).into_response());
            }
            Action::StatusBefore {
                status,
                retry_after,
                after_calls,
            } => {
                self.work_later(number, call, visibility, after_calls);
                let wait =
                    retry_after.map(|seconds| ("retry-after".to_owned(), seconds.to_string()));
                return Ok(ordered(status, None, &wait.into_iter().collect()));
            }
            Action::DropBefore => return Err(Aborted),
            Action::Hang => std::future::pending().await,
            Action::WorkAfterClientLeft {
                delay_ms,
                after_calls,
            } => {
                let late = Late {
                    number,
                    call: Arc::new(call),
                    visibility,
                    after_calls,
                    delay: Duration::from_millis(delay_ms),
                    left: CancellationToken::new(),
                };
                match self.keep_waiting(late).await {}
            }
            _ => {}
        }
        let done = self.work(number, &call, visibility).await;
        match action {
            Action::DropAfter => Err(Aborted),
            Action::StatusAfter { status } => Ok(ordered(status, None, &BTreeMap::new())),
            Action::Malformed => {
                let mut malformed = done.with_body(Body::from("{\"id\":\"1"));
                // It was the length of the well-formed body.
                malformed.headers_mut().remove(CONTENT_LENGTH);
                Ok(malformed)
            }
            Action::Oversized { bytes } => Ok(oversized(done, bytes)),
            Action::Truncated => truncated(done),
            _ => Ok(done.into_response()),
        }
    }

    fn let_others_create(&self, call: &Call, count: u32) {
        let mut state = self.shared.state();
        if let Some(project) = aim(&state, call) {
            for _ in 0..count {
                state.insert_foreign(&project, "Somebody else's issue");
            }
        }
    }

    fn skip_numbers(&self, call: &Call, count: u64) {
        let mut state = self.shared.state();
        if let Some(project) = aim(&state, call) {
            state.skip_numbers(&project, count);
        }
    }
}

/// The project that a call names, else the first one.
fn aim(state: &State, call: &Call) -> Option<String> {
    let named = call.project().and_then(|name| state.site.project(&name));
    let project = named.or(state.site.projects.first())?;
    Some(project.key.clone())
}

fn ordered(status: u16, body: Option<Value>, headers: &BTreeMap<String, String>) -> Response<Body> {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let reason = code.canonical_reason().unwrap_or("Error");
    let mut response = match body {
        Some(body) => Json(body).into_response(),
        None => Refusal::message(status, reason).into_response(),
    };
    *response.status_mut() = code;
    for (name, value) in headers {
        let parsed = (name.parse::<HeaderName>(), value.parse::<HeaderValue>());
        if let (Ok(name), Ok(value)) = parsed {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The answer behind so many blanks that its body has at least `bytes` bytes: still JSON, but no client should read it.
fn oversized(mut done: Finished, bytes: u64) -> Response<Body> {
    let pieces = usize::try_from(bytes.div_ceil(PIECE as u64)).unwrap_or(usize::MAX);
    let blanks = Bytes::from(vec![b' '; PIECE]);
    let body = std::mem::take(&mut done.body);
    let stream = stream::repeat(blanks)
        .take(pieces)
        .chain(stream::once(async { body }));
    done.with_body(Body::from_stream(stream.map(Ok::<_, Aborted>)))
}

/// Half of the answer under the length of the whole; an answer without a body ends before its head.
fn truncated(mut done: Finished) -> Result<Response<Body>, Aborted> {
    let body = std::mem::take(&mut done.body);
    if body.is_empty() {
        return Err(Aborted);
    }
    done.headers.insert(CONTENT_LENGTH, body.len().into());
    let half = body.slice(..body.len() / 2);
    let stream = stream::once(async { Ok(half) }).chain(stream::once(async {
        // hyper sends what it holds when the body makes it wait, and throws it away when the body fails at once.
        tokio::task::yield_now().await;
        Err(Aborted)
    }));
    Ok(done.with_body(Body::from_stream(stream)))
}
