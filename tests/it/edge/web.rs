//! grpc-web over HTTP/1.1, as a browser's `fetch` speaks it.

use std::collections::HashMap;

use docket::config::CorsOrigins;
use reqwest::{Client, RequestBuilder, Response, Version};
use serde_json::json;
use tonic::{Code, Status};

use super::{Edge, details, reason, soon};

const ORIGIN: &str = "https://desk.example.com";

/// A message without content, in its frame.
const EMPTY: [u8; 5] = [0; 5];

fn post(edge: &Edge, path: &str) -> RequestBuilder {
    Client::new()
        .post(edge.url(path))
        .version(Version::HTTP_11)
        .header("origin", ORIGIN)
        .header("content-type", "application/grpc-web+proto")
        .header("x-grpc-web", "1")
        .body(EMPTY.to_vec())
}

fn authorized(edge: &Edge, path: &str) -> RequestBuilder {
    post(edge, path).bearer_auth(edge.token(json!({})))
}

/// Messages and trailers. Trailers come in the last frame, or, where there is no message, as headers.
async fn read(response: Response) -> (Vec<Vec<u8>>, Status) {
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(response.version(), Version::HTTP_11);
    let mut trailers = response.headers().clone();
    let body = response.bytes().await.unwrap();
    let mut rest = &body[..];
    let mut messages = Vec::new();
    while let [kind, a, b, c, d, tail @ ..] = rest {
        let length = usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).unwrap();
        let (content, tail) = tail.split_at(length);
        rest = tail;
        match kind {
            0 => messages.push(content.to_vec()),
            0x80 => {
                for line in String::from_utf8(content.to_vec()).unwrap().lines() {
                    let (name, value) = line.split_once(':').unwrap();
                    let name = http::HeaderName::try_from(name).unwrap();
                    trailers.insert(name, value.trim().parse().unwrap());
                }
            }
            other => panic!("a frame of kind {other}"),
        }
    }
    assert!(rest.is_empty());
    (
        messages,
        Status::from_header_map(&trailers).expect("grpc-status"),
    )
}

#[tokio::test]
async fn a_call_is_answered_with_a_message_and_a_trailers_frame() {
    let edge = Edge::start().await;
    let response = post(&edge, "/grpc.health.v1.Health/Check")
        .send()
        .await
        .unwrap();
    assert!(response.headers().get("grpc-status").is_none());
    let (messages, status) = read(response).await;
    // `status: SERVING`, field 1, value 1.
    assert_eq!(messages, [[8, 1]]);
    assert_eq!(status.code(), Code::Ok);
}

#[tokio::test]
async fn errors_reach_the_page_with_their_details() {
    let edge = Edge::start().await;
    let response = authorized(&edge, "/docket.v1.TicketService/DraftTicket")
        .send()
        .await
        .unwrap();
    let (_, status) = read(response).await;
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::Unimplemented, "UNIMPLEMENTED")
    );
    let response = post(&edge, "/docket.v1.TicketService/DraftTicket")
        .send()
        .await
        .unwrap();
    let (_, status) = read(response).await;
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::Unauthenticated, "UNAUTHENTICATED")
    );
}

#[tokio::test]
async fn an_error_after_a_message_comes_in_the_trailers_frame() {
    let edge = Edge::start().await;
    let response = authorized(&edge, "/test.Probe/StreamThenFail")
        .send()
        .await
        .unwrap();
    assert!(response.headers().get("grpc-status").is_none());
    let (messages, status) = read(response).await;
    assert_eq!(messages.len(), 1);
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(details(&status).retry_info().is_some());
}

#[tokio::test]
async fn the_clients_deadline_is_deadline_exceeded() {
    let edge = Edge::start().await;
    for timeout in ["1n", "1m", "20m", "30000u"] {
        let call = authorized(&edge, "/test.Probe/Hang").header("grpc-timeout", timeout);
        let (_, status) = read(soon(call.send()).await.unwrap()).await;
        assert_eq!(status.code(), Code::DeadlineExceeded, "{timeout}");
        assert_eq!(reason(&status), "DEADLINE_EXCEEDED");
    }
    // tonic's own timer for the header has another code; where the two are due in neighbouring ticks, the right one must win.
    let call = authorized(&edge, "/test.Probe/Hang").header("grpc-timeout", "5m");
    let many = (0..128).map(|_| async {
        let call = call.try_clone().unwrap();
        read(call.send().await.unwrap()).await.1.code()
    });
    let codes = soon(futures::future::join_all(many)).await;
    assert_eq!(codes, vec![Code::DeadlineExceeded; 128]);
    let call = authorized(&edge, "/test.Probe/StreamThenHang").header("grpc-timeout", "100m");
    let (messages, status) = soon(async { read(call.send().await.unwrap()).await }).await;
    assert_eq!((messages.len(), status.code()), (1, Code::DeadlineExceeded));
}

#[tokio::test]
async fn a_request_that_is_no_message_is_the_clients_fault() {
    let edge = Edge::start().await;
    // A frame that promises one byte and holds a tag that no message has.
    for body in [vec![0, 0, 0, 0, 1, 7], vec![0, 0, 0, 0, 9, 1], Vec::new()] {
        let call = authorized(&edge, "/docket.v1.TicketService/GetTicket").body(body.clone());
        let (_, status) = read(soon(call.send()).await.unwrap()).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{body:?}: {status:?}");
        assert_eq!(reason(&status), "INVALID_FIELDS");
        assert!(details(&status).bad_request().is_some());
    }
}

fn preflight(edge: &Edge) -> RequestBuilder {
    Client::new()
        .request(
            reqwest::Method::OPTIONS,
            edge.url("/docket.v1.TicketService/GetTicket"),
        )
        .header("origin", ORIGIN)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type,x-grpc-web",
        )
}

fn cors(response: &Response) -> HashMap<String, String> {
    let headers = response.headers().iter();
    headers
        .filter_map(|(name, value)| {
            let name = name.as_str().strip_prefix("access-control-")?;
            Some((name.to_owned(), value.to_str().unwrap().to_owned()))
        })
        .collect()
}

#[tokio::test]
async fn a_page_may_ask_and_read_everything_it_needs() {
    let edge = Edge::start().await;
    let asked = cors(&preflight(&edge).send().await.unwrap());
    assert_eq!(asked["allow-origin"], "*");
    assert!(asked["allow-methods"].contains("POST"));
    assert_eq!(
        asked["allow-headers"],
        "authorization,content-type,x-grpc-web"
    );
    assert!(!asked.contains_key("allow-credentials"));
    let answered = cors(
        &post(&edge, "/docket.v1.UserService/GetMe")
            .send()
            .await
            .unwrap(),
    );
    assert_eq!(answered["allow-origin"], "*");
    let exposed: Vec<_> = answered["expose-headers"]
        .split(',')
        .map(str::trim)
        .collect();
    for name in [
        "grpc-status",
        "grpc-message",
        "grpc-status-details-bin",
        "x-request-id",
    ] {
        assert!(exposed.contains(&name), "{name} is not in {exposed:?}");
    }
}

#[tokio::test]
async fn only_listed_origins_may_call_where_they_are_listed() {
    let listed = |origin: &'static str| {
        Edge::start_with(move |config| {
            config.cors_origins = CorsOrigins::Only(vec![http::HeaderValue::from_static(origin)]);
        })
    };
    let edge = listed(ORIGIN).await;
    assert_eq!(
        cors(&preflight(&edge).send().await.unwrap())["allow-origin"],
        ORIGIN
    );
    let edge = listed("https://other.example.com").await;
    assert!(!cors(&preflight(&edge).send().await.unwrap()).contains_key("allow-origin"));
}
