//! The client's own limits: addresses, redirects, sizes, and how often a request goes out.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use docket::{
    connectors::{
        http::HttpSettings,
        jira::{CallError, CreateOutcome, Trouble},
        reach::Unreached,
    },
    sandbox::{Action, Fault, Operation, Options, Sandbox},
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;

use super::{Bench, issue, jira, settings};

#[tokio::test]
async fn inner_addresses_are_refused_before_anything_is_sent() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let port = sandbox.url().rsplit(':').next().unwrap().to_owned();
    let sites = [
        sandbox.url(),
        format!("https://127.0.0.1:{port}"),
        format!("https://[::ffff:127.0.0.1]:{port}"),
        format!("https://localhost:{port}"),
        format!("http://localhost:{port}"),
        "https://169.254.169.254".to_owned(),
    ];
    for site in sites {
        let outcome = jira(&site, &HttpSettings::default(), "t")
            .create_issue(&issue(1))
            .await;
        assert!(
            matches!(outcome, CreateOutcome::NotSent(Trouble::AddressRefused(_))),
            "{site}: {outcome:?}"
        );
    }
    assert_eq!(sandbox.requests().len(), 0);
}

#[tokio::test]
async fn a_name_is_called_where_its_address_is_allowed() {
    let bench = Bench::new().await;
    let url = bench.sandbox.url().replace("127.0.0.1", "localhost");
    let account = jira(&url, &settings(), Options::TOKEN)
        .myself()
        .await
        .unwrap();
    assert_eq!(account.display_name, "Demo Account");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (bench, other) = (Bench::new().await, Bench::new().await);
    let target = format!("{}/rest/api/3/myself", other.sandbox.url());
    bench.sandbox.order(Fault::on(
        Operation::Myself,
        Action::Status {
            status: 302,
            body: None,
            headers: BTreeMap::from([("location".to_owned(), target)]),
        },
    ));
    let answer = bench.jira.myself().await;
    assert!(matches!(answer, Err(CallError::Rejected(r)) if r.status == 302));
    assert_eq!(other.sandbox.requests().len(), 0);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_given_up() {
    let tight = HttpSettings {
        max_body: 1000,
        ..settings()
    };
    let bench = Bench::with(Options::default(), &tight).await;
    assert!(bench.jira.myself().await.is_ok());
    bench.sandbox.order(Fault::on(
        Operation::Myself,
        Action::Oversized { bytes: 1001 },
    ));
    assert_eq!(bench.jira.myself().await, Err(Trouble::Unreadable.into()));
}

#[tokio::test]
async fn reads_that_get_lost_are_not_repeated_either() {
    let bench = Bench::new().await;
    bench
        .sandbox
        .order(Fault::on(Operation::Myself, Action::DropBefore));
    assert_eq!(
        bench.jira.myself().await,
        Err(Trouble::ConnectionLost.into())
    );
    assert_eq!(bench.sandbox.requests_of(Operation::Myself).len(), 1);
}

#[tokio::test]
async fn a_tls_handshake_that_never_ends_counts_as_not_sent() {
    // Accepts connections, and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let hasty = HttpSettings {
        connect_timeout: Duration::from_millis(200),
        ..settings()
    };
    let outcome = jira(&url, &hasty, "t").create_issue(&issue(1)).await;
    assert_eq!(
        outcome,
        CreateOutcome::NotSent(Trouble::Unreached(Unreached::Timeout))
    );
    drop(listener);
}

/// The key of [`CERTIFICATE`].
const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgiTA3NatOa0lGCRTuLKLhIgyJrGeQg0DPjv/zVZ5+g5+hRANCAATANVapVXN0YH\
     1lUJ06TnvUidk6ic+SkreNpp/GZh5pEX1uYQ5DlSaLH8Nk9A2humeME6hhn75EyWG0grOtJ90J";
/// Of nobody but itself, for 127.0.0.1.
const CERTIFICATE: &str = "MIIBLzCB1qADAgECAgEBMAoGCCqGSM49BAMCMBYxFDASBgNVBAMMC2RvY2tldCB0ZXN0MCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMD\
     AwWjAWMRQwEgYDVQQDDAtkb2NrZXQgdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMA1VqlVc3RgfWVQnTpOe9SJ2TqJz5KSt42mn8Zm\
     HmkRfW5hDkOVJosfw2T0DaG6Z4wTqGGfvkTJYbSCs60n3QmjEzARMA8GA1UdEQQIMAaHBH8AAAEwCgYIKoZIzj0EAwIDSAAwRQIhANre9nw6d8\
     KQ8O4aBRXIQAeVhz0ZSgK9gois6SDJH/ANAiAYXfDXJJeDpSXb3Fl7GROhMj1EVdvY6+OZO81pjpIpHw==";

/// Where one TLS handshake after the other is begun with that certificate.
fn unproved() -> String {
    let der = |text: &str| BASE64_STANDARD.decode(text).unwrap();
    let key = PrivateKeyDer::try_from(der(KEY)).unwrap();
    let chain = vec![CertificateDer::from(der(CERTIFICATE))];
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            // The client ends it.
            let _ = tls.complete_io(&mut stream);
        }
    });
    url
}

#[tokio::test]
async fn what_proves_no_name_was_not_sent_and_is_told_apart() {
    let url = unproved();
    let outcome = jira(&url, &settings(), "t").create_issue(&issue(1)).await;
    let untrusted = Trouble::Unreached(Unreached::Untrusted);
    assert_eq!(outcome, CreateOutcome::NotSent(untrusted.clone()));
    let stop = untrusted.failure();
    assert!(
        stop.recovery_actions[0].contains("SSL_CERT_FILE"),
        "{stop:?}"
    );
    // No TLS is spoken where plain HTTP is.
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let url = sandbox.url().replace("http://", "https://");
    let outcome = jira(&url, &settings(), "t").create_issue(&issue(1)).await;
    let other = Trouble::Unreached(Unreached::Tls);
    assert_eq!(outcome, CreateOutcome::NotSent(other));
}

#[tokio::test]
async fn docket_names_itself_and_asks_for_json() {
    let bench = Bench::new().await;
    bench.jira.myself().await.unwrap();
    let headers = &bench.sandbox.requests()[0].headers;
    let has = |name: &str, value: &str| headers.iter().any(|(n, v)| n == name && v == value);
    assert!(
        has("user-agent", concat!("docket/", env!("CARGO_PKG_VERSION"))),
        "{headers:?}"
    );
    assert!(has("accept", "application/json"), "{headers:?}");
}
