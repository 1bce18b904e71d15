//! Following an export over a connection that may break: nothing that happens is missed or told twice.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tonic::{Code, Request, Status};

use super::{
    CommandError,
    client::{Client, Refused},
    progress::Progress,
};
use crate::proto::v1::{ExportEvent, ExportStatus, WatchExportRequest};

/// The first wait before a broken stream is opened again; it doubles up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// For how long a server that tells nothing is asked again.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// Shows the events of this attempt until it has ended.
pub(super) async fn follow(
    client: &Client,
    session: &str,
    attempt: i32,
    progress: &mut Progress,
) -> Result<(), CommandError> {
    let mut watch = Watch {
        session,
        attempt,
        sequence: 0,
        ended: false,
        last_heard: Instant::now(),
    };
    let mut wait = FIRST_WAIT;
    loop {
        let opened = Instant::now();
        let broken = watch.listen(client, progress).await;
        if watch.ended {
            return Ok(());
        }
        let status = broken
            .err()
            .unwrap_or_else(|| Status::unavailable("the stream ended early"));
        if is_final(status.code()) || watch.last_heard.elapsed() > PATIENCE {
            let what = format!(
                "the export cannot be followed any longer, and may go on; `docket export {session}` joins it again"
            );
            return Err(Refused::new(&what, status).into());
        }
        wait = match watch.last_heard > opened {
            true => FIRST_WAIT,
            false => LONGEST_WAIT.min(wait * 2),
        };
        progress.note(&format!(
            "connection lost ({}); connecting again",
            status.message()
        ));
        sleep(wait).await;
    }
}

/// Whether asking again would end the same way.
fn is_final(code: Code) -> bool {
    matches!(
        code,
        Code::InvalidArgument
            | Code::NotFound
            | Code::PermissionDenied
            | Code::Unauthenticated
            | Code::FailedPrecondition
            | Code::Unimplemented
    )
}

/// What has been heard of an export.
struct Watch<'a> {
    session: &'a str,
    attempt: i32,
    /// The last stored event that was heard.
    sequence: i64,
    /// Whether the last event says that this attempt is over.
    ended: bool,
    last_heard: Instant,
}

impl Watch<'_> {
    /// Listens from the last event on, until the stream ends or breaks.
    async fn listen(&mut self, client: &Client, progress: &mut Progress) -> Result<(), Status> {
        let request = Request::new(WatchExportRequest {
            session_id: self.session.to_owned(),
            after_sequence: (self.sequence > 0).then_some(self.sequence),
        });
        let mut stream = client.exports().watch_export(request).await?.into_inner();
        while let Some(answer) = stream.message().await? {
            self.last_heard = Instant::now();
            if let Some(event) = answer.event {
                self.take(&event, progress);
            }
        }
        Ok(())
    }

    fn take(&mut self, event: &ExportEvent, progress: &mut Progress) {
        // A heartbeat is no stored event: its sequence is 0.
        self.sequence = self.sequence.max(event.sequence);
        let Some(export) = &event.export else { return };
        // What happened before a retry has been told by those who followed it then.
        if export.attempt < self.attempt {
            return;
        }
        self.ended = matches!(
            export.status(),
            ExportStatus::Completed
                | ExportStatus::Failed
                | ExportStatus::Cancelled
                | ExportStatus::Reverted
        );
        progress.show(event, export);
    }
}
