//! A graceful end: open streams are told, health says so, and nothing holds the server for longer than its grace.

use std::time::Duration;

use serde_json::json;
use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use super::{Edge, details, probe, reason, soon};

#[tokio::test]
async fn open_streams_end_with_unavailable_and_the_server_stops() {
    let edge = Edge::start().await;
    let token = edge.token(json!({}));
    let mut stream = probe::stream(edge.channel().await, "/test.Probe/StreamThenHang", &token)
        .await
        .unwrap();
    assert!(stream.message().await.unwrap().is_some());
    let mut health = HealthClient::new(edge.channel().await);
    let service = "docket.v1.TicketService".to_owned();
    let mut watch = health
        .watch(HealthCheckRequest { service })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        watch.message().await.unwrap().unwrap().status(),
        ServingStatus::Serving
    );

    edge.shutdown.cancel();

    assert_eq!(
        soon(watch.message()).await.unwrap().unwrap().status(),
        ServingStatus::NotServing
    );
    for status in [
        soon(watch.message()).await.unwrap_err(),
        soon(stream.message()).await.unwrap_err(),
    ] {
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(reason(&status), "SHUTTING_DOWN");
        assert!(details(&status).retry_info().is_some());
    }
    soon(edge.running).await.unwrap().unwrap();
    assert!(tokio::net::TcpStream::connect(edge.address).await.is_err());
}

#[tokio::test]
async fn a_call_that_does_not_end_holds_the_server_no_longer_than_its_grace() {
    let edge = Edge::start_with(|config| config.shutdown_grace = Duration::from_millis(50)).await;
    let token = edge.token(json!({}));
    let channel = edge.channel().await;
    let hanging =
        tokio::spawn(async move { probe::call(channel, "/test.Probe/Hang", &token).await });
    // The server has taken the call once it answers a later one on another connection.
    edge.probe("/test.Probe/Actor").await.unwrap_err();
    edge.shutdown.cancel();
    soon(edge.running).await.unwrap().unwrap();
    hanging.abort();
}
