//! The settings of attachments: what may be attached, and the folder or the bucket that it is kept in.

use std::{collections::BTreeMap, path::Path};

use secrecy::SecretString;
use url::Url;

use super::{Bucket, UploadSettings, parse, read::Reader};
use crate::{
    connectors::scan::{ScannedBy, Scanner},
    domain::attachment::Rules,
};

const EXTENSIONS: &str = "pdf,png,jpg,jpeg,gif,webp,txt,log,md,csv,json,xml,yaml,yml,zip,gz,eml,doc,docx,xls,xlsx,ppt,pptx";

/// What Amazon's own tools read: keys, or a way to get some from where the process runs.
const AWS: [&str; 15] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ALLOW_HTTP",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
];

/// As [`AWS`], of Azure.
const AZURE: [&str; 8] = [
    "AZURE_STORAGE_ACCOUNT_NAME",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_SAS_KEY",
    "AZURE_STORAGE_ENDPOINT",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_TENANT_ID",
    "AZURE_FEDERATED_TOKEN_FILE",
];

/// As [`AWS`], of Google.
const GOOGLE: [&str; 3] = [
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
];

impl Reader<'_> {
    pub(super) fn uploads(&mut self, data_dir: &Path) -> UploadSettings {
        let default = EXTENSIONS.split(',').map(str::to_owned).collect();
        UploadSettings {
            dir: self.read("UPLOAD_DIR", data_dir.join("uploads"), |text| {
                Ok(text.into())
            }),
            bucket: self.bucket(),
            scanner: self.scanner(),
            rules: Rules {
                max_bytes: self.number("MAX_FILE_SIZE_MB", 50_u64, 1..=2048) * 1024 * 1024,
                allowed_extensions: self.read(
                    "ALLOWED_FILE_EXTENSIONS",
                    default,
                    parse::extensions,
                ),
            },
        }
    }

    fn scanner(&mut self) -> Option<Scanner> {
        let timeout = self.seconds("SCAN_TIMEOUT_SECONDS", 60, 1..=3600);
        let command = self.read("SCAN_COMMAND", None, |text| {
            text.parse().map(ScannedBy::Command).map(Some)
        });
        let clamd = self.read("SCAN_CLAMD", None, |text| {
            text.parse().map(ScannedBy::Clamd).map(Some)
        });
        if self.is_set("SCAN_COMMAND") && self.is_set("SCAN_CLAMD") {
            self.fault(
                "SCAN_CLAMD",
                "SCAN_COMMAND is set too, and one of them scans",
            );
        }
        let by = command.or(clamd)?;
        Some(Scanner { by, timeout })
    }

    fn bucket(&mut self) -> Option<Bucket> {
        let url = self.read("UPLOAD_URL", None, |text| bucket_url(text).map(Some))?;
        if self.is_set("UPLOAD_DIR") {
            self.fault(
                "UPLOAD_URL",
                "UPLOAD_DIR is set too, and attachments lie in one place",
            );
        }
        let names: &[&'static str] = match url.scheme() {
            "az" => &AZURE,
            "gs" => &GOOGLE,
            _ => &AWS,
        };
        let mut options = BTreeMap::new();
        for &name in names {
            let value = self.read(name, None, |text| Ok(Some(SecretString::from(text))));
            if let Some(value) = value {
                options.insert(name.to_owned(), value);
            }
        }
        Some(Bucket { url, options })
    }
}

/// The address of a bucket. It has no place for a secret.
fn bucket_url(text: &str) -> Result<Url, String> {
    let form = "must be a URL such as s3://bucket/prefix";
    let url = Url::parse(text).map_err(|_| form.to_owned())?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.port().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !plain || url.host_str().is_none_or(str::is_empty) {
        return Err(form.to_owned());
    }
    match url.scheme() {
        "s3" => Ok(url),
        "az" if cfg!(feature = "azure") => Ok(url),
        "gs" if cfg!(feature = "gcp") => Ok(url),
        "az" => Err("az: needs a docket that was built with the feature azure".to_owned()),
        "gs" => Err("gs: needs a docket that was built with the feature gcp".to_owned()),
        other => Err(format!("must begin with s3:, not {other}:")),
    }
}
