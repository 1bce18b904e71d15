//! Buckets: which store a URL names, how it is called, and whether it lets us in.

use std::{sync::Arc, time::Duration};

use futures::TryStreamExt as _;
use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, RetryConfig, aws::AmazonS3Builder,
    path::Path as Name, prefix::PrefixStore,
};
use secrecy::ExposeSecret as _;

use super::Blobs;
use crate::{
    config::Bucket,
    error::{Error, Result},
};

/// How much is written to a bucket at once: the least that S3 takes as a part of a larger file, and all that a transfer keeps in memory.
const WRITE_BUCKET: usize = 5 * 1024 * 1024;
/// How long a connection may take to come about, and an answer, or the next piece of one, to come.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// How often a request is made that fails for now, and for how long in all: somebody waits for it.
const RETRIES: usize = 3;
const PATIENCE: Duration = Duration::from_secs(20);

impl Blobs {
    /// A bucket, or a part of one; asks it once whether it lets us in.
    pub async fn in_bucket(bucket: &Bucket) -> Result<Self> {
        // The reason may name a URL, never a key.
        let unusable = |error: object_store::Error| {
            let why = crate::telemetry::chain(&error);
            Error::internal(format!("UPLOAD_URL {}: {why}", bucket.url))
        };
        let store = open(bucket).map_err(unusable)?;
        let prefix = Name::from_url_path(bucket.url.path())
            .map_err(|error| Error::internal(format!("UPLOAD_URL {}: {error}", bucket.url)))?;
        let store: Arc<dyn ObjectStore> = match prefix.as_ref().is_empty() {
            true => store,
            false => Arc::new(PrefixStore::new(store, prefix)),
        };
        let mut listed = store.list(Some(&Name::from(super::INCOMING)));
        listed.try_next().await.map_err(unusable)?;
        drop(listed);
        Ok(Self {
            store,
            folder: None,
            write: WRITE_BUCKET,
        })
    }
}

fn open(bucket: &Bucket) -> object_store::Result<Arc<dyn ObjectStore>> {
    let url = bucket.url.as_str();
    let given = |name: &str| bucket.options.get(name).map(|value| value.expose_secret());
    // The store tells its own settings by the same names in lower case.
    macro_rules! built {
        ($builder:ty) => {{
            let mut builder = <$builder>::new()
                .with_url(url)
                .with_retry(retry())
                .with_client_options(client());
            for name in bucket.options.keys() {
                let key = name.to_ascii_lowercase().parse();
                if let (Ok(key), Some(value)) = (key, given(name)) {
                    builder = builder.with_config(key, value);
                }
            }
            Ok(Arc::new(builder.build()?))
        }};
    }
    match bucket.url.scheme() {
        #[cfg(feature = "azure")]
        "az" => built!(object_store::azure::MicrosoftAzureBuilder),
        #[cfg(feature = "gcp")]
        "gs" => built!(object_store::gcp::GoogleCloudStorageBuilder),
        _ => built!(AmazonS3Builder),
    }
}

fn client() -> ClientOptions {
    ClientOptions::new()
        .with_connect_timeout(CONNECT_TIMEOUT)
        .with_read_timeout(READ_TIMEOUT)
        // A large file may take its time, as long as it comes.
        .with_timeout_disabled()
}

fn retry() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(5),
            base: 2.0,
        },
        max_retries: RETRIES,
        retry_timeout: PATIENCE,
    }
}
