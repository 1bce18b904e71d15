//! A ticket's files, sent to its issue once that exists: each exactly once, whatever happens in between. What Jira does not take is a
//! manual fix and not a stop.

use super::{
    change::Change,
    passage::Passage,
    run::{Run, Stop},
    settle::Doubt,
    ticket::count,
    transmit::Transmitted,
};
use crate::{
    app::{
        fix_files::wanted,
        issue_files::{Files, Known, Outgoing, is_same},
        step::step,
    },
    connectors::jira::{AttachmentSettings, Jira, Unsent},
    db::{attachment, export_attachment},
    domain::export::{EventDetail, FileState, ManualFixType},
};

impl Run {
    /// Sends what has not been sent yet; gives what has become of each file.
    pub(super) async fn send_files(
        &self,
        passage: &Passage<'_>,
    ) -> Result<Vec<export_attachment::Model>, Stop> {
        let files = self.outgoing(passage).await?;
        let mut known = Known::claimed_by(files.iter().map(|file| &file.row));
        let mut rows = Vec::with_capacity(files.len());
        for file in files {
            match file.row.state {
                FileState::Pending | FileState::Sending => {
                    step("export.attachment_next");
                    rows.extend(self.send_file(passage, file, &mut known).await?);
                    step("export.attachment_kept");
                }
                FileState::Sent | FileState::Failed => rows.push(file.row),
            }
        }
        Ok(rows)
    }

    /// The ticket's files with how far each has come. Those that are new are written down first.
    async fn outgoing(&self, passage: &Passage<'_>) -> Result<Vec<Outgoing>, Stop> {
        let ticket = passage.ticket.id;
        // Also those that came while the issue was made.
        let kept = attachment::of_tickets(self.app.db.read(), [ticket]).await?;
        if kept.is_empty() && passage.images.is_empty() && passage.full_text.is_none() {
            return Ok(Vec::new());
        }
        let known =
            export_attachment::of_ticket(self.app.db.read(), self.claimed.id, ticket).await?;
        let files = Files {
            ticket: passage.ticket,
            kept,
            images: &passage.images,
            full_text: passage.full_text.as_ref(),
        };
        let mut files = files.outgoing(self.claimed.id, self.app.clock.now());
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

    /// Sends one file, unless the issue has it already. `None`: it was deleted meanwhile, and is not sent.
    async fn send_file(
        &self,
        passage: &Passage<'_>,
        mut file: Outgoing,
        known: &mut Known,
    ) -> Result<Option<export_attachment::Model>, Stop> {
        let interrupted = file.row.state == FileState::Sending;
        // One that may have been sent is looked for all the same.
        if !interrupted && self.app.as_of_now(&file.bytes).await?.is_none() {
            return self.forget(file.row).await;
        }
        if let Some(why) = &passage.estranged {
            return self.left_out(passage, file, why.clone()).await;
        }
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
            Err(refused) => return self.left_out(passage, file, refused.to_string()).await,
        }
        file.row.doubted |= interrupted;
        if let Some(why) = self.unfit(passage.jira, &file).await? {
            return self.left_out(passage, file, why).await;
        }
        file.row.state = FileState::Sending;
        self.record_file(file.row.clone(), Vec::new()).await?;
        step("export.attachment_intended");
        match self.transmit(passage, &mut file, known).await? {
            Transmitted::There(id) => self.arrived(passage, file.row, id, known).await,
            Transmitted::LeftOut(why) => self.left_out(passage, file, why).await,
            Transmitted::Unwanted => self.forget(file.row).await,
        }
    }

    /// Takes a file off the run that the ticket does not have any more.
    async fn forget(
        &self,
        row: export_attachment::Model,
    ) -> Result<Option<export_attachment::Model>, Stop> {
        let change = Change {
            unwanted: Some(row),
            ..Change::default()
        };
        self.record_change(change, Vec::new()).await?;
        Ok(None)
    }

    /// Why the file is not even sent.
    async fn unfit(&self, jira: &Jira, file: &Outgoing) -> Result<Option<String>, Stop> {
        if let Some(why) = file.unfit() {
            return Ok(Some(why.to_owned()));
        }
        Ok(file.unwelcome(self.file_settings(jira).await?))
    }

    /// What the site takes, asked once a run. A site that refuses to tell is left to refuse the files themselves.
    async fn file_settings(&self, jira: &Jira) -> Result<AttachmentSettings, Stop> {
        let ask = async {
            let asked = self
                .try_ask("read the limits of files", || jira.attachment_settings())
                .await?;
            Ok(asked.unwrap_or(AttachmentSettings::UNTOLD))
        };
        self.file_settings.get_or_try_init(|| ask).await.copied()
    }

    /// Records that the issue has the file, with the event that tells so.
    async fn arrived(
        &self,
        passage: &Passage<'_>,
        mut row: export_attachment::Model,
        external_id: String,
        known: &mut Known,
    ) -> Result<Option<export_attachment::Model>, Stop> {
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
        self.record_file(row.clone(), vec![detail]).await?;
        Ok(Some(row))
    }

    /// Records that the issue has to do without the file, as a manual fix.
    async fn left_out(
        &self,
        passage: &Passage<'_>,
        file: Outgoing,
        why: String,
    ) -> Result<Option<export_attachment::Model>, Stop> {
        let key = passage.item.jira_key.clone().unwrap_or_default();
        let recommended_action = file.advice(&key);
        let mut row = file.row;
        let unsent = Unsent {
            field: row.filename.clone(),
            fix_type: ManualFixType::AttachmentFailed,
            wanted: wanted(&row),
            sent: String::new(),
            reason: why.clone(),
            recommended_action,
        };
        let (fixes, details) = self.fixes(passage, vec![unsent]);
        row.state = FileState::Failed;
        row.error = Some(why);
        let more = count(&fixes);
        let change = Change {
            file: Some(row.clone()),
            fixes,
            ..Change::default()
        };
        self.record(|next| next.manual_fixes += more, change, details)
            .await?;
        Ok(Some(row))
    }

    pub(super) async fn record_file(
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
