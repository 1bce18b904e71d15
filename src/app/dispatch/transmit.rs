//! One file on its way to the ticket's copy: sent a few times, and looked for wherever an answer leaves a doubt.

use std::time::Duration;

use super::{
    attempt::{Attempt, Halt},
    files::Outgoing,
    load::Scene,
    look::{ONCE, is_to_wait, waits_for},
    send::LATE,
};
use crate::{
    app::{issue_files::Source, step::step},
    connectors::{
        outcome::{AtFault, Attached, External, Failure, KnownFile},
        parcel::FileBytes,
    },
    db::{dispatch_files::SentFile, integration},
    domain::{export::ErrorCategory, ticket::ScanStatus, time::Time},
};

/// How often a file is sent in all.
const TRIES: u32 = 3;
/// The wait before a file is sent again where the platform asks for none, and the longest one.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);
/// The slowest connection that a file is sent over, in bytes a second.
pub(super) const SLOWEST: u64 = 128 * 1024;
/// Why a file was not sent whose bytes are kept where docket cannot read them just now.
const UNREAD: &str = "docket could not read its bytes; they are kept, and can be had with DownloadAttachment once docket can read them again.";
/// Why a file was not sent that nobody gets before its scan is over.
const SCANNING: &str =
    "it is still being scanned; docket sends it by itself once nothing was found in it";
/// Why a file was not sent that others were sent before.
const HELD: &str = "the platform has asked docket to wait before it was sent.";
/// Why a file was not sent of an integration that nothing is sent to any more.
const OFF: &str = "the integration was switched off before it was sent.";

/// What came of sending a file.
#[derive(Debug)]
pub(super) enum Sent {
    /// The copy has it, by this id of the platform's.
    There(String),
    /// It has not, and why; unless an earlier send has come to something after all, if there is a time of one.
    Not { why: String, sent: Option<Time> },
    /// It has not, because nobody gets it before its scan is over.
    NotScanned(String),
    /// It is infected, and was sent before that was known if it has a time.
    Infected { sent: Option<Time> },
    /// It was deleted here, and sent before that if it has a time.
    Unwanted { sent: Option<Time> },
    /// It has not, and why; that may pass.
    NotYet {
        why: String,
        /// For how long the platform asks to be sent nothing.
        held: Option<Duration>,
        /// When it was sent, if nobody knows what became of that.
        sent: Option<Time>,
    },
}

impl Sent {
    /// For how long the platform asks to be sent nothing.
    pub(super) const fn held(&self) -> Option<Duration> {
        match self {
            Self::NotYet { held, .. } => *held,
            _ => None,
        }
    }

    /// What becomes of a file while the platform asks to be sent nothing.
    pub(super) fn held_back(source: &Source, before: Option<&SentFile>) -> Self {
        let sent = before.and_then(|before| before.sent_time);
        unfit(source, sent).unwrap_or_else(|| Self::NotYet {
            why: HELD.to_owned(),
            held: None,
            sent,
        })
    }
}

impl Attempt {
    /// Sends one file.
    pub(super) async fn send_file(
        &mut self,
        scene: &Scene,
        external: &External,
        file: &Outgoing,
        after: &[Outgoing],
    ) -> Result<Sent, Halt> {
        let before = self.before(file).and_then(|before| before.sent_time);
        if let Some(unfit) = unfit(&file.source, before) {
            return Ok(unfit);
        }
        if let Some(off) = self.called_off(file, before).await? {
            return Ok(off);
        }
        if let Some(sent) = self.look_first(scene, external, file).await? {
            return Ok(sent);
        }
        // An earlier send is in doubt after a refusal, too, for as long as it may come to something.
        let sent = before.filter(|before| self.app.clock.now() - *before <= LATE);
        let mut why = String::new();
        for _ in 0..TRIES {
            let read = self.app.file_bytes(&file.source).await;
            if let Some(off) = self.called_off(file, sent).await? {
                return Ok(off);
            }
            let (content_type, bytes) = match read {
                Ok(Some(read)) => read,
                Ok(None) => {
                    let why = "docket has lost its bytes".to_owned();
                    return Ok(Sent::Not { why, sent });
                }
                // Where the bytes are kept may be back in a moment, and holds up nothing if it is not.
                Err(error) => {
                    tracing::warn!(%error, "the bytes of a file cannot be read");
                    UNREAD.clone_into(&mut why);
                    self.wait(PAUSE).await?;
                    continue;
                }
            };
            let now = self.app.clock.now();
            self.intend(file, after, now).await?;
            step("dispatch.file_intended");
            let ours = || !self.held.is_over(self.app.clock.now());
            if !ours() {
                return Err(Halt::Lost);
            }
            let new = FileBytes {
                filename: &file.filename,
                content_type: &content_type,
                size: file.size(),
                bytes: self
                    .held
                    .fenced(&self.app.clock, bytes, "dispatch.file_piece"),
                ours: &ours,
            };
            let attached = scene.connector.attach(external, new).await;
            step("dispatch.file_answered");
            let wait = match attached {
                Attached::Attached { id } => return Ok(Sent::There(id)),
                Attached::Rejected(failure) => {
                    let why = failure.text();
                    return Ok(Sent::Not { why, sent });
                }
                // What a person has to see to is no better in a second.
                Attached::RetryLater(failure)
                    if failure.category == ErrorCategory::AdminRequired =>
                {
                    let (why, held) = (failure.text(), failure.retry_after);
                    return Ok(Sent::NotYet { why, held, sent });
                }
                Attached::RetryLater(failure) => {
                    why = failure.text();
                    failure.retry_after.unwrap_or(PAUSE)
                }
                Attached::Uncertain(failure) => {
                    let (why, sent) = (failure.text(), Some(now));
                    let waits = waits_for(&failure);
                    match self.find_file(scene, external, file.like(), waits).await? {
                        Ok(Some(id)) => return Ok(Sent::There(id)),
                        // The platform may yet be at work on it: it is looked for once more before it is sent again.
                        Ok(None) => {
                            let held = failure.retry_after;
                            return Ok(Sent::NotYet { why, held, sent });
                        }
                        Err(look) => {
                            let held = failure.retry_after.max(look.retry_after);
                            return Ok(Sent::NotYet { why, held, sent });
                        }
                    }
                }
            };
            if wait > LONGEST {
                let held = Some(wait);
                return Ok(Sent::NotYet { why, held, sent });
            }
            self.wait(wait).await?;
        }
        let held = None;
        Ok(Sent::NotYet { why, held, sent })
    }

    /// Looks for a file that was sent before this attempt, or may have been. `None`: it is not there.
    async fn look_first(
        &self,
        scene: &Scene,
        external: &External,
        file: &Outgoing,
    ) -> Result<Option<Sent>, Halt> {
        let sent = self.before(file).and_then(|before| before.sent_time);
        let waits = match sent {
            // What is there may be the other one.
            None if self.is_like_one_in_doubt(file) => return Ok(None),
            Some(_) => self.waits_since(sent, Duration::from_secs(file.size() / SLOWEST)),
            None if self.inherited => ONCE,
            None => return Ok(None),
        };
        let found = self.find_file(scene, external, file.like(), waits).await?;
        Ok(match found {
            Ok(Some(id)) => Some(Sent::There(id)),
            Ok(None) => None,
            // There is no copy that it could be sent to.
            Err(look) if look.at_fault == AtFault::Ticket => {
                let why = look.text();
                Some(Sent::Not { why, sent })
            }
            // Such as a channel that docket may not read: nothing says that the file was ever sent.
            Err(look) if sent.is_none() && look.retry_after.is_none() => None,
            Err(look) => Some(Sent::NotYet {
                why: look.text(),
                held: look.retry_after,
                sent,
            }),
        })
    }

    /// Whether another file of this name and size was sent, and nobody knows what became of that.
    fn is_like_one_in_doubt(&self, file: &Outgoing) -> bool {
        self.known().iter().any(|other| {
            let doubted = other.sent_time.is_some() && other.external_id.is_none();
            doubted && file.like() == (&other.filename, other.size_bytes)
        })
    }

    /// Looks for a file of this name and size that stands for no other of the ticket's.
    pub(super) async fn find_file(
        &self,
        scene: &Scene,
        external: &External,
        (filename, size_bytes): (&str, i64),
        waits: &[Duration],
    ) -> Result<Result<Option<String>, Failure>, Halt> {
        let claimed = |id: &str| {
            let mut known = self.known().iter();
            known.any(|other| other.external_id.as_deref() == Some(id))
        };
        let same = |known: &&KnownFile| {
            known.filename == filename
                && i64::try_from(known.size) == Ok(size_bytes)
                && !claimed(&known.id)
        };
        let mut seen = Ok(None);
        for (at, wait) in waits.iter().enumerate() {
            self.wait(*wait).await?;
            seen = match scene.connector.files_on(external).await {
                Ok(files) => match files.iter().find(same) {
                    Some(found) => return Ok(Ok(Some(found.id.clone()))),
                    None => Ok(None),
                },
                Err(failure) if is_to_wait(&failure, waits.get(at + 1)) => return Ok(Err(failure)),
                Err(failure) => Err(failure),
            };
        }
        Ok(seen)
    }

    /// While others were sent, or waited for, the file may have been deleted or found to be infected, or the integration switched off.
    async fn called_off(&self, file: &Outgoing, sent: Option<Time>) -> Result<Option<Sent>, Halt> {
        let Some(now) = self.app.as_of_now(&file.source).await? else {
            return Ok(Some(Sent::Unwanted { sent }));
        };
        if let Some(unfit) = unfit(&now, sent) {
            return Ok(Some(unfit));
        }
        let found = integration::find(self.app.db.read(), self.row.integration_id).await?;
        let (why, held) = (OFF.to_owned(), None);
        Ok(match found.is_some_and(|found| found.enabled) {
            true => None,
            false => Some(Sent::NotYet { why, held, sent }),
        })
    }
}

/// What is said of a file that is not even sent (any more, if it may have been before).
fn unfit(source: &Source, sent: Option<Time>) -> Option<Sent> {
    let Source::Kept(file) = source else {
        return None;
    };
    match file.scan_status {
        ScanStatus::Infected => Some(Sent::Infected { sent }),
        ScanStatus::Pending => Some(Sent::NotScanned(SCANNING.to_owned())),
        ScanStatus::Clean | ScanStatus::Skipped => None,
    }
}
