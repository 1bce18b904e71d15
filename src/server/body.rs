//! The body of an RPC's response: within the call's span, bounded by its deadline and by shutdown, and ended with details.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use axum::{BoxError, body::Body};
use http::HeaderMap;
use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::{Code, Status};
use tracing::Span;

use super::{call::Call, complete::complete, shutting_down};
use crate::{auth::TokenEnd, error::Error};

/// A response's body. Once it has ended, or is dropped because the client is gone, the call is logged.
pub(super) struct RpcBody {
    inner: Option<Body>,
    call: Call,
    span: Span,
    deadline: Option<Pin<Box<Sleep>>>,
    /// The end of the token that a watch was opened with.
    token_end: Option<Pin<Box<Sleep>>>,
    drain: Pin<Box<WaitForCancellationFutureOwned>>,
    /// How the call ended, once it has.
    end: Option<Code>,
}

impl RpcBody {
    /// Watches over `inner`. `end` is the status when the head told it already.
    pub(super) fn new(
        inner: Body,
        call: Call,
        span: Span,
        drain: CancellationToken,
        token_end: Option<TokenEnd>,
        end: Option<Code>,
    ) -> Self {
        let at = |instant| Box::pin(tokio::time::sleep_until(instant));
        Self {
            inner: Some(inner),
            deadline: call.deadline.map(at),
            token_end: token_end
                .filter(|_| call.watches)
                .map(|TokenEnd(end)| at(end)),
            call,
            span,
            drain: Box::pin(drain.cancelled_owned()),
            end,
        }
    }

    fn poll_inner(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(inner) = self.inner.as_mut() else {
            return Poll::Ready(None);
        };
        // However much there is to send: who may not ask any more is told no more. A file that is on its way is sent to its end.
        if let Some(end) = &mut self.token_end
            && end.as_mut().poll(cx).is_ready()
        {
            return self.end_with(Error::Unauthenticated);
        }
        // A body that panicked is never polled again.
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(inner).poll_frame(cx)));
        match polled {
            Err(panic) => self.end_with(panicked(panic.as_ref())),
            Ok(Poll::Pending) => self.poll_limits(cx),
            Ok(Poll::Ready(Some(Err(error)))) => self.end_with(Error::internal(error)),
            Ok(Poll::Ready(None)) => {
                self.end.get_or_insert(Code::Ok);
                Poll::Ready(None)
            }
            Ok(Poll::Ready(Some(Ok(frame)))) => match frame.into_trailers() {
                Ok(mut trailers) => {
                    self.end = Some(complete(&mut trailers, &self.call));
                    Poll::Ready(Some(Ok(Frame::trailers(trailers))))
                }
                Err(frame) => Poll::Ready(Some(Ok(frame))),
            },
        }
    }

    /// What ends a stream that has nothing to send: asked last, so that what is ready is still sent.
    fn poll_limits(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(deadline) = &mut self.deadline
            && deadline.as_mut().poll(cx).is_ready()
        {
            return self.end_with(Error::DeadlineExceeded);
        }
        if self.drain.as_mut().poll(cx).is_ready() {
            return self.end_with(shutting_down());
        }
        Poll::Pending
    }

    fn end_with(&mut self, error: Error) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.inner = None;
        let mut trailers = HeaderMap::new();
        // What it writes is base64 and percent-encoded, so that it always fits a header.
        let _ = Status::from(error).add_header(&mut trailers);
        self.end = Some(complete(&mut trailers, &self.call));
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }
}

impl HttpBody for RpcBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let span = this.span.clone();
        span.in_scope(|| this.poll_inner(cx))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for RpcBody {
    fn drop(&mut self) {
        let code = self.end.unwrap_or(Code::Cancelled);
        self.span.in_scope(|| self.call.log_end(code));
    }
}

/// The fault behind a caught panic, for the log.
pub(super) fn panicked(payload: &(dyn Any + Send)) -> Error {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text");
    Error::internal(format!("panic: {text}"))
}
