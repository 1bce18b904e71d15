//! Deadlines, panics, faults and everything else that tonic or a layer answers: always the right code, always with details.

use std::time::Duration;

use docket::proto::v1::{
    CreateTicketRequest, GetTicketRequest, Ticket, ticket_service_client::TicketServiceClient,
};
use rstest::rstest;
use serde_json::json;
use tonic::{Code, Status};

use super::{Edge, authorized, details, probe, reason, soon};

#[tokio::test]
async fn the_servers_own_limit_ends_a_unary_call() {
    let edge = Edge::start_with(|config| config.request_timeout = Duration::from_millis(20)).await;
    let status = soon(edge.probe("/test.Probe/Hang")).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(reason(&status), "DEADLINE_EXCEEDED");
}

#[tokio::test]
async fn a_stream_ends_at_its_deadline_after_what_was_sent() {
    let edge = Edge::start_with(|config| config.request_timeout = Duration::from_millis(20)).await;
    let token = edge.token(json!({}));
    let channel = edge.channel().await;
    let mut stream = probe::stream(channel, "/test.Probe/StreamThenHang", &token)
        .await
        .unwrap();
    assert!(soon(stream.message()).await.unwrap().is_some());
    let status = soon(stream.message()).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(reason(&status), "DEADLINE_EXCEEDED");
}

fn assert_says_nothing_of_the_inside(status: &Status) {
    assert_eq!(status.code(), Code::Internal);
    assert_eq!(reason(status), "INTERNAL");
    let details = details(status);
    let id = &details.request_info().expect("RequestInfo").request_id;
    assert!(!id.is_empty());
    assert_eq!(
        details.error_info().unwrap().metadata.get("request_id"),
        Some(id)
    );
    let raw = String::from_utf8_lossy(status.details());
    assert!(!raw.contains(probe::INSIDE) && !status.message().contains(probe::INSIDE));
}

#[rstest]
#[case("/test.Probe/Panic")]
#[case("/test.Probe/Internal")]
#[case("/test.Probe/BareInternal")]
#[tokio::test]
async fn a_fault_tells_its_id_and_nothing_of_the_inside(#[case] method: &'static str) {
    let edge = Edge::start().await;
    let status = edge.probe(method).await.unwrap_err();
    assert_says_nothing_of_the_inside(&status);
    let header = status.metadata().get("x-request-id").expect("x-request-id");
    let details = details(&status);
    assert_eq!(
        header.to_str().unwrap(),
        details.request_info().unwrap().request_id
    );
}

#[tokio::test]
async fn a_panic_within_a_stream_is_a_status_and_the_connection_lives_on() {
    let edge = Edge::start().await;
    let token = edge.token(json!({}));
    let channel = edge.channel().await;
    let mut stream = probe::stream(channel.clone(), "/test.Probe/StreamThenPanic", &token)
        .await
        .unwrap();
    assert!(stream.message().await.unwrap().is_some());
    assert_says_nothing_of_the_inside(&stream.message().await.unwrap_err());
    let next = probe::call(channel, "/test.Probe/BareUnavailable", &token)
        .await
        .unwrap_err();
    assert_eq!(next.code(), Code::Unavailable);
}

#[tokio::test]
async fn bare_statuses_get_their_details() {
    let edge = Edge::start().await;
    let status = edge.probe("/test.Probe/BareUnavailable").await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::Unavailable, "UNAVAILABLE")
    );
    assert!(details(&status).retry_info().is_some());
    let token = edge.token(json!({}));
    let mut stream = probe::stream(edge.channel().await, "/test.Probe/StreamThenFail", &token)
        .await
        .unwrap();
    assert!(stream.message().await.unwrap().is_some());
    let status = stream.message().await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::ResourceExhausted, "full")
    );
    assert_eq!(reason(&status), "RESOURCE_EXHAUSTED");
    assert!(details(&status).retry_info().is_some());
}

#[rstest]
#[case("/docket.v1.TicketService/NoSuchMethod")]
#[case("/no.such.Service/Method")]
#[case("/docket.v1.TicketService/DraftTicket")]
#[tokio::test]
async fn what_is_not_served_is_unimplemented_with_details(#[case] method: &'static str) {
    let edge = Edge::start().await;
    let status = edge.probe(method).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert_eq!(reason(&status), "UNIMPLEMENTED");
    let details = details(&status);
    let named = &details.error_info().unwrap().metadata["method"];
    let last = method.rsplit('/').next().unwrap();
    assert!(named.ends_with(last), "{named}");
}

#[tokio::test]
async fn a_message_that_is_too_large_is_told_the_limit() {
    let edge = Edge::start().await;
    let mut client = TicketServiceClient::new(edge.channel().await);
    let ticket = Ticket {
        description: "x".repeat(5 * 1024 * 1024),
        ..Ticket::default()
    };
    let request = CreateTicketRequest {
        ticket: Some(ticket),
        ..CreateTicketRequest::default()
    };
    let status = client
        .create_ticket(authorized(request, &edge.token(json!({}))))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(reason(&status), "MESSAGE_TOO_LARGE");
    let details = details(&status);
    assert_eq!(
        details.error_info().unwrap().metadata["max_bytes"],
        "4194304"
    );
    assert!(details.retry_info().is_none());
}

#[tokio::test]
async fn a_client_id_is_kept_when_it_is_fit_for_a_log() {
    let edge = Edge::start().await;
    for (sent, kept) in [
        ("trace-42", true),
        ("no\tgood", false),
        (&"x".repeat(129), false),
    ] {
        let mut client = TicketServiceClient::new(edge.channel().await);
        let mut request = authorized(GetTicketRequest::default(), &edge.token(json!({})));
        request
            .metadata_mut()
            .insert("x-request-id", sent.parse().unwrap());
        let status = client.get_ticket(request).await.unwrap_err();
        let id = status
            .metadata()
            .get("x-request-id")
            .unwrap()
            .to_str()
            .unwrap();
        assert_eq!(id == sent, kept, "{sent:?} became {id:?}");
    }
}

#[tokio::test]
async fn further_connections_wait_until_one_closes() {
    let edge = Edge::start_with(|config| config.max_connections = 1).await;
    let first = reqwest::Client::new();
    let health = first.get(edge.url("/healthz")).send().await.unwrap();
    assert_eq!(health.text().await.unwrap(), "ok\n");
    let second = reqwest::Client::new();
    let mut waiting = tokio::spawn(second.get(edge.url("/healthz")).send());
    let early = tokio::time::timeout(Duration::from_millis(200), &mut waiting).await;
    assert!(early.is_err(), "served beside the first");
    drop(first);
    assert_eq!(soon(waiting).await.unwrap().unwrap().status().as_u16(), 200);
}
