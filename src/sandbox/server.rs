//! The sandbox's HTTP server: an accept loop of its own, so that a call can end without an answer.
//!
//! A service that returns an error makes hyper close the connection with nothing sent, which is what a client sees when
//! a gateway or a network dies under a request.

use std::{convert::Infallible, fmt, sync::Arc};

use axum::{Router, body::Body, response::IntoResponse};
use http::{Request, Response};
use http_body_util::{BodyExt, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use super::{
    answer::Refusal,
    call::{Call, Finished},
    shared::Shared,
    state::Visibility,
};

/// One sandbox, as each of its connections holds it.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) shared: Arc<Shared>,
    pub(super) router: Router,
}

/// The end of a connection without an answer.
#[derive(Debug)]
pub(super) struct Aborted;

impl fmt::Display for Aborted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the connection was ordered to close")
    }
}

impl std::error::Error for Aborted {}

impl Server {
    /// Accepts connections until the sandbox stops.
    pub(super) async fn run(self, listener: TcpListener) {
        let stop = self.shared.stop.clone();
        let tasks = self.shared.tasks.clone();
        while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
            match accepted {
                Ok((stream, _)) => {
                    let (server, stop) = (self.clone(), stop.clone());
                    tasks
                        .spawn(async move { stop.run_until_cancelled(server.serve(stream)).await });
                }
                // Out of file descriptors, or a client that left in the queue: others may still come.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    async fn serve(self, stream: TcpStream) {
        let service = service_fn(move |request| self.clone().receive(request));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
    }

    async fn receive(self, request: Request<Incoming>) -> Result<Response<Body>, Aborted> {
        let (parts, body) = request.into_parts();
        let jira = parts.uri.path().starts_with("/rest/");
        let Ok(body) = Limited::new(body, self.shared.body_limit()).collect().await else {
            return Ok(Refusal::message(413, "The request is too large.").into_response());
        };
        let call = Call::new(parts, body.to_bytes());
        if jira {
            return self.respond(call).await;
        }
        Ok(self.route(call.request(Visibility::default())).await)
    }

    /// Does the work of a call and writes down what it came to.
    pub(super) async fn work(&self, number: u64, call: &Call, visibility: Visibility) -> Finished {
        let response = match self.shared.admit(call) {
            Ok(()) => self.route(call.request(visibility)).await,
            Err(refusal) => refusal.into_response(),
        };
        let finished = Finished::read(response).await;
        self.shared
            .log()
            .worked(number, finished.status.as_u16(), &finished.body);
        finished
    }

    async fn route(&self, request: Request<Body>) -> Response<Body> {
        let answer: Result<_, Infallible> = self.router.clone().oneshot(request).await;
        match answer {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}
