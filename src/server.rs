//! The server: services, health, reflection, grpc-web, and the layers around them, from a listener to a graceful end.

mod body;
mod call;
mod complete;
mod contract;
mod listener;
pub(crate) mod peer;
mod rpc;

use std::{sync::Arc, time::Duration};

use axum::{Router, middleware, routing::get};
use http::{HeaderName, Method, StatusCode, header};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic_health::{ServingStatus, server::HealthReporter};
use tonic_web::GrpcWebLayer;
use tower::util::MapRequestLayer;
use tower_http::{
    cors::{AllowHeaders, AllowOrigin, CorsLayer},
    sensitive_headers::SetSensitiveRequestHeadersLayer,
};

use self::{call::Limits, peer::TrustedProxies, rpc::Surroundings};
use crate::{
    auth::{self, Verifier},
    config::{Config, CorsOrigins},
    error::{Error, Reason, Result},
};

/// How often an idle HTTP/2 connection is asked whether it still lives, and how long it may take to answer.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(10));
/// After this long a client is asked to reconnect once its running calls are done, so that replicas share the load anew.
const MAX_CONNECTION_AGE: Duration = Duration::from_secs(30 * 60);
/// The longest that a method is usually published to take; those that are published to take longer have that time.
const USUAL_TIMEOUT: Duration = Duration::from_secs(60);
/// How many calls one connection may have open: each watcher is one for as long as it watches.
const MAX_CONCURRENT_STREAMS: u32 = 2048;
/// The most bytes of a request's headers; a token takes up to 8 KiB.
const MAX_HEADER_BYTES: u32 = 16 * 1024;
/// The largest frame that is taken: files come in frames of this size, and each frame costs a little.
const MAX_FRAME_BYTES: u32 = 128 * 1024;

/// Serves `services`, for which a bearer token is required, with health, reflection and the plain HTTP of `plain`, for which none is, until
/// `shutdown` is cancelled. Then nothing new is accepted, health says NOT_SERVING, open streams end with UNAVAILABLE (`SHUTTING_DOWN`), and other
/// calls have `config.shutdown_grace` to end.
pub async fn serve(
    listener: TcpListener,
    services: Routes,
    plain: Router,
    config: &Config,
    shutdown: CancellationToken,
) -> Result<()> {
    let drain = CancellationToken::new();
    let (health, health_service) = tonic_health::server::health_reporter();
    report(&health, ServingStatus::Serving).await?;
    let rpcs = with_tokens(services, Verifier::new(&config.tokens))
        .add_service(health_service)
        .add_service(contract::reflection()?)
        .add_service(contract::reflection_alpha()?);
    let router = router(rpcs, plain, config, &drain)?;
    let incoming = listener::incoming(listener, config.max_connections);
    let stop = stop(shutdown.clone(), health, drain);
    let served = transport()
        .layer(MapRequestLayer::new(call::stamp))
        .serve_with_incoming_shutdown(router, incoming, stop);
    let out_of_patience = async {
        shutdown.cancelled().await;
        tokio::time::sleep(config.shutdown_grace).await;
    };
    tokio::select! {
        served = served => served.map_err(Error::internal),
        () = out_of_patience => {
            tracing::warn!("calls were still running at the end of the shutdown's grace");
            Ok(())
        }
    }
}

/// Services behind the check of bearer tokens; what is added to the routes later is open to all.
fn with_tokens(services: Routes, verifier: Verifier) -> Routes {
    let check = middleware::from_fn_with_state(verifier, auth::require);
    Routes::from(services.into_axum_router().route_layer(check))
}

/// `max_connection_age_grace` stays unset: it would cut running calls.
fn transport() -> tonic::transport::Server {
    tonic::transport::Server::builder()
        .accept_http1(true)
        .http2_keepalive_interval(Some(KEEPALIVE.0))
        .http2_keepalive_timeout(Some(KEEPALIVE.1))
        .http2_max_header_list_size(MAX_HEADER_BYTES)
        .max_frame_size(Some(MAX_FRAME_BYTES))
        .max_connection_age(MAX_CONNECTION_AGE)
        .max_concurrent_streams(MAX_CONCURRENT_STREAMS)
}

/// Waits for `shutdown`, then has the open streams end; health tells first, so that whoever watches it learns why.
async fn stop(shutdown: CancellationToken, health: HealthReporter, drain: CancellationToken) {
    shutdown.cancelled().await;
    if let Err(error) = report(&health, ServingStatus::NotServing).await {
        tracing::error!(%error, "health cannot be set");
    }
    drain.cancel();
}

/// All routes: the RPCs, each within its surroundings, and what is plain HTTP.
fn router(
    rpcs: Routes,
    plain: Router,
    config: &Config,
    drain: &CancellationToken,
) -> Result<Router> {
    let surroundings = Surroundings {
        limits: Arc::new(Limits {
            unary: config.request_timeout,
            longer: contract::longer_than(USUAL_TIMEOUT)?,
            streaming: contract::streaming()?,
        }),
        drain: drain.clone(),
        proxies: Arc::new(TrustedProxies::new(config.trusted_proxies.clone())),
    };
    let rpcs = rpcs
        .prepare()
        .into_axum_router()
        .layer(middleware::from_fn_with_state(surroundings, rpc::surround))
        .layer(SetSensitiveRequestHeadersLayer::new([
            header::AUTHORIZATION,
            header::COOKIE,
        ]))
        .layer(GrpcWebLayer::new())
        .layer(middleware::from_fn(rpc::only_grpc));
    let drain = drain.clone();
    let healthz = move || async move {
        match drain.is_cancelled() {
            false => (StatusCode::OK, "ok\n"),
            true => (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n"),
        }
    };
    Ok(Router::new()
        .route("/healthz", get(healthz))
        .merge(plain)
        .fallback_service(rpcs)
        .layer(cors(&config.cors_origins)))
}

/// Outside grpc-web's layer. Without the exposed headers a browser sees every error as "missing trailer".
fn cors(origins: &CorsOrigins) -> CorsLayer {
    let origins = match origins {
        CorsOrigins::Any => AllowOrigin::any(),
        CorsOrigins::SameOrigin => AllowOrigin::list([]),
        CorsOrigins::Only(origins) => AllowOrigin::list(origins.iter().cloned()),
    };
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        // Not `*`, which by the Fetch standard does not cover `authorization`.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([
            HeaderName::from_static("grpc-status"),
            HeaderName::from_static("grpc-message"),
            HeaderName::from_static("grpc-status-details-bin"),
            call::X_REQUEST_ID,
        ])
        .max_age(Duration::from_secs(3600))
}

/// Sets the health of every service, and of the server as a whole.
async fn report(health: &HealthReporter, status: ServingStatus) -> Result<()> {
    for service in contract::services()? {
        health.set_service_status(service, status).await;
    }
    health.set_service_status("", status).await;
    Ok(())
}

/// What ends a stream while the server stops.
fn shutting_down() -> Error {
    Error::Unavailable {
        reason: Reason::ShuttingDown,
        message: "the server is shutting down".to_owned(),
        retry_after: Duration::from_secs(1),
    }
}
