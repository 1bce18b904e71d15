//! What came of a ticket's files in an attempt to hand it over, and which of them may still get there.

use sea_orm::{Condition, FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use super::{
    attachment,
    dispatch::{self, Column, DispatchState, Entity},
};
use crate::{
    domain::{ids::AttachmentId, ticket::ScanStatus, time::Time},
    error::Result,
};

/// What came of a ticket's files, in upload order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct SentFiles(pub Vec<SentFile>);

/// What came of one file. By these names the contract knows it, too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentFile {
    /// Its name.
    pub filename: String,
    /// Its size in bytes.
    pub size_bytes: i64,
    /// Whether the platform has it.
    pub success: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// The platform's id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Which file it is, whatever else the ticket has by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Why it may still get there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub still: Option<Still>,
    /// When it was sent last, while nobody knows what became of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_time: Option<Time>,
    /// Whether the ticket has it no more, and it was not known to have arrived before that: its copy has it or may have it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left: bool,
}

/// Why a file that is not there may still get there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Still {
    /// It was not sent, because its scan was not over.
    Scanned,
    /// The platform did not take it, or docket could not send it, for a reason that may pass.
    Later,
    /// The attempt that this is written in sends it again.
    Sent,
}

/// Which file an attachment is, in [`SentFile::source`].
pub fn source_of(id: AttachmentId) -> String {
    format!("attachment/{id}")
}

impl SentFile {
    /// Whether it tells of the file with this source, name and size.
    pub fn is_of(&self, source: &str, filename: &str, size_bytes: i64) -> bool {
        match &self.source {
            Some(own) => own == source,
            None => self.filename == filename && self.size_bytes == size_bytes,
        }
    }

    /// Whether it tells of one that a connector has made of the description.
    pub fn is_made(&self) -> bool {
        let source = self.source.as_deref().unwrap_or_default();
        source.starts_with("made/")
    }

    /// Whether it is one of the ticket's that the platform has not.
    fn is_lacking(&self) -> bool {
        !self.success && !self.left
    }

    fn is(&self, file: &attachment::Model) -> bool {
        self.is_of(&source_of(file.id), &file.filename, file.size_bytes)
    }
}

impl SentFiles {
    /// The same, for an attempt that sends again what is not there.
    #[must_use]
    pub fn again(mut self) -> Self {
        for file in self.0.iter_mut().filter(|file| file.is_lacking()) {
            file.still = Some(Still::Sent);
        }
        self
    }

    /// The same, for an attempt that sends what may get there by now.
    #[must_use]
    pub fn go_on(mut self) -> Self {
        for file in self.0.iter_mut().filter(|file| file.still.is_some()) {
            file.still = Some(Still::Sent);
        }
        self
    }

    /// Whether another attempt could send one that is not there, now that the ticket has these attachments.
    pub fn lack_any(&self, kept: &[attachment::Model]) -> bool {
        let made = |sent: &SentFile| sent.is_lacking() && sent.is_made();
        let mut kept = kept
            .iter()
            .filter(|file| file.scan_status != ScanStatus::Infected);
        let lacking = |file: &attachment::Model| match self.of(file) {
            None => true,
            // It goes by itself once its scan is over.
            Some(_) if file.scan_status == ScanStatus::Pending => false,
            Some(sent) => !sent.success,
        };
        self.0.iter().any(made) || kept.any(lacking)
    }

    /// The same, with those to be sent again that are not there and could be, now that the ticket has these attachments; `None`: none
    /// could.
    pub fn replayed(mut self, kept: &[attachment::Model]) -> Option<Self> {
        let fit = |file: &&attachment::Model| {
            !matches!(file.scan_status, ScanStatus::Infected | ScanStatus::Pending)
        };
        let may = |sent: &&mut SentFile| {
            sent.is_lacking()
                && (sent.is_made() || kept.iter().filter(fit).any(|file| sent.is(file)))
        };
        let mut any = false;
        for file in self.0.iter_mut().filter(may) {
            file.still = Some(Still::Later);
            any = true;
        }
        any.then_some(self)
    }

    /// Whether a file was left behind because its scan was not over, and now is, or it is not among these attachments of the ticket any
    /// more.
    pub fn missed_scan_of(&self, kept: &[attachment::Model]) -> bool {
        let pending = |file: &&attachment::Model| file.scan_status == ScanStatus::Pending;
        let awaited = |sent: &&SentFile| sent.still == Some(Still::Scanned);
        let mut left = self.0.iter().filter(awaited);
        left.any(|sent| !kept.iter().filter(pending).any(|file| sent.is(file)))
    }

    fn of(&self, file: &attachment::Model) -> Option<&SentFile> {
        self.0.iter().find(|sent| sent.is(file))
    }

    fn awaits(&self, file: &attachment::Model) -> bool {
        let sent = self.of(file);
        sent.is_some_and(|sent| sent.still == Some(Still::Scanned))
    }
}

/// Has the hand-over go on at `now` that left this file behind because its scan was not over: that is over by now, or the file is gone.
pub async fn scanned(
    conn: &impl ConnectionTrait,
    file: &attachment::Model,
    now: Time,
) -> Result<()> {
    let latest = dispatch::latest(conn, file.ticket_id).await?;
    let waits = |row: &dispatch::Model| {
        let files = row.files.as_ref();
        row.is_success() && files.is_some_and(|files| files.awaits(file))
    };
    let Some(row) = latest.filter(waits) else {
        return Ok(());
    };
    let later = Condition::any()
        .add(Column::NextAttemptTime.is_null())
        .add(Column::NextAttemptTime.gt(now));
    Entity::update_many()
        .col_expr(Column::NextAttemptTime, Expr::value(now))
        .col_expr(Column::Retries, Expr::value(0))
        .col_expr(Column::Uncounted, Expr::value(true))
        .filter(Column::Id.eq(row.id))
        .filter(Column::State.eq(DispatchState::Ended))
        .filter(later)
        .exec(conn)
        .await?;
    Ok(())
}
