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
        dispatch::DispatchState,
        dispatch_files::{SentFile, SentFiles, Still, source_of},
    },
    domain::{dispatch::DispatchTrigger, export_log::shortened, ticket::ScanStatus},
    error::Error,
};

/// How often a file is sent in all.
const TRIES: u32 = 3;
/// The wait before a file is sent again where the platform asks for none, and the longest one.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);
/// Why a file was not sent whose bytes are kept where docket cannot read them just now.
const UNREAD: &str = "docket could not read its bytes; they are kept, and can be had with DownloadAttachment once docket can read them again";

/// Why a file was not sent that nobody gets before its scan is over.
const SCANNING: &str =
    "it is still being scanned; docket sends it by itself once nothing was found in it";

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
        sent.is_of(&self.identity, &self.filename, self.size_bytes)
    }

    /// Whether this attempt has nothing to do about it any more.
    fn is_settled(&self, done: &[SentFile]) -> bool {
        let mut done = done.iter();
        done.any(|sent| self.is(sent) && sent.still != Some(Still::Sent))
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
        let mut done = self.row.files.take().unwrap_or_default().0;
        // What was to be sent again and has been deleted since is nobody's concern any more.
        done.retain(|sent| sent.still.is_none() || files.iter().any(|file| file.is(sent)));
        self.row.files = (!done.is_empty()).then(|| SentFiles(done.clone()));
        if files.iter().any(|file| !file.is_settled(&done)) {
            self.show().await?;
        }
        let mut doubt = self.inherited.then(|| self.waits_for_files());
        for (at, file) in files.iter().enumerate() {
            if file.is_settled(&done) {
                continue;
            }
            step("dispatch.file_next");
            let takes = scene.connector.takes_files();
            let outcome = match takes {
                Err(why) => Err(why.to_owned()),
                Ok(()) => self.send_file(scene, &external, file, &done, doubt).await?,
            };
            doubt = doubt.map(|_| ONCE);
            let after = files.get(at + 1..).unwrap_or_default();
            put(&mut done, told(file, outcome, takes.is_ok()), file, after);
            self.row.files = Some(SentFiles(done.clone()));
            self.save(DispatchState::Sent).await?;
            step("dispatch.file_kept");
        }
        Ok(())
    }

    /// The waits before the first look for a file that an attempt before this one may have sent. One that was cut short may have sent the
    /// first of those that are left, unless files have come or gone since; one that came to its end has looked for what it was not sure of.
    fn waits_for_files(&self) -> &'static [Duration] {
        match (self.row.trigger, self.row.sent_time) {
            (DispatchTrigger::Recovery, _) | (_, Some(_)) => AFTER_SILENCE,
            _ => ONCE,
        }
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
        identity: source_of(file.id),
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
        ScanStatus::Pending => Some(SCANNING),
        ScanStatus::Clean | ScanStatus::Skipped => None,
    }
}

/// Writes down what came of a file: in the place of what came of it before, or else before those that go `after` it.
fn put(done: &mut Vec<SentFile>, sent: SentFile, file: &Outgoing, after: &[Outgoing]) {
    if let Some(before) = done.iter_mut().find(|before| file.is(before)) {
        *before = sent;
        return;
    }
    let later = |other: &SentFile| after.iter().any(|file| file.is(other));
    let at = done.iter().position(later).unwrap_or(done.len());
    done.insert(at, sent);
}

/// `takes`: whether the platform takes files at all.
fn told(file: &Outgoing, outcome: Result<String, String>, takes: bool) -> SentFile {
    let scanning =
        matches!(&file.source, Source::Kept(kept) if kept.scan_status == ScanStatus::Pending);
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
        still: (takes && scanning).then_some(Still::Scanned),
    }
}
