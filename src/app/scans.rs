//! Scans: every file that comes in while there is a scanner waits for its verdict, and is given to nobody before.
//!
//! What waits is a row, so that a scan outlives the process that was at it: whoever takes one up has it for as long as a scan may take,
//! and anybody may take it up again after that. Two verdicts do no harm; the first one counts.

use std::{io, time::Duration};

use chrono::TimeDelta;
use futures::TryStreamExt as _;
use tokio_util::sync::CancellationToken;

use super::{
    App,
    filing::{ELSEWHERE, note_verdict},
    ticket_edit::Edit,
};
use crate::{
    connectors::scan::{Scanner, Verdict},
    db::{attachment, blob, dispatch_files, scan},
    domain::{ids::AttachmentId, ticket::ScanStatus},
    error::{Error, Result},
};

/// How many files are looked at to take up one of them: others may be ahead of us at the first ones.
const FEW: u64 = 4;
/// How much longer than a scan may take a file belongs to whoever has taken it up.
const GRACE: TimeDelta = TimeDelta::seconds(30);
/// How long a file waits after a scan without a verdict, at first and at most; the wait doubles each time.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(5);
const LAST_WAIT: TimeDelta = TimeDelta::minutes(5);

impl App {
    /// Scans one of the files that wait. `false`: nothing waits, or nobody scans here. A file whose scan is cut short by `stop` waits on.
    pub async fn scan_next(&self, stop: &CancellationToken) -> Result<bool> {
        let Some(scanner) = &self.scanner else {
            return Ok(false);
        };
        while !stop.is_cancelled() {
            let waiting = scan::due(self.db.read(), self.clock.now(), FEW).await?;
            if waiting.is_empty() {
                break;
            }
            for row in waiting {
                if self.claim_scan(scanner, &row).await? {
                    self.scan_file(scanner, row, stop).await?;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Scans a file that has been taken up.
    async fn scan_file(
        &self,
        scanner: &Scanner,
        row: scan::Model,
        stop: &CancellationToken,
    ) -> Result<()> {
        let id = row.attachment_id;
        let Some(file) = attachment::kept(self.db.read(), id).await? else {
            // Deleted meanwhile.
            return self.forget_scan(id).await;
        };
        let verdict = tokio::select! {
            verdict = self.verdict(scanner, &file) => verdict,
            () = stop.cancelled() => return self.put_off_scan(id, TimeDelta::zero()).await,
        };
        match verdict {
            Ok(verdict) => self.keep_verdict(file, verdict).await,
            Err(why) => {
                let wait = wait(row.attempts);
                tracing::warn!(attachment = %id, why, again_in_seconds = wait.num_seconds(), "a file could not be scanned");
                self.put_off_scan(id, wait).await
            }
        }
    }

    async fn verdict(
        &self,
        scanner: &Scanner,
        file: &attachment::Model,
    ) -> Result<Verdict, String> {
        let bytes = self.bytes_of(file, 0).await;
        let bytes = bytes.map_err(|error| format!("the file cannot be read: {error}"))?;
        let bytes = bytes.ok_or("the bytes of the file are missing")?;
        scanner.scan(bytes.map_err(io::Error::other)).await
    }

    /// Takes a file up. `false`: somebody else has.
    async fn claim_scan(&self, scanner: &Scanner, row: &scan::Model) -> Result<bool> {
        let until = self.clock.now() + delta(scanner.timeout) + GRACE;
        let row = row.clone();
        let claimed = self.db.write(move |tx| {
            let row = row.clone();
            Box::pin(async move { scan::claim(tx, &row, until).await })
        });
        match claimed.await {
            Ok(()) => Ok(true),
            Err(Error::Fenced) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn put_off_scan(&self, id: AttachmentId, wait: TimeDelta) -> Result<()> {
        let time = self.clock.now() + wait;
        self.db
            .write(move |tx| Box::pin(scan::put_off(tx, id, time)))
            .await
    }

    async fn forget_scan(&self, id: AttachmentId) -> Result<()> {
        self.db
            .write(move |tx| Box::pin(async move { scan::end(tx, id).await.map(drop) }))
            .await
    }

    /// Writes a verdict down: what was found in a file is found in all that have its bytes, and first in those that are given to everybody,
    /// so that a crash in between leaves the file to be scanned again.
    async fn keep_verdict(&self, file: attachment::Model, verdict: Verdict) -> Result<()> {
        let (status, found) = match verdict {
            Verdict::Clean => (ScanStatus::Clean, None),
            Verdict::Infected(found) => {
                tracing::warn!(attachment = %file.id, ticket = %file.ticket_id, found, "a scan found something in a file");
                (ScanStatus::Infected, Some(found))
            }
        };
        while !self
            .tell_verdict(file.clone(), status, found.clone())
            .await?
        {
            for alike in attachment::served_alike(self.db.read(), &file).await? {
                let found = found.clone();
                self.tell_verdict(alike, ScanStatus::Infected, found)
                    .await?;
            }
        }
        Ok(())
    }

    /// Notes a verdict, and tells it in the ticket's history: who waits for the file follows the ticket. `false`: not yet, for something was
    /// found in the bytes, and others with the same are given to everybody.
    async fn tell_verdict(
        &self,
        file: attachment::Model,
        status: ScanStatus,
        found: Option<String>,
    ) -> Result<bool> {
        let now = self.clock.now();
        self.db
            .write(move |tx| {
                let (file, found) = (file.clone(), found.clone());
                Box::pin(async move {
                    // The ticket's row is locked first, as by every change of a ticket.
                    let edit = Edit::by_docket(tx, file.ticket_id, now).await?;
                    // Of two verdicts about the same bytes the later one knows of the earlier one.
                    blob::lock(tx, &file.sha256).await?;
                    // A scanner that knew less looked at it before another one found something.
                    let infected = status == ScanStatus::Infected
                        || attachment::is_infected(tx, &file.sha256).await?;
                    let waits = file.scan_status == ScanStatus::Pending;
                    if infected && waits && !attachment::served_alike(tx, &file).await?.is_empty() {
                        return Ok(false);
                    }
                    if !scan::end(tx, file.id).await? && waits {
                        return Ok(true);
                    }
                    let mut new = file.clone();
                    let mut found = found.as_deref();
                    new.scan_status = status;
                    if infected {
                        new.scan_status = ScanStatus::Infected;
                        found = found.or(Some(ELSEWHERE));
                    }
                    let noted = attachment::set_scan_status(tx, &file, new.scan_status).await?;
                    dispatch_files::scanned(tx, &file, now).await?;
                    if let Some(mut edit) = edit.filter(|_| noted) {
                        note_verdict(&mut edit, &new, file.scan_status, found);
                        edit.write(tx).await?;
                    }
                    Ok(true)
                })
            })
            .await
    }
}

/// How long a file waits whose scan came to nothing, after so many before.
fn wait(attempts: i32) -> TimeDelta {
    let doubled = u32::try_from(attempts).unwrap_or_default().min(16);
    (FIRST_WAIT * 2_i32.pow(doubled)).min(LAST_WAIT)
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
