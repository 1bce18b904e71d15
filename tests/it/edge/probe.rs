//! A service of the tests' own, written by hand: handlers that hang, panic, fail and tell who is calling.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use docket::{
    auth,
    error::Error,
    proto::v1::{GetMeRequest, GetMeResponse},
};
use futures::{StreamExt as _, future::BoxFuture, stream};
use http_body_util::StreamBody;
use hyper::body::{Bytes, Frame};
use tonic::{Status, Streaming, body::Body, server::NamedService, transport::Channel};
use tonic_prost::ProstCodec;

use super::authorized;

/// The messages are empty, so that any type without required content does.
pub(super) type Answer = GetMeResponse;

/// What must never reach a client.
pub(super) const INSIDE: &str = "the inside";

#[derive(Clone)]
pub(super) struct Probe;

impl NamedService for Probe {
    const NAME: &'static str = "test.Probe";
}

impl tower::Service<http::Request<Body>> for Probe {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            let response = match request.uri().path().trim_start_matches("/test.Probe/") {
                "Hang" => std::future::pending().await,
                "Panic" => panic!("{INSIDE}"),
                "Internal" => Status::from(Error::internal(INSIDE)).into_http(),
                "BareInternal" => Status::internal(INSIDE).into_http(),
                "BareUnavailable" => Status::unavailable("").into_http(),
                "Actor" => actor(request),
                "StreamThenHang" => streaming(stream::pending().boxed()),
                "StreamThenPanic" => {
                    let panics = stream::once(async { panic!("{INSIDE}") });
                    streaming(panics.boxed())
                }
                "StreamThenFail" => {
                    let mut trailers = http::HeaderMap::new();
                    let full = Status::resource_exhausted("full");
                    full.add_header(&mut trailers).unwrap();
                    streaming(stream::once(async { Frame::trailers(trailers) }).boxed())
                }
                _ => Status::unimplemented("").into_http(),
            };
            Ok(response)
        })
    }
}

/// One empty message, then what follows.
fn streaming(rest: stream::BoxStream<'static, Frame<Bytes>>) -> http::Response<Body> {
    let message = stream::once(async { Frame::data(Bytes::from_static(&[0; 5])) });
    let frames = message.chain(rest).map(Ok::<_, Status>);
    let body = Body::new(StreamBody::new(frames));
    let response = http::Response::builder().header("content-type", "application/grpc");
    response.body(body).unwrap()
}

/// The caller as docket sees them, in the message of a status.
fn actor(request: http::Request<Body>) -> http::Response<Body> {
    let (parts, _) = request.into_parts();
    let mut request = tonic::Request::new(());
    *request.extensions_mut() = parts.extensions;
    // Any code whose message is passed on as it is.
    let status = match auth::actor(&request) {
        Ok(actor) => Status::permission_denied(format!("{actor:?}")),
        Err(error) => error.into(),
    };
    status.into_http()
}

/// Calls a method that answers once.
pub(super) async fn call(
    channel: Channel,
    method: &'static str,
    token: &str,
) -> Result<Answer, Status> {
    let request = authorized(GetMeRequest::default(), token);
    let answer = ready(channel)
        .await?
        .unary(request, path(method), codec())
        .await;
    answer.map(tonic::Response::into_inner)
}

/// Calls a method that answers with a stream.
pub(super) async fn stream(
    channel: Channel,
    method: &'static str,
    token: &str,
) -> Result<Streaming<Answer>, Status> {
    let request = authorized(GetMeRequest::default(), token);
    let answer = ready(channel)
        .await?
        .server_streaming(request, path(method), codec())
        .await;
    answer.map(tonic::Response::into_inner)
}

async fn ready(channel: Channel) -> Result<tonic::client::Grpc<Channel>, Status> {
    let mut client = tonic::client::Grpc::new(channel);
    client
        .ready()
        .await
        .map_err(|error| Status::unknown(error.to_string()))?;
    Ok(client)
}

fn path(method: &'static str) -> http::uri::PathAndQuery {
    http::uri::PathAndQuery::from_static(method)
}

fn codec() -> ProstCodec<GetMeRequest, Answer> {
    ProstCodec::default()
}
