//! Files: uploaded to a place that Slack names, then hung below the message.

use reqwest::Body;
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

use super::Slack;
use crate::{
    connectors::{
        fault::{Fault, Next},
        outcome::{Attached, External, Failure, KnownFile},
        parcel::FileBytes,
    },
    domain::export::ErrorCategory::Temporary,
    error::Reason,
};

/// The slowest connection that a file is waited for over, in bytes a second; a call's own time limit comes on top.
const SLOWEST: u64 = 128 * 1024;
/// The most pages of a thread that are read.
const PAGES: usize = 20;

impl Slack {
    /// Adds a file to the message's thread. Until the last of the three calls nobody sees the file, so that only that one leaves a doubt.
    pub async fn attach(&self, external: &External, file: FileBytes<'_>) -> Attached {
        let (name, ours) = (file.filename.to_owned(), file.ours);
        match self.upload(file).await {
            Ok(_) if !ours() => Attached::RetryLater(Failure::new(
                Temporary,
                Reason::Unavailable,
                "docket was held up between two of the calls that a file takes.",
            )),
            Ok(id) => self.complete(external, &id, &name).await,
            Err(fault) => Fault {
                next: if fault.next == Next::Reject {
                    Next::Reject
                } else {
                    Next::Wait
                },
                ..of_file(fault)
            }
            .into(),
        }
    }

    /// The id of the uploaded file.
    async fn upload(&self, file: FileBytes<'_>) -> Result<String, Fault> {
        let party = &self.shared.party;
        let size = file.size.to_string();
        let query = [("filename", file.filename), ("length", size.as_str())];
        let said = self.ask("files.getUploadURLExternal", &query).await?;
        let told = |name: &str| said.body[name].as_str();
        let (url, id) = match (told("upload_url").map(Url::parse), told("file_id")) {
            (Some(Ok(url)), Some(id)) => (url, id.to_owned()),
            _ => return Err(party.unreadable(said.answer.status)),
        };
        let http = &self.shared.http;
        let patience = http.timeout() + Duration::from_secs(file.size / SLOWEST);
        // The address is the permission: the bot's token has no business there.
        let sent = http.send(&url, |client| {
            client
                .post(url.clone())
                .timeout(patience)
                .header("content-type", "application/octet-stream")
                .header("content-length", file.size)
                .body(Body::wrap_stream(file.bytes))
        });
        party.judge(sent.await, |_| String::new())?;
        Ok(id)
    }

    async fn complete(&self, external: &External, id: &str, name: &str) -> Attached {
        let body = json!({
            "files": [{ "id": id, "title": name }],
            "channel_id": external.project_key,
            "thread_ts": external.id,
        });
        match self.tell("files.completeUploadExternal", &body).await {
            Ok(_) => Attached::Attached { id: id.to_owned() },
            Err(fault) => of_file(fault).into(),
        }
    }

    /// The files in the message's thread.
    pub async fn files_on(&self, external: &External) -> Result<Vec<KnownFile>, Failure> {
        let query = [
            ("channel", external.project_key.as_str()),
            ("ts", external.id.as_str()),
            ("limit", "200"),
        ];
        let mut all = Vec::new();
        let mut cursor = String::new();
        for _ in 0..PAGES {
            let page = self.page("conversations.replies", &query, &cursor).await;
            let (body, next) = page.map_err(Fault::failure)?;
            let messages = body["messages"].as_array().into_iter().flatten();
            let files = messages.filter_map(|message| message["files"].as_array());
            all.extend(files.flatten().filter_map(known));
            match next {
                Some(next) => cursor = next,
                None => return Ok(all),
            }
        }
        Err(Failure::new(
            Temporary,
            Reason::PlatformAnswerUnreadable,
            "The message's thread is longer than docket reads, so that nobody knows which files hang there already.",
        ))
    }
}

/// What stands in the way of a file, and not of its ticket.
fn of_file(fault: Fault) -> Fault {
    match fault.next {
        Next::Reject => Fault {
            fix: "Share the file in another way (it stays in docket), or change it".to_owned(),
            ..fault
        },
        Next::Wait | Next::Look => fault,
    }
}

fn known(file: &Value) -> Option<KnownFile> {
    Some(KnownFile {
        id: file["id"].as_str()?.to_owned(),
        filename: file["name"].as_str()?.to_owned(),
        size: file["size"].as_u64()?,
    })
}
