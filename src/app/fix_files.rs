//! Sending a file again that Jira refused in an export: once, whatever becomes of the answer. It is looked for by name and size first;
//! that it is about to be sent is recorded before, so that whoever comes after a crash or a lost answer looks for longer.

use std::{sync::Arc, time::Duration};

use super::{
    fix_apply::{Fixer, changed_meanwhile, refused},
    fix_lease,
    fix_record::Settled,
    issue_draft::{IssueDraft, full_text},
    issue_files::{Files, Known, Outgoing, is_same},
    jira_calls::failed,
};
use crate::{
    connectors::jira::{AttachOutcome, AttachmentSettings, CallError, NewFile, Trouble},
    db::{attachment, export_attachment, export_fix, export_lease, ticket},
    domain::export::{FileSource, FileState},
    error::{Error, Result},
};

/// The look at a file that nobody is known to have sent since.
const ONCE: [Duration; 1] = [Duration::ZERO];
/// Waits before each look after an answer that was lost.
const AFTER_LOSS: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_secs(1),
    Duration::from_secs(3),
];
/// Waits before each look for a file that an earlier call meant to send: as long in all as a run looks.
const AFTER_INTENT: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(15),
];

impl Fixer<'_> {
    /// Sends the file that the fix is about, unless the issue has it, or the ticket does not have it any more.
    pub(super) async fn file(&self, fix: &export_fix::Model, key: &str) -> Result<Settled> {
        let ticket = self.ticket(fix).await?;
        let rows = export_attachment::of_ticket(self.app.db.read(), fix.export_id, ticket.id);
        let rows = rows.await?;
        let mut known = Known::claimed_by(rows.iter());
        let Some(row) = rows.into_iter().find(|row| is_meant(row, fix)) else {
            return Err(refused(fix, "the file is not known any more"));
        };
        let outgoing = self.outgoing(fix, &ticket, &row).await?;
        let waits = match row.state {
            FileState::Sending => &AFTER_INTENT[..],
            // It is surely not there, and nobody will send it.
            _ if outgoing.is_none() && !row.doubted => return Ok(Settled::Unwanted(row)),
            _ => &ONCE[..],
        };
        let meant = outgoing.as_ref().map_or(&row, |file| &file.row);
        if let Some(id) = self.look(fix, key, meant, &mut known, waits).await? {
            return Ok(Settled::There(sent(meant.clone(), id)));
        }
        let Some(mut file) = outgoing else {
            return Ok(Settled::Unwanted(row));
        };
        let settings = self.app.ask_jira(|| self.jira.attachment_settings()).await;
        let settings = settings.unwrap_or(AttachmentSettings::UNTOLD);
        file.row.doubted |= file.row.state == FileState::Sending;
        // It may have been deleted, or found to be infected, while it was looked for.
        let Some(now) = self.app.as_of_now(&file.bytes).await? else {
            return Ok(Settled::Unwanted(row));
        };
        file.bytes = now;
        let unfit = file.unfit().map(str::to_owned);
        if let Some(why) = unfit.or_else(|| file.unwelcome(settings)) {
            return Err(refused(fix, &why));
        }
        file.row.state = FileState::Sending;
        self.keep_file(&file.row).await?;
        let sent = self.attach(fix, key, file, &mut known).await;
        sent.map(Settled::There)
    }

    async fn attach(
        &self,
        fix: &export_fix::Model,
        key: &str,
        mut file: Outgoing,
        known: &mut Known,
    ) -> Result<export_attachment::Model> {
        let (error, why) = match self.app.file_bytes(&file.bytes).await? {
            None => {
                let why = "docket has lost its bytes".to_owned();
                (refused(fix, &why), why)
            }
            Some((content_type, bytes)) => {
                let new = NewFile {
                    filename: &file.row.filename,
                    content_type: &content_type,
                    size: file.size(),
                    bytes: self.lease.fenced(bytes),
                };
                if !self.lease.is_held() {
                    let (session, task) = (self.export.session_id, self.export.id);
                    return Err(changed_meanwhile(Error::Fenced, session, task));
                }
                match self.jira.attach(key, new).await {
                    AttachOutcome::Attached(found) => return Ok(sent(file.row, found.id)),
                    AttachOutcome::Uncertain(trouble) => {
                        let found = self.look(fix, key, &file.row, known, &AFTER_LOSS).await?;
                        // Still SENDING where it is not there yet: the next call looks for it before anything else.
                        return found
                            .map(|id| sent(file.row, id))
                            .ok_or_else(|| self.unanswered(trouble));
                    }
                    AttachOutcome::Rejected(rejection) => {
                        let why = rejection.to_string();
                        (refused(fix, &format!("Jira still refuses it: {why}")), why)
                    }
                    AttachOutcome::RetryLater { after, reason } => {
                        let error = CallError::throttled(after, reason);
                        let why = error.to_string();
                        (failed(&error, &self.export.jira_project_key), why)
                    }
                    AttachOutcome::NotSent(trouble) => {
                        let why = trouble.to_string();
                        (self.unanswered(trouble), why)
                    }
                }
            }
        };
        file.row.state = FileState::Failed;
        file.row.error = Some(why);
        self.keep_file(&file.row).await?;
        Err(error)
    }

    fn unanswered(&self, trouble: Trouble) -> Error {
        failed(&CallError::Trouble(trouble), &self.export.jira_project_key)
    }

    /// Looks for the file on the issue, again and again. `None`: it is not there, as every look showed.
    async fn look(
        &self,
        fix: &export_fix::Model,
        key: &str,
        row: &export_attachment::Model,
        known: &mut Known,
        waits: &[Duration],
    ) -> Result<Option<String>> {
        for wait in waits {
            self.app.clock.sleep(*wait).await;
            let listed = self.app.ask_jira(|| self.jira.issue_files(key)).await;
            known.listed = Some(listed.map_err(|error| self.told(fix, &error))?);
            if let Some(id) = known.like(row) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// The file with its bytes, where the ticket still has it. One that is made of the description is made of it as it is now.
    async fn outgoing(
        &self,
        fix: &export_fix::Model,
        ticket: &ticket::Model,
        row: &export_attachment::Model,
    ) -> Result<Option<Outgoing>> {
        let kept = attachment::of_tickets(self.app.db.read(), [ticket.id]).await?;
        let images = IssueDraft::of(ticket).images;
        let whole = full_text(ticket);
        let files = Files {
            ticket,
            kept,
            images: &images,
            full_text: Some(&whole),
        };
        let made = files.outgoing(fix.export_id, self.app.clock.now());
        let file = made.into_iter().find(|file| is_same(row, &file.row));
        Ok(file.map(|file| Outgoing {
            row: export_attachment::Model {
                size_bytes: file.row.size_bytes,
                ..row.clone()
            },
            bytes: file.bytes,
        }))
    }

    /// Records how far a file has come, while nobody else has taken the run over.
    async fn keep_file(&self, row: &export_attachment::Model) -> Result<()> {
        let plain = Arc::new((self.lease.key(), row.clone()));
        let clock = Arc::clone(&self.app.clock);
        let written = self.app.db.write(move |tx| {
            let (plain, until) = (Arc::clone(&plain), fix_lease::from(clock.now()));
            Box::pin(async move {
                let ((export, owner), row) = &*plain;
                export_lease::hold_ended(tx, *export, owner, until).await?;
                export_attachment::save(tx, row).await
            })
        });
        let written = written.await;
        written.map_err(|error| changed_meanwhile(error, self.export.session_id, self.export.id))
    }
}

/// Whether the fix tells of this file, which the issue does not have. Of several alike any may be meant.
fn is_meant(row: &export_attachment::Model, fix: &export_fix::Model) -> bool {
    let wanting = matches!(row.state, FileState::Failed | FileState::Sending);
    // The size of what is made of the description follows it.
    let alike = row.source != FileSource::Attachment || fix.wanted == wanted(row);
    wanting && row.filename == fix.field && alike
}

/// A file in the words of a fix.
pub(crate) fn wanted(row: &export_attachment::Model) -> String {
    format!("{} ({} bytes)", row.filename, row.size_bytes)
}

fn sent(mut row: export_attachment::Model, id: String) -> export_attachment::Model {
    row.state = FileState::Sent;
    row.external_id = Some(id);
    row.error = None;
    row
}
