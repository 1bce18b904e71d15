//! The ticket's files, sent to its copy one by one. What the platform does not take is told, and holds up nothing; what it may take later is
//! sent again by itself.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::{
    attempt::{Attempt, End, Halt},
    load::Scene,
    picture::BY_ITSELF,
    transmit::Sent,
};
use crate::{
    app::{
        issue_files::{INFECTED, INFECTED_AFTERWARDS, Source},
        step::step,
    },
    connectors::{
        outcome::{External, Failure},
        parcel::MadeFile,
    },
    db::{
        attachment,
        dispatch::DispatchState,
        dispatch_files::{SentFile, Still, source_of},
    },
    domain::{export_log::shortened, time::Time},
    error::Error,
};

/// What is said of a file whose sending was cut short.
const ON_ITS_WAY: &str = "docket was interrupted while the file was on its way, and looks for it before it sends it again.";

/// A file on its way.
pub(super) struct Outgoing {
    pub(super) filename: String,
    pub(super) size_bytes: i64,
    pub(super) source: Source,
    /// What it is known by: its place among the others changes.
    identity: String,
}

impl Outgoing {
    pub(super) fn size(&self) -> u64 {
        u64::try_from(self.size_bytes).unwrap_or_default()
    }

    /// By what it is looked for.
    pub(super) fn like(&self) -> (&str, i64) {
        (&self.filename, self.size_bytes)
    }

    pub(super) fn is(&self, sent: &SentFile) -> bool {
        sent.is_of(&self.identity, &self.filename, self.size_bytes)
    }

    /// Whether this attempt has nothing to do about it any more.
    fn is_settled(&self, done: &[SentFile]) -> bool {
        let mut done = done.iter();
        done.any(|sent| self.is(sent) && sent.still != Some(Still::Sent))
    }
}

impl Attempt {
    /// Sends what has not been sent yet, and writes down after each file what came of it. How the attempt ends by that: a file may get
    /// there later, and a platform that asks to wait is sent no other one.
    pub(super) async fn send_files(&mut self, scene: &Scene) -> Result<End, Halt> {
        let external = self.row.external.clone().unwrap_or_default();
        let external: External = serde_json::from_value(external).map_err(Error::internal)?;
        let made = scene.connector.made_files(&scene.parcel, &external);
        let kept = scene.kept.iter().map(kept);
        let files: Vec<Outgoing> = kept.chain(made.into_iter().map(made_of)).collect();
        let mut held = self.sort_out(scene, &external, &files).await?;
        let mut end = match held {
            None => End::Made,
            Some(_) => End::MadeInPart(held),
        };
        if files.iter().any(|file| !file.is_settled(self.known())) {
            self.show().await?;
        }
        for (at, file) in files.iter().enumerate() {
            if file.is_settled(self.known()) {
                continue;
            }
            step("dispatch.file_next");
            let after = files.get(at + 1..).unwrap_or_default();
            let sent = match (scene.connector.takes_files(), held) {
                (Err(why), _) => Sent::Not {
                    why: why.to_owned(),
                    sent: None,
                },
                (Ok(()), Some(_)) => Sent::held_back(&file.source, self.before(file)),
                (Ok(()), None) => self.send_file(scene, &external, file, after).await?,
            };
            if let Sent::Unwanted { sent } = sent {
                self.give_up(file, sent).await?;
                continue;
            }
            held = held.or(sent.held());
            if matches!(sent, Sent::NotYet { .. }) {
                end = End::MadeInPart(held);
            }
            let mut now = told(file, sent);
            if let Some(id) = now.external_id.clone()
                && self.app.as_of_now(&file.source).await?.is_none()
            {
                now = now.leave(Some(id));
            }
            self.note(now, file, after).await?;
            step("dispatch.file_kept");
        }
        Ok(end)
    }

    /// What is known of the files.
    pub(super) fn known(&self) -> &[SentFile] {
        self.row.files.as_ref().map_or(&[], |files| &files.0)
    }

    /// What is known of this file.
    pub(super) fn before(&self, file: &Outgoing) -> Option<&SentFile> {
        self.known().iter().find(|known| file.is(known))
    }

    /// Writes down that a file is about to be sent: whoever comes after a crash looks for it.
    pub(super) async fn intend(
        &mut self,
        file: &Outgoing,
        after: &[Outgoing],
        now: Time,
    ) -> Result<(), Halt> {
        let (why, sent) = (ON_ITS_WAY.to_owned(), Some(now));
        let sent = SentFile {
            still: Some(Still::Sent),
            ..told(file, Sent::Not { why, sent })
        };
        self.note(sent, file, after).await
    }

    /// Writes down how far a file has come: in the place of what was known of it, or else before those that go `after` it.
    async fn note(
        &mut self,
        sent: SentFile,
        file: &Outgoing,
        after: &[Outgoing],
    ) -> Result<(), Halt> {
        let known = &mut self.row.files.get_or_insert_default().0;
        if let Some(before) = known.iter_mut().find(|before| file.is(before)) {
            *before = sent;
        } else {
            let later = |other: &SentFile| after.iter().any(|file| file.is(other));
            let at = known.iter().position(later).unwrap_or(known.len());
            known.insert(at, sent);
        }
        self.save(DispatchState::Sent).await
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

fn told(file: &Outgoing, sent: Sent) -> SentFile {
    let (id, why, still, sent_time) = match sent {
        Sent::There(id) => (Some(id), None, None, None),
        Sent::Not { why, sent } => (None, Some(why), None, sent),
        Sent::Infected { sent: None } => (None, Some(INFECTED.to_owned()), None, None),
        Sent::Infected { sent } => (None, Some(INFECTED_AFTERWARDS.to_owned()), None, sent),
        Sent::NotScanned(why) => (None, Some(why), Some(Still::Scanned), None),
        Sent::NotYet { why, sent, .. } => (None, Some(why), Some(Still::Later), sent),
        Sent::Unwanted { .. } => (None, None, None, None),
    };
    // With room for what is said of those that are sent by themselves.
    let most = Failure::MESSAGE_MAX - BY_ITSELF.len() - 1;
    SentFile {
        filename: file.filename.clone(),
        size_bytes: file.size_bytes,
        success: id.is_some(),
        error_message: why.map(|why| shortened(&why, most)),
        external_id: id,
        source: Some(file.identity.clone()),
        still,
        sent_time,
        left: false,
    }
}
