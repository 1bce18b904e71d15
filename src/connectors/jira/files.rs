//! Files on issues. Jira takes the same file as often as it is sent: what is there already has to be looked at first.

use std::time::Duration;

use bytes::Bytes;
use futures::stream::BoxStream;
use reqwest::{
    Body, Method,
    multipart::{Form, Part},
};
use serde::Deserialize;
use serde_json::json;

use super::{Account, CallError, Jira, Rejection, Trouble, outcome};
use crate::{
    connectors::http::{NotSent, SendError},
    error::Error,
};

/// The slowest connection that a file is waited for over, in bytes a second; a call's own time limit comes on top.
const SLOWEST: u64 = 128 * 1024;

/// A file on an issue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct IssueFile {
    /// Jira's number of it.
    pub id: String,
    /// Its name.
    pub filename: String,
    /// Its size in bytes.
    pub size: u64,
    /// Who added it, where Jira tells.
    #[serde(default)]
    pub author: Option<Account>,
}

/// A file to be added to an issue.
pub struct NewFile<'a> {
    /// Its name.
    pub filename: &'a str,
    /// Its media type.
    pub content_type: &'a str,
    /// Its size in bytes, which is what `bytes` give.
    pub size: u64,
    /// Its bytes.
    pub bytes: BoxStream<'static, Result<Bytes, Error>>,
}

/// What became of adding a file, by what may be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttachOutcome {
    /// The issue has it.
    Attached(IssueFile),
    /// Jira refused. The same file would be refused again.
    Rejected(Rejection),
    /// Jira refused for now. The same file may be sent after the wait.
    RetryLater {
        /// How long Jira asks to wait; a gateway may not say.
        after: Option<Duration>,
        /// The limit that was hit, as Jira names it; empty when it does not.
        reason: String,
    },
    /// The request never left. It may be sent again.
    NotSent(Trouble),
    /// The issue may or may not have the file, or come to have it: look before anything is sent again.
    Uncertain(Trouble),
}

#[derive(Deserialize)]
struct Attached {
    #[serde(default)]
    fields: Fields,
}

#[derive(Default, Deserialize)]
struct Fields {
    #[serde(default)]
    attachment: Vec<IssueFile>,
}

impl Jira {
    /// The files that an issue has.
    pub async fn issue_files(&self, key: &str) -> Result<Vec<IssueFile>, CallError> {
        let path = ["rest", "api", "3", "issue", key];
        let body: Attached = self.get(&path, &[("fields", "attachment")]).await?;
        Ok(body.fields.attachment)
    }

    /// Adds a file to an issue: one request, sent at most once, with no more of the file in memory than a piece.
    pub async fn attach(&self, key: &str, file: NewFile<'_>) -> AttachOutcome {
        let path = ["rest", "api", "3", "issue", key, "attachments"];
        let told = json!({ "filename": file.filename, "content_type": file.content_type, "size": file.size });
        let patience = self.shared.http.timeout() + Duration::from_secs(file.size / SLOWEST);
        let sent = match form(file) {
            Some(form) => {
                let build = |request: reqwest::RequestBuilder| {
                    let request = request.header("X-Atlassian-Token", "no-check");
                    request.timeout(patience).multipart(form)
                };
                self.send_with(Method::POST, &path, &[], Some(&told), build)
                    .await
            }
            None => Err(SendError::NotSent(NotSent::Unbuilt)),
        };
        outcome::of_attach(sent, &self.shared.redactor)
    }
}

/// The file as a form's part `file`. Its name goes as it is: Jira does not read the encoded form of RFC 5987.
fn form(file: NewFile<'_>) -> Option<Form> {
    let part = Part::stream_with_length(Body::wrap_stream(file.bytes), file.size);
    let part = part.file_name(file.filename.to_owned());
    let part = part.mime_str(file.content_type).ok()?;
    Some(Form::new().percent_encode_noop().part("file", part))
}
