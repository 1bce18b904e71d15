//! No spelling of an inner address is called, and no redirect to one: counted at a listener that would take any of them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use docket::{
    domain::actor::Role,
    proto::v1::{self, integration::Config},
};
use tokio::net::TcpListener;
use tonic::Code;
use tonic_types::StatusExt as _;

use super::{
    stand_in::{Act, Reply, StandIn},
    webhook::SECRETS,
};
use crate::support::{
    database::Kind,
    server::{Integrations, TestServer},
};

/// Spellings of hosts that are not on the public internet, most of them of this machine.
const HOSTS: [&str; 66] = [
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "127.8.8.8",
    "127.255.255.254",
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0X7F000001",
    "0x7f.1",
    "0x7f.0.0.1",
    "0x7f.0x0.0x0.0x1",
    "0177.0.0.1",
    "0177.0.0.01",
    "0177.1",
    "0x7f.0.01",
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
    "１２７.０.０.１",
    "①②⑦.0.0.1",
    "127。0。0。1",
    "127．0．0．1",
    "0",
    "0x0",
    "0.0.0.0",
    "0000.0000.0000.0000",
    "localhost",
    "LOCALHOST",
    "LocalHost.",
    "ｌｏｃａｌｈｏｓｔ",
    "ip6-localhost",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "[::ffff:0.0.0.0]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2002:7f00:0001::1]",
    "[2001:0:7f00:1::1]",
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[2001:db8::1]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "0251.0376.0251.0376",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
];

/// Counts who connects, over IPv4 and IPv6.
async fn counting() -> (u16, Arc<AtomicUsize>) {
    let listener = match TcpListener::bind("[::]:0").await {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind("0.0.0.0:0").await.unwrap(),
    };
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, count)
}

fn webhook(url: &str) -> v1::Integration {
    v1::Integration {
        name: "Receiver".to_owned(),
        enabled: true,
        config: Some(Config::Webhook(v1::WebhookConfig {
            url: url.to_owned(),
            ..Default::default()
        })),
        ..Default::default()
    }
}

fn credentials() -> v1::Credentials {
    v1::Credentials {
        platform: Some(v1::credentials::Platform::Webhook(v1::WebhookCredentials {
            secrets: vec![SECRETS[0].to_owned()],
        })),
    }
}

async fn set_up(integrations: &mut Integrations, url: &str) -> String {
    let request = v1::CreateIntegrationRequest {
        integration: Some(webhook(url)),
        credentials: Some(credentials()),
        ..Default::default()
    };
    let made = integrations.create_integration(request).await.unwrap();
    made.into_inner().integration.unwrap().id
}

/// Gives the integration this address and tests it; `None`: the address is refused as it stands.
async fn test(
    integrations: &mut Integrations,
    id: &str,
    url: &str,
) -> Option<v1::TestIntegrationResponse> {
    let request = v1::UpdateIntegrationRequest {
        integration: Some(v1::Integration {
            id: id.to_owned(),
            ..webhook(url)
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["webhook.url".to_owned()],
        }),
        ..Default::default()
    };
    if let Err(status) = integrations.update_integration(request).await {
        assert_eq!(status.code(), Code::InvalidArgument, "{url}: {status:?}");
        return None;
    }
    let request = v1::TestIntegrationRequest { id: id.to_owned() };
    let tested = integrations.test_integration(request).await.unwrap();
    Some(tested.into_inner())
}

#[tokio::test]
async fn no_spelling_of_an_inner_address_is_called() {
    let server = TestServer::start_set(Kind::Sqlite, &[("OUTBOUND_ALLOW", "")]).await;
    let (port, count) = counting().await;
    let mut integrations = server.integrations(Role::Admin);
    let id = set_up(&mut integrations, "https://hooks.example.com").await;
    let mut urls = Vec::new();
    for host in HOSTS {
        urls.push(format!("https://{host}:{port}/"));
        urls.push(format!("http://{host}:{port}/"));
    }
    urls.extend([
        format!("https://hooks.example.com@127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{port}#@hooks.example.com/"),
        format!("https:\\\\127.0.0.1:{port}\\"),
        format!("https:127.0.0.1:{port}"),
        format!("https:/127.0.0.1:{port}"),
        format!(" https://127.0.0.1:{port}/"),
        format!("https://127.0.0.1\t:{port}/"),
        format!("ht\ntps://127.0.0.1:{port}/"),
        format!("//127.0.0.1:{port}/"),
        format!("gopher://127.0.0.1:{port}/"),
        format!("ftp://127.0.0.1:{port}/"),
        "file:///etc/passwd".to_owned(),
        "unix:///var/run/docker.sock".to_owned(),
        "data:text/plain,x".to_owned(),
        "https://metadata.google.internal/".to_owned(),
    ]);
    for url in &urls {
        let Some(tested) = test(&mut integrations, &id, url).await else {
            continue;
        };
        assert!(!tested.ok, "{url}");
        // A name may take its resolver longer than a call may.
        let reason = tested.problems[0].reason.as_str();
        let slow = url.contains("internal") || url.contains("ip6-");
        assert!(
            reason == "PLATFORM_UNREACHABLE" || slow && reason == "PLATFORM_TIMEOUT",
            "{url}: {tested:?}"
        );
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
    server.stop().await;

    // The listener is one that docket calls where it may: else the count would tell nothing.
    let server = TestServer::start_set(Kind::Sqlite, &[("OUTBOUND_ALLOW", "127.0.0.0/8")]).await;
    let mut integrations = server.integrations(Role::Admin);
    let id = set_up(&mut integrations, "https://hooks.example.com").await;
    for host in ["127.0.0.1", "2130706433", "localhost"] {
        let before = count.load(Ordering::SeqCst);
        let url = format!("https://{host}:{port}/");
        test(&mut integrations, &id, &url).await;
        assert!(count.load(Ordering::SeqCst) > before, "{url}");
    }
    server.stop().await;
}

#[tokio::test]
async fn an_address_that_is_never_called_is_refused_when_it_is_given() {
    let server = TestServer::start_set(Kind::Sqlite, &[("OUTBOUND_ALLOW", "10.1.0.0/16")]).await;
    let mut integrations = server.integrations(Role::Admin);
    let refused = |url: &str| v1::CreateIntegrationRequest {
        integration: Some(webhook(url)),
        credentials: Some(credentials()),
        validate_only: true,
        ..Default::default()
    };
    for url in ["https://127.0.0.1/", "http://10.2.0.1/", "https://[::1]/"] {
        let refused = integrations.create_integration(refused(url)).await;
        let refused = refused.unwrap_err();
        let details = refused.get_error_details();
        let violation = &details.bad_request().unwrap().field_violations[0];
        assert_eq!(violation.field, "integration.webhook.url", "{url}");
        assert!(
            violation.description.contains("OUTBOUND_ALLOW"),
            "{violation:?}"
        );
    }
    let id = set_up(&mut integrations, "http://10.1.0.1/").await;
    let moved = test(&mut integrations, &id, "https://10.2.0.1/").await;
    assert!(moved.is_none(), "{moved:?}");
    server.stop().await;
}

#[tokio::test]
async fn no_redirect_is_followed_to_an_inner_address_or_any_other() {
    let server = TestServer::start_set(Kind::Sqlite, &[("OUTBOUND_ALLOW", "127.0.0.1/32")]).await;
    let (port, count) = counting().await;
    let receiver = StandIn::start(|_| Reply::json(200, &serde_json::json!({}))).await;
    let mut integrations = server.integrations(Role::Admin);
    let id = set_up(&mut integrations, &receiver.url).await;
    for status in [301, 302, 303, 307, 308] {
        for target in [
            format!("http://127.0.0.2:{port}/"),
            format!("http://127.0.0.1:{port}/"),
            format!("https://[::1]:{port}/"),
            format!("//127.0.0.1:{port}/"),
            "/elsewhere".to_owned(),
        ] {
            let reply = Reply::json(status, &serde_json::json!({})).with("location", &target);
            receiver.order("POST", Act::Answer(reply));
            let tested = test(&mut integrations, &id, &receiver.url).await.unwrap();
            assert!(!tested.ok, "{status} {target}");
            assert_eq!(tested.problems[0].reason, "PLATFORM_NOT_FOUND");
        }
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
    assert_eq!(receiver.asked_for("/elsewhere").len(), 0);
    assert_eq!(receiver.asked().len(), 25);
    server.stop().await;
}
