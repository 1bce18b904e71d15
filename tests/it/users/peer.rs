//! From where a caller calls, as history tells it.

use docket::{domain::actor::Role, proto::v1};
use rstest::rstest;
use tonic::Request;

use crate::support::{database::Kind, server::TestServer};

/// Files a ticket with these headers, and tells the address that its history has.
async fn told(server: &TestServer, headers: &[(&'static str, &'static str)]) -> Option<String> {
    let mut tickets = server.tickets(Role::Admin);
    let mut request = Request::new(v1::CreateTicketRequest {
        ticket: Some(v1::Ticket {
            title: "Label printer".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    });
    for (name, value) in headers {
        request.metadata_mut().append(*name, value.parse().unwrap());
    }
    let filed = tickets.create_ticket(request).await.unwrap().into_inner();
    let request = v1::ListTicketHistoryRequest {
        ticket_id: filed.ticket.unwrap().id,
        ..Default::default()
    };
    let page = tickets.list_ticket_history(request).await.unwrap();
    page.into_inner().entries.remove(0).ip_address
}

#[rstest]
#[tokio::test]
async fn without_trusted_proxies_the_connection_alone_counts(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    let own = Some("127.0.0.1".to_owned());
    assert_eq!(told(&server, &[]).await, own);
    let headers = [
        ("x-forwarded-for", "198.51.100.1"),
        ("forwarded", "for=198.51.100.1"),
        ("x-real-ip", "198.51.100.1"),
    ];
    assert_eq!(told(&server, &headers).await, own);
    server.stop().await;
}

#[tokio::test]
async fn a_trusted_proxy_tells_whom_it_calls_for() {
    let given = [("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")];
    let server = TestServer::start_set(Kind::Sqlite, &given).await;
    for (headers, expected) in [
        (&[][..], "127.0.0.1"),
        (
            &[("x-forwarded-for", "1.1.1.1, 198.51.100.1, 10.2.3.4")],
            "198.51.100.1",
        ),
        (
            &[("x-forwarded-for", "::ffff:198.51.100.1")],
            "198.51.100.1",
        ),
        (
            &[("forwarded", "for=\"[2001:db8::7]:4711\";proto=https")],
            "2001:db8::7",
        ),
        (&[("x-forwarded-for", "nonsense")], "127.0.0.1"),
        (
            &[
                ("x-forwarded-for", "198.51.100.1"),
                ("forwarded", "for=192.0.2.1"),
            ],
            "127.0.0.1",
        ),
    ] {
        assert_eq!(
            told(&server, headers).await.as_deref(),
            Some(expected),
            "{headers:?}"
        );
    }
    server.stop().await;
}
