//! The files that go to a ticket's issue: its attachments, the pictures of its description, and the whole text of one that was cut.
//! Jira takes the same file as often as it is sent, so whoever sends one looks for it first: by name and size.

use std::collections::HashSet;

use bytes::Bytes;
use futures::StreamExt as _;

use super::App;
use crate::{
    blobs::Pieces,
    connectors::jira::{AttachmentSettings, IssueFile, adf::InlineAttachment},
    db::{attachment, export_attachment, ticket},
    domain::{
        export::{FileSource, FileState},
        ids::{AttachmentId, ExportId},
        ticket::ScanStatus,
        time::Time,
    },
    error::Result,
};

/// Why a file is given to nobody (any more).
pub(crate) const INFECTED: &str = "it was found to be infected";
/// The same of one of which nobody knows whether the other side has it.
pub(crate) const INFECTED_AFTERWARDS: &str =
    "it was found to be infected after it may have been sent; if it is there, delete it there, too";

/// A file on its way.
pub(crate) struct Outgoing {
    pub(crate) row: export_attachment::Model,
    pub(crate) bytes: Source,
}

/// Where a file's bytes come from.
#[derive(Clone)]
pub(crate) enum Source {
    /// An attachment of the ticket.
    Kept(attachment::Model),
    /// Made of the description.
    Made {
        content_type: String,
        content: Bytes,
    },
}

/// What of a ticket becomes files.
pub(crate) struct Files<'a> {
    pub(crate) ticket: &'a ticket::Model,
    pub(crate) kept: Vec<attachment::Model>,
    pub(crate) images: &'a [InlineAttachment],
    pub(crate) full_text: Option<&'a InlineAttachment>,
}

impl Files<'_> {
    /// Each file as if nothing had been done about it.
    pub(crate) fn outgoing(self, export: ExportId, now: Time) -> Vec<Outgoing> {
        let kept = self.kept.into_iter().map(|file| {
            let (id, name) = (file.id, file.filename.clone());
            let size = file.size_bytes;
            (id, FileSource::Attachment, name, size, Source::Kept(file))
        });
        let made = |source: FileSource| {
            move |file: &InlineAttachment| {
                let content = Bytes::from(file.content.clone());
                let size = i64::try_from(content.len()).unwrap_or(i64::MAX);
                let bytes = Source::Made {
                    content_type: file.media_type.clone(),
                    content,
                };
                let id = AttachmentId::at(now);
                (id, source, file.file_name.clone(), size, bytes)
            }
        };
        let images = self.images.iter().map(made(FileSource::Image));
        let full_text = self.full_text.into_iter().map(made(FileSource::FullText));
        let all = kept.chain(images).chain(full_text).zip(0..);
        all.map(|((id, source, filename, size_bytes, bytes), position)| {
            let row = export_attachment::Model {
                export_id: export,
                id,
                ticket_id: self.ticket.id,
                position,
                source,
                filename,
                size_bytes,
                state: FileState::Pending,
                external_id: None,
                error: None,
                doubted: false,
            };
            Outgoing { row, bytes }
        })
        .collect()
    }
}

impl Outgoing {
    /// Why the file is not even sent, whatever the site takes.
    pub(crate) fn unfit(&self) -> Option<&'static str> {
        let Source::Kept(attachment) = &self.bytes else {
            return None;
        };
        match attachment.scan_status {
            ScanStatus::Infected if self.row.doubted => Some(INFECTED_AFTERWARDS),
            ScanStatus::Infected => Some(INFECTED),
            ScanStatus::Pending => Some("it is still being scanned"),
            ScanStatus::Clean | ScanStatus::Skipped => None,
        }
    }

    /// What a person is to do about a file that `key` does without.
    pub(crate) fn advice(&self, key: &str) -> String {
        match &self.bytes {
            Source::Kept(attachment) if attachment.scan_status == ScanStatus::Infected => {
                "Delete the attachment, or upload a clean one.".to_owned()
            }
            _ => format!(
                "Once Jira takes it, send the file to {key} again with ApplyFixes; or add it by hand."
            ),
        }
    }

    /// Why a site with these settings does not take the file.
    pub(crate) fn unwelcome(&self, settings: AttachmentSettings) -> Option<String> {
        let size = self.size();
        match settings {
            AttachmentSettings { enabled: false, .. } => {
                Some("attachments are switched off on this Jira site".to_owned())
            }
            AttachmentSettings { upload_limit, .. } if !settings.takes(size) => Some(format!(
                "it has {size} bytes, and this Jira site takes at most {upload_limit}"
            )),
            _ => None,
        }
    }

    pub(crate) fn size(&self) -> u64 {
        u64::try_from(self.row.size_bytes).unwrap_or_default()
    }
}

/// Whether both rows are of one file: an attachment by its id, a part of the description by its name.
pub(crate) fn is_same(one: &export_attachment::Model, other: &export_attachment::Model) -> bool {
    match one.source {
        FileSource::Attachment => one.id == other.id,
        source => source == other.source && one.filename == other.filename,
    }
}

/// What is known of the files on an issue.
#[derive(Default)]
pub(crate) struct Known {
    /// As they were read last.
    pub(crate) listed: Option<Vec<IssueFile>>,
    /// Jira's ids of those that stand for a file of the ticket's.
    pub(crate) claimed: HashSet<String>,
}

impl Known {
    /// Nothing yet but those that these rows claim.
    pub(crate) fn claimed_by<'a>(rows: impl Iterator<Item = &'a export_attachment::Model>) -> Self {
        Self {
            listed: None,
            claimed: rows.filter_map(|row| row.external_id.clone()).collect(),
        }
    }

    /// A file of this name and size that stands for no other of the ticket's files: it is this one, sent by somebody who was not told.
    pub(crate) fn like(&self, row: &export_attachment::Model) -> Option<String> {
        let same = |file: &&IssueFile| {
            file.filename == row.filename
                && i64::try_from(file.size) == Ok(row.size_bytes)
                && !self.claimed.contains(&file.id)
        };
        let found = self.listed.iter().flatten().find(same);
        found.map(|file| file.id.clone())
    }
}

impl App {
    /// The file as the ticket has it now: something may have been found in it since it was read. `None`: it was deleted.
    pub(crate) async fn as_of_now(&self, source: &Source) -> Result<Option<Source>> {
        match source {
            Source::Kept(file) => {
                let kept = attachment::kept(self.db.read(), file.id).await?;
                Ok(kept.map(Source::Kept))
            }
            Source::Made { .. } => Ok(Some(source.clone())),
        }
    }

    /// The file's media type and its bytes; `None` when they are not there.
    pub(crate) async fn file_bytes(&self, source: &Source) -> Result<Option<(String, Pieces)>> {
        Ok(match source {
            Source::Kept(file) => {
                let pieces = self.bytes_of(file, 0).await?;
                pieces.map(|pieces| (file.content_type.clone(), pieces))
            }
            Source::Made {
                content_type,
                content,
            } => {
                let piece = Ok(content.clone());
                let pieces = futures::stream::iter([piece]).boxed();
                Some((content_type.clone(), pieces))
            }
        })
    }
}
