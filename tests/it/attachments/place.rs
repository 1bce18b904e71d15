//! Where attachments lie in a test: in a folder or in a bucket of the tests' S3 server, and what lies there.

use std::{fs, path::Path, sync::Arc};

use docket::app::clock::{Clock, SystemClock};
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use crate::support::{database::Kind, eventually, server::TestServer};

/// The variable with the URL of the server that `tests/support/s3` starts.
const SERVER: &str = "DOCKET_TEST_S3";

/// Where the rows lie, and where the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// SQLite and a folder.
    Sqlite,
    /// PostgreSQL and a folder.
    Postgres,
    /// SQLite and a bucket.
    Bucket,
}

impl Place {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Sqlite | Self::Bucket => Kind::Sqlite,
            Self::Postgres => Kind::Postgres,
        }
    }

    /// The settings that lead there; in a bucket to a part of it that nobody else uses.
    pub(super) fn settings(self) -> Vec<(&'static str, String)> {
        match self {
            Self::Sqlite | Self::Postgres => Vec::new(),
            Self::Bucket => bucket(&s3()),
        }
    }
}

/// The tests' S3 server.
pub(super) fn s3() -> String {
    std::env::var(SERVER).unwrap_or_else(|_| {
        panic!("{SERVER} is not set: start a server with tests/support/s3, or run tests/run")
    })
}

/// The settings of a bucket on this server.
pub(super) fn bucket(server: &str) -> Vec<(&'static str, String)> {
    let url = format!("s3://docket/{}", Uuid::now_v7());
    [
        ("UPLOAD_URL", url.as_str()),
        ("AWS_ENDPOINT_URL", server),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_ACCESS_KEY_ID", "docket"),
        ("AWS_SECRET_ACCESS_KEY", "a key that is never shown"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

/// A server whose attachments lie there.
pub(super) async fn serving(place: Place) -> TestServer {
    serving_with(place, &[]).await
}

/// With these settings besides.
pub(super) async fn serving_with(place: Place, set: &[(&str, &str)]) -> TestServer {
    serving_as(place, set, Arc::new(SystemClock)).await
}

/// On this clock.
pub(super) async fn serving_at(place: Place, clock: Arc<dyn Clock>) -> TestServer {
    serving_as(place, &[], clock).await
}

async fn serving_as(place: Place, set: &[(&str, &str)], clock: Arc<dyn Clock>) -> TestServer {
    let settings = place.settings();
    let placed = settings.iter().map(|(name, value)| (*name, value.as_str()));
    let all: Vec<(&str, &str)> = placed.chain(set.iter().copied()).collect();
    TestServer::start_set_with(place.kind(), &all, clock).await
}

/// All that lies there, by name: whole files, and such as are being written.
pub(super) async fn stored(server: &TestServer) -> Vec<String> {
    let mut found = match server.bucket() {
        None => files(server.uploads()),
        Some(bucket) => {
            let (root, prefix) = address(server);
            assert_eq!(bucket.url.path(), format!("/{prefix}"));
            let listed = ask(&format!("{root}?list-type=2&prefix={prefix}/")).await;
            let begun = ask(&format!("{root}?uploads&prefix={prefix}/")).await;
            let keys = [listed, begun].concat();
            let keys = keys.split("<Key>").skip(1);
            let names = keys.filter_map(|rest| rest.split_once("</Key>"));
            names
                .filter_map(|(key, _)| key.strip_prefix(&format!("{prefix}/")))
                .map(str::to_owned)
                .collect()
        }
    };
    found.sort();
    found
}

/// The server does not look at signatures, but wants one where an object is already.
const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=docket/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";

/// Takes an object away past docket.
pub(super) async fn lose(server: &TestServer, name: &str) {
    if server.bucket().is_none() {
        return fs::remove_file(server.uploads().join(name)).unwrap();
    }
    let (root, prefix) = address(server);
    let request = reqwest::Client::new()
        .delete(format!("{root}/{prefix}/{name}"))
        .header("authorization", SIGNED);
    request.send().await.unwrap().error_for_status().unwrap();
}

/// Puts an object there past docket.
pub(super) async fn leave_object(server: &TestServer, name: &str) {
    let (root, prefix) = address(server);
    let put = reqwest::Client::new().put(format!("{root}/{prefix}/{name}"));
    let put = put.header("authorization", SIGNED).body("left");
    let answer = put.send().await.unwrap();
    answer.error_for_status().unwrap();
}

/// Leaves four bytes of an object, past docket.
pub(super) async fn shorten(server: &TestServer, name: &str) {
    match server.bucket() {
        None => fs::write(server.uploads().join(name), "left").unwrap(),
        Some(_) => leave_object(server, name).await,
    }
}

/// The bucket's URL over HTTP, and the part of it that is this server's.
fn address(server: &TestServer) -> (String, String) {
    let bucket = server.bucket().expect("a bucket");
    let endpoint = bucket.options["AWS_ENDPOINT_URL"].expose_secret();
    let prefix = bucket.url.path().trim_matches('/').to_owned();
    (format!("{endpoint}/docket"), prefix)
}

async fn ask(url: &str) -> String {
    let answer = reqwest::get(url).await.unwrap().error_for_status();
    answer.unwrap().text().await.unwrap()
}

/// Waits until so many things lie there.
pub(super) async fn until_stored(server: &TestServer, count: usize) {
    eventually("so many things lie there", async || {
        stored(server).await.len() == count
    })
    .await;
}

/// Every file below a folder, by its path from there.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let below = path.strip_prefix(folder).unwrap();
                found.push(below.display().to_string());
            }
        }
    }
    found
}
