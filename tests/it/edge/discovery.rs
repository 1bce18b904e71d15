//! Reflection and health, which need no token.

use std::collections::HashSet;

use prost::Message as _;
use prost_types::FileDescriptorProto;
use rstest::rstest;
use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use super::{Edge, reason};

const SERVICES: [&str; 4] = [
    "docket.v1.ExportService",
    "docket.v1.IntegrationService",
    "docket.v1.TicketService",
    "docket.v1.UserService",
];

/// Asks one version of the reflection service; the two differ in nothing but their package.
macro_rules! ask {
    ($edge:expr, $version:ident, $question:ident($text:expr)) => {{
        use tonic_reflection::pb::$version::{
            ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
            server_reflection_request::MessageRequest,
        };
        let request = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(MessageRequest::$question($text.to_owned())),
        };
        let mut client = ServerReflectionClient::new($edge.channel().await);
        let requests = futures::stream::iter([request]);
        let mut answers = client
            .server_reflection_info(requests)
            .await
            .unwrap()
            .into_inner();
        answers
            .message()
            .await
            .unwrap()
            .unwrap()
            .message_response
            .unwrap()
    }};
}

macro_rules! reflection_test {
    ($name:ident, $version:ident) => {
        #[tokio::test]
        async fn $name() {
            use tonic_reflection::pb::$version::server_reflection_response::MessageResponse;
            let edge = Edge::start().await;
            let MessageResponse::ListServicesResponse(list) =
                ask!(edge, $version, ListServices(""))
            else {
                panic!("no list of services");
            };
            let names: HashSet<_> = list
                .service
                .into_iter()
                .map(|service| service.name)
                .collect();
            for service in SERVICES {
                assert!(names.contains(service), "{service} is not in {names:?}");
            }
            for symbol in [
                "docket.v1.Ticket",
                "google.rpc.ErrorInfo",
                "grpc.health.v1.Health",
            ] {
                let answer = ask!(edge, $version, FileContainingSymbol(symbol));
                let MessageResponse::FileDescriptorResponse(files) = answer else {
                    panic!("{symbol} is not found");
                };
                let file =
                    FileDescriptorProto::decode(files.file_descriptor_proto[0].as_slice()).unwrap();
                assert!(
                    symbol.starts_with(file.package()),
                    "{symbol}: {}",
                    file.name()
                );
            }
        }
    };
}

reflection_test!(reflection_v1_shows_the_contract_and_the_error_details, v1);
reflection_test!(reflection_v1alpha_shows_them_too, v1alpha);

#[rstest]
#[case("")]
#[case("docket.v1.ExportService")]
#[case("docket.v1.IntegrationService")]
#[case("docket.v1.TicketService")]
#[case("docket.v1.UserService")]
#[tokio::test]
async fn every_service_is_healthy(#[case] service: &str) {
    let edge = Edge::start().await;
    let mut client = HealthClient::new(edge.channel().await);
    let service = service.to_owned();
    let answer = client
        .check(HealthCheckRequest { service })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.status(), ServingStatus::Serving);
}

#[tokio::test]
async fn the_health_of_an_unknown_service_is_not_found_with_details() {
    let edge = Edge::start().await;
    let mut client = HealthClient::new(edge.channel().await);
    let service = "docket.v1.Nothing".to_owned();
    let status = client
        .check(HealthCheckRequest { service })
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(reason(&status), "NOT_FOUND");
}

#[tokio::test]
async fn plain_http_tells_whether_the_server_is_up() {
    let edge = Edge::start().await;
    let client = reqwest::Client::new();
    let health = client.get(edge.url("/healthz")).send().await.unwrap();
    assert_eq!(
        (
            health.status().as_u16(),
            health.text().await.unwrap().as_str()
        ),
        (200, "ok\n")
    );
    let missing = client.get(edge.url("/nothing")).send().await.unwrap();
    assert_eq!(missing.status().as_u16(), 404);
    let no_grpc = client
        .post(edge.url("/docket.v1.TicketService/GetTicket"))
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(no_grpc.status().as_u16(), 415);
}
