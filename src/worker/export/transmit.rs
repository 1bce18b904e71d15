//! Sending one file, and looking for one that may have been sent: by name and size, among those that stand for no other file.

use super::{
    passage::Passage,
    patience::Patience,
    run::{Run, Stop},
    settle::Doubt,
};
use crate::{
    app::{
        issue_files::{Known, Outgoing},
        step::step,
    },
    connectors::jira::{AttachOutcome, CallError, NewFile, Rejection, Trouble},
    db::export_attachment,
    domain::export::FileState,
};

/// How often a file is sent again after an uncertain outcome that proved to be nothing.
const UNCERTAIN_ROUNDS: u32 = 2;
/// Why a file is not sent again of which nobody knows whether Jira has it.
const DELETED: &str = "it was deleted in docket after it may have been sent; if the issue has it, delete it there, too";

/// What has become of a file that was to be sent.
pub(super) enum Transmitted {
    /// The issue has it, by this id of Jira's.
    There(String),
    /// The issue does without it, and why.
    LeftOut(String),
    /// It was deleted here meanwhile.
    Unwanted,
}

impl Run {
    /// Sends the bytes until Jira has taken or refused them.
    pub(super) async fn transmit(
        &self,
        passage: &Passage<'_>,
        file: &mut Outgoing,
        known: &mut Known,
    ) -> Result<Transmitted, Stop> {
        let key = passage.item.jira_key.clone().unwrap_or_default();
        let mut patience = Patience::default();
        let mut doubts = 0;
        loop {
            self.keep_within_limits().await?;
            let found = self.app.file_bytes(&file.bytes).await?;
            // While others were sent, or waited for, the file may have been deleted, or the integration switched off.
            let Some(now) = self.app.as_of_now(&file.bytes).await? else {
                // Jira may yet take what was sent.
                return Ok(match file.row.doubted {
                    true => Transmitted::LeftOut(DELETED.to_owned()),
                    false => Transmitted::Unwanted,
                });
            };
            file.bytes = now;
            if let Some(why) = file.unfit() {
                return Ok(Transmitted::LeftOut(why.to_owned()));
            }
            self.integration().await?;
            let Some((content_type, bytes)) = found else {
                let why = "docket has lost its bytes".to_owned();
                return Ok(Transmitted::LeftOut(why));
            };
            self.still_holds()?;
            let new = NewFile {
                filename: &file.row.filename,
                content_type: &content_type,
                size: file.size(),
                bytes: self
                    .held_until
                    .fenced(&self.app.clock, bytes, "export.attachment_piece"),
            };
            let outcome = passage.jira.attach(&key, new).await;
            step("export.attachment_answered");
            match outcome {
                AttachOutcome::Attached(found) => return Ok(Transmitted::There(found.id)),
                AttachOutcome::Rejected(refused) => {
                    // It was certainly not taken: whoever goes on need not look for it.
                    if refused.status == 401 && !file.row.doubted {
                        file.row.state = FileState::Pending;
                        self.record_file(file.row.clone(), Vec::new()).await?;
                    }
                    return self.refused(refused).map(Transmitted::LeftOut);
                }
                AttachOutcome::RetryLater { after, reason } => {
                    self.throttled(&mut patience, after, &reason).await?;
                }
                AttachOutcome::NotSent(trouble) => self.outage(&mut patience, &trouble).await?,
                AttachOutcome::Uncertain(trouble) => {
                    // Whoever holds the run now looks for the file, and sends it.
                    self.still_holds()?;
                    tracing::warn!(%trouble, file = %file.row.id, "a file had no clear answer");
                    let doubt = Doubt::of(&trouble);
                    match self.look_again(passage, &file.row, known, doubt).await? {
                        Ok(Some(id)) => return Ok(Transmitted::There(id)),
                        Ok(None) if doubts < UNCERTAIN_ROUNDS => {
                            doubts += 1;
                            file.row.doubted = true;
                            self.record_file(file.row.clone(), Vec::new()).await?;
                            if let Trouble::Overloaded { after, reason } = trouble {
                                self.throttled(&mut patience, Some(after), &reason).await?;
                                let waited = Doubt::Waited;
                                let seen = self.look_again(passage, &file.row, known, waited);
                                match seen.await? {
                                    Ok(Some(id)) => return Ok(Transmitted::There(id)),
                                    Ok(None) => {}
                                    // Nobody could look.
                                    Err(refused) => return Ok(Transmitted::LeftOut(refused)),
                                }
                            }
                        }
                        Ok(None) => return Ok(Transmitted::LeftOut(trouble.to_string())),
                        Err(refused) => {
                            // Nobody could look: whoever sends it again may be the second to do so.
                            file.row.doubted = true;
                            return Ok(Transmitted::LeftOut(refused));
                        }
                    }
                }
            }
        }
    }

    /// Looks for the file on the issue as it was read last.
    pub(super) async fn look(
        &self,
        passage: &Passage<'_>,
        row: &export_attachment::Model,
        known: &mut Known,
    ) -> Result<Result<Option<String>, String>, Stop> {
        if known.listed.is_none() {
            let key = passage.item.jira_key.clone().unwrap_or_default();
            let asked = self
                .try_ask("read an issue's files", || passage.jira.issue_files(&key))
                .await?;
            match asked {
                Ok(files) => known.listed = Some(files),
                Err(CallError::Rejected(refused)) => return self.refused(refused).map(Err),
                Err(error) => return Ok(Err(error.to_string())),
            }
        }
        Ok(Ok(known.like(row)))
    }

    /// Looks for the file again and again within a bounded time. `None`: it is not there, as every look showed.
    pub(super) async fn look_again(
        &self,
        passage: &Passage<'_>,
        row: &export_attachment::Model,
        known: &mut Known,
        doubt: Doubt,
    ) -> Result<Result<Option<String>, String>, Stop> {
        for wait in doubt.waits() {
            self.wait_undisturbed(*wait).await?;
            known.listed = None;
            match self.look(passage, row, known).await? {
                Ok(None) => {}
                found => return Ok(found),
            }
        }
        Ok(Ok(None))
    }

    /// What Jira refuses is told, and not a stop; a token that it no longer takes is.
    fn refused(&self, refused: Rejection) -> Result<String, Stop> {
        match refused.status {
            401 => {
                let refused = CallError::Rejected(refused);
                Err(refused.failure(&self.claimed.jira_project_key).into())
            }
            _ => Ok(refused.to_string()),
        }
    }
}
