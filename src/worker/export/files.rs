//! A ticket's files, sent to its issue once that exists: each exactly once, whatever happens in between. What Jira does not take is a
//! manual fix and not a stop.

use bytes::Bytes;
use futures::StreamExt as _;

use super::{
    change::Change,
    run::{Run, Stop},
    settle::Doubt,
    step::step,
    ticket::{Passage, count},
    transmit::Known,
};
use crate::{
    blobs::Pieces,
    connectors::jira::{AttachmentSettings, Jira, Unsent, adf::InlineAttachment},
    db::{attachment, export_attachment},
    domain::{
        export::{EventDetail, FileSource, FileState, ManualFixType},
        ids::AttachmentId,
        ticket::ScanStatus,
    },
    error::Result,
};

/// A file on its way.
pub(super) struct Outgoing {
    pub(super) row: export_attachment::Model,
    pub(super) bytes: Source,
}

/// Where a file's bytes come from.
pub(super) enum Source {
    /// An attachment of the ticket.
    Kept(attachment::Model),
    /// Made of the description.
    Made {
        content_type: String,
        content: Bytes,
    },
}

impl Run {
    /// Sends what has not been sent yet.
    pub(super) async fn send_files(&self, passage: &Passage<'_>) -> Result<(), Stop> {
        let files = self.outgoing(passage).await?;
        let claimed = files.iter().filter_map(|file| file.row.external_id.clone());
        let mut known = Known {
            listed: None,
            claimed: claimed.collect(),
        };
        for file in files {
            if matches!(file.row.state, FileState::Pending | FileState::Sending) {
                step("export.attachment_next");
                self.send_file(passage, file, &mut known).await?;
                step("export.attachment_kept");
            }
        }
        Ok(())
    }

    /// The ticket's files with how far each has come. Those that are new are written down first.
    async fn outgoing(&self, passage: &Passage<'_>) -> Result<Vec<Outgoing>, Stop> {
        let ticket = passage.ticket.id;
        let kept = match passage.ticket.attachment_count {
            0 => Vec::new(),
            _ => attachment::of_tickets(self.app.db.read(), [ticket]).await?,
        };
        if kept.is_empty() && passage.images.is_empty() && passage.full_text.is_none() {
            return Ok(Vec::new());
        }
        let known =
            export_attachment::of_ticket(self.app.db.read(), self.claimed.id, ticket).await?;
        let mut files = self.files_of(passage, kept);
        let mut new_files = Vec::new();
        for file in &mut files {
            match known.iter().find(|row| is_same(row, &file.row)) {
                Some(row) => file.row = row.clone(),
                None => new_files.push(file.row.clone()),
            }
        }
        if !new_files.is_empty() {
            let change = Change {
                new_files,
                ..Change::default()
            };
            self.record_change(change, Vec::new()).await?;
        }
        Ok(files)
    }

    /// The ticket's files as if nothing had been done about them: its attachments, the images of its description, and the whole text
    /// of one that was cut.
    fn files_of(&self, passage: &Passage<'_>, kept: Vec<attachment::Model>) -> Vec<Outgoing> {
        let now = self.app.clock.now();
        let kept = kept.into_iter().map(|file| {
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
        let images = passage.images.iter().map(made(FileSource::Image));
        let full_text = passage.full_text.iter().map(made(FileSource::FullText));
        let all = kept.chain(images).chain(full_text).zip(0..);
        all.map(|((id, source, filename, size_bytes, bytes), position)| {
            let row = export_attachment::Model {
                export_id: self.claimed.id,
                id,
                ticket_id: passage.ticket.id,
                position,
                source,
                filename,
                size_bytes,
                state: FileState::Pending,
                external_id: None,
                error: None,
            };
            Outgoing { row, bytes }
        })
        .collect()
    }

    /// Sends one file, unless the issue has it already.
    async fn send_file(
        &self,
        passage: &Passage<'_>,
        mut file: Outgoing,
        known: &mut Known,
    ) -> Result<(), Stop> {
        let interrupted = file.row.state == FileState::Sending;
        let first_look = match interrupted {
            // An earlier worker may have sent it, and Jira may be late to take it.
            true => {
                self.look_again(passage, &file.row, known, Doubt::Interrupted)
                    .await?
            }
            false => self.look(passage, &file.row, known).await?,
        };
        match first_look {
            Ok(None) => {}
            Ok(Some(id)) => return self.arrived(passage, file.row, id, known).await,
            Err(refused) => return self.left_out(passage, file.row, refused.to_string()).await,
        }
        if let Some(why) = self.unfit(passage.jira, &file).await? {
            return self.left_out(passage, file.row, why).await;
        }
        file.row.state = FileState::Sending;
        self.record_file(file.row.clone(), Vec::new()).await?;
        step("export.attachment_intended");
        match self.transmit(passage, &file, known).await? {
            Ok(id) => self.arrived(passage, file.row, id, known).await,
            Err(why) => self.left_out(passage, file.row, why).await,
        }
    }

    /// Why the file is not even sent.
    async fn unfit(&self, jira: &Jira, file: &Outgoing) -> Result<Option<String>, Stop> {
        if let Source::Kept(attachment) = &file.bytes {
            match attachment.scan_status {
                ScanStatus::Infected => return Ok(Some("it was found to be infected".to_owned())),
                ScanStatus::Pending => return Ok(Some("it is still being scanned".to_owned())),
                ScanStatus::Clean | ScanStatus::Skipped => {}
            }
        }
        let settings = self.file_settings(jira).await?;
        let size = u64::try_from(file.row.size_bytes).unwrap_or_default();
        Ok(match settings {
            AttachmentSettings { enabled: false, .. } => {
                Some("attachments are switched off on this Jira site".to_owned())
            }
            AttachmentSettings { upload_limit, .. } if !settings.takes(size) => Some(format!(
                "it has {size} bytes, and this Jira site takes at most {upload_limit}"
            )),
            _ => None,
        })
    }

    /// What the site takes, asked once a run. A site that refuses to tell is left to refuse the files themselves.
    async fn file_settings(&self, jira: &Jira) -> Result<AttachmentSettings, Stop> {
        let ask = async {
            let asked = self
                .try_ask("read the limits of files", || jira.attachment_settings())
                .await?;
            Ok(asked.unwrap_or(AttachmentSettings {
                enabled: true,
                upload_limit: u64::MAX,
            }))
        };
        self.file_settings.get_or_try_init(|| ask).await.copied()
    }

    /// The file's media type and its bytes; `None` when they are not there.
    pub(super) async fn bytes(&self, source: &Source) -> Result<Option<(String, Pieces)>, Stop> {
        Ok(match source {
            Source::Kept(file) => {
                let pieces = self.app.bytes_of(file, 0).await?;
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

    /// Records that the issue has the file, with the event that tells so.
    async fn arrived(
        &self,
        passage: &Passage<'_>,
        mut row: export_attachment::Model,
        external_id: String,
        known: &mut Known,
    ) -> Result<(), Stop> {
        let detail = EventDetail::AttachmentUploaded {
            ticket_id: row.ticket_id,
            attachment_id: row.id,
            jira_key: passage.item.jira_key.clone().unwrap_or_default(),
            filename: row.filename.clone(),
            size_bytes: row.size_bytes,
        };
        known.claimed.insert(external_id.clone());
        row.state = FileState::Sent;
        row.external_id = Some(external_id);
        self.record_file(row, vec![detail]).await
    }

    /// Records that the issue has to do without the file, as a manual fix.
    async fn left_out(
        &self,
        passage: &Passage<'_>,
        mut row: export_attachment::Model,
        why: String,
    ) -> Result<(), Stop> {
        let key = passage.item.jira_key.clone().unwrap_or_default();
        let unsent = Unsent {
            field: row.filename.clone(),
            fix_type: ManualFixType::AttachmentFailed,
            wanted: format!("{} ({} bytes)", row.filename, row.size_bytes),
            sent: String::new(),
            reason: why.clone(),
            recommended_action: format!("Add the file to {key} by hand, or leave it out."),
        };
        let (fixes, details) = self.fixes(passage, vec![unsent]);
        row.state = FileState::Failed;
        row.error = Some(why);
        let more = count(&fixes);
        let change = Change {
            file: Some(row),
            fixes,
            ..Change::default()
        };
        self.record(|next| next.manual_fixes += more, change, details)
            .await
    }

    async fn record_file(
        &self,
        row: export_attachment::Model,
        details: Vec<EventDetail>,
    ) -> Result<(), Stop> {
        let change = Change {
            file: Some(row),
            ..Change::default()
        };
        self.record_change(change, details).await
    }
}

/// Whether both rows are of one file: an attachment by its id, a part of the description by its name.
fn is_same(one: &export_attachment::Model, other: &export_attachment::Model) -> bool {
    match one.source {
        FileSource::Attachment => one.id == other.id,
        source => source == other.source && one.filename == other.filename,
    }
}
