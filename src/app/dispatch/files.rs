//! The ticket's files, sent to its copy one by one. What the platform does not take is told, and holds up nothing.

use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::{
    attempt::{Attempt, Halt},
    load::Scene,
    look::{AFTER_SILENCE, ONCE, waits_for},
};
use crate::{
    app::{issue_files::Source, step::step},
    connectors::{
        outcome::{Attached, External, Failure, KnownFile},
        parcel::{FileBytes, MadeFile},
    },
    db::{
        attachment,
        dispatch::{DispatchState, SentFile, SentFiles},
    },
    domain::{export_log::shortened, ticket::ScanStatus},
    error::Error,
};

/// How often a file is sent in all.
const TRIES: u32 = 3;
/// The wait before a file is sent again where the platform asks for none, and the longest one.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);
/// Why a file was not sent whose bytes are kept where docket cannot read them just now.
const UNREAD: &str = "docket could not read its bytes; they are kept, and can be had with DownloadAttachment once docket can read them again";

/// A file on its way.
struct Outgoing {
    filename: String,
    size_bytes: i64,
    source: Source,
    /// What it is known by: its place among the others changes.
    identity: String,
}

impl Outgoing {
    fn is(&self, sent: &SentFile) -> bool {
        match &sent.source {
            Some(source) => *source == self.identity,
            None => sent.filename == self.filename && sent.size_bytes == self.size_bytes,
        }
    }
}

impl Attempt {
    /// Sends what has not been sent yet, and writes down after each file what came of it.
    pub(super) async fn send_files(&mut self, scene: &Scene) -> Result<(), Halt> {
        let external = self.row.external.clone().unwrap_or_default();
        let external: External = serde_json::from_value(external).map_err(Error::internal)?;
        let made = scene.connector.made_files(&scene.parcel, &external);
        let files: Vec<_> = scene
            .kept
            .iter()
            .map(kept)
            .chain(made.into_iter().map(made_of))
            .collect();
        let mut done = self.row.files.clone().unwrap_or_default().0;
        if files
            .iter()
            .any(|file| !done.iter().any(|sent| file.is(sent)))
        {
            self.show().await?;
        }
        // An attempt before this one may have sent one of those that are left: the first one, unless files have come or gone since.
        let mut doubt = self.inherited.then_some(AFTER_SILENCE);
        for file in &files {
            if done.iter().any(|sent| file.is(sent)) {
                continue;
            }
            step("dispatch.file_next");
            let outcome = match scene.connector.takes_files() {
                Err(why) => Err(why.to_owned()),
                Ok(()) => self.send_file(scene, &external, file, &done, doubt).await?,
            };
            doubt = doubt.map(|_| ONCE);
            done.push(told(file, outcome));
            self.row.files = Some(SentFiles(done.clone()));
            self.save(DispatchState::Sent).await?;
            step("dispatch.file_kept");
        }
        Ok(())
    }

    /// Sends one file: the platform's id of it, or why it is not there.
    async fn send_file(
        &self,
        scene: &Scene,
        external: &External,
        file: &Outgoing,
        done: &[SentFile],
        doubt: Option<&[Duration]>,
    ) -> Result<Result<String, String>, Halt> {
        if let Some(why) = unfit(&file.source) {
            return Ok(Err(why.to_owned()));
        }
        if let Some(waits) = doubt {
            match self.find_file(scene, external, file, done, waits).await? {
                Ok(Some(id)) => return Ok(Ok(id)),
                Ok(None) => (),
                Err(failure) => return Ok(Err(failure.text())),
            }
        }
        let mut why = String::new();
        for _ in 0..TRIES {
            let (content_type, bytes) = match self.app.file_bytes(&file.source).await {
                Ok(Some(read)) => read,
                Ok(None) => return Ok(Err("docket has lost its bytes".to_owned())),
                // Where the bytes are kept may be back in a moment, and holds up nothing if it is not.
                Err(error) => {
                    tracing::warn!(%error, "the bytes of a file cannot be read");
                    why = UNREAD.to_owned();
                    self.wait(PAUSE).await?;
                    continue;
                }
            };
            if self.held.is_over(self.app.clock.now()) {
                return Err(Halt::Lost);
            }
            let new = FileBytes {
                filename: &file.filename,
                content_type: &content_type,
                size: u64::try_from(file.size_bytes).unwrap_or_default(),
                bytes,
            };
            let attached = scene.connector.attach(external, new).await;
            step("dispatch.file_answered");
            let wait = match attached {
                Attached::Attached { id } => return Ok(Ok(id)),
                Attached::Rejected(failure) => return Ok(Err(failure.text())),
                Attached::RetryLater(failure) => {
                    why = failure.text();
                    failure.retry_after.unwrap_or(PAUSE)
                }
                Attached::Uncertain(failure) => {
                    let waits = waits_for(&failure);
                    match self.find_file(scene, external, file, done, waits).await? {
                        Ok(Some(id)) => return Ok(Ok(id)),
                        Ok(None) => why = failure.text(),
                        Err(failure) => return Ok(Err(failure.text())),
                    }
                    failure.retry_after.unwrap_or_default()
                }
            };
            if wait > LONGEST {
                break;
            }
            self.wait(wait).await?;
        }
        Ok(Err(why))
    }

    /// Looks for a file of this name and size that stands for no other of the ticket's.
    async fn find_file(
        &self,
        scene: &Scene,
        external: &External,
        file: &Outgoing,
        done: &[SentFile],
        waits: &[Duration],
    ) -> Result<Result<Option<String>, Failure>, Halt> {
        let claimed = |id: &str| {
            let mut ids = done.iter().filter_map(|file| file.external_id.as_deref());
            ids.any(|other| other == id)
        };
        let same = |known: &&KnownFile| {
            known.filename == file.filename
                && i64::try_from(known.size) == Ok(file.size_bytes)
                && !claimed(&known.id)
        };
        let mut seen = Ok(None);
        for wait in waits {
            self.wait(*wait).await?;
            seen = match scene.connector.files_on(external).await {
                Ok(files) => match files.iter().find(same) {
                    Some(found) => return Ok(Ok(Some(found.id.clone()))),
                    None => Ok(None),
                },
                Err(failure) => Err(failure),
            };
        }
        Ok(seen)
    }
}

fn kept(file: &attachment::Model) -> Outgoing {
    Outgoing {
        filename: file.filename.clone(),
        size_bytes: file.size_bytes,
        source: Source::Kept(file.clone()),
        identity: format!("attachment/{}", file.id),
    }
}

fn made_of(file: MadeFile) -> Outgoing {
    let content: Bytes = file.content;
    let digest = Sha256::digest(&content);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Outgoing {
        identity: format!("made/{}/{digest}", file.filename),
        filename: file.filename,
        size_bytes: i64::try_from(content.len()).unwrap_or(i64::MAX),
        source: Source::Made {
            content_type: file.content_type,
            content,
        },
    }
}

/// Why a file is not even sent.
fn unfit(source: &Source) -> Option<&'static str> {
    let Source::Kept(file) = source else {
        return None;
    };
    match file.scan_status {
        ScanStatus::Infected => Some("it was found to be infected"),
        ScanStatus::Pending => Some("it is still being scanned"),
        ScanStatus::Clean | ScanStatus::Skipped => None,
    }
}

fn told(file: &Outgoing, outcome: Result<String, String>) -> SentFile {
    SentFile {
        filename: file.filename.clone(),
        size_bytes: file.size_bytes,
        success: outcome.is_ok(),
        error_message: outcome
            .as_ref()
            .err()
            .map(|why| shortened(why, Failure::MESSAGE_MAX)),
        external_id: outcome.ok(),
        source: Some(file.identity.clone()),
    }
}
