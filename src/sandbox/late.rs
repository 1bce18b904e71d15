//! Work that is done only after its client has given up: the hardest answer to get right.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{call::Call, server::Server, state::Visibility};

/// A call whose work is done later: its client is kept waiting for ever, or has got another answer.
#[derive(Debug, Clone)]
pub(super) struct Late {
    pub(super) number: u64,
    pub(super) call: Arc<Call>,
    pub(super) visibility: Visibility,
    /// How many further calls are answered before the work is done.
    pub(super) after_calls: u64,
    /// From the client's leaving to the work.
    pub(super) delay: Duration,
    /// Cancelled when the client leaves.
    pub(super) left: CancellationToken,
}

impl Server {
    /// Keeps the client waiting; never returns.
    pub(super) async fn keep_waiting(&self, late: Late) -> std::convert::Infallible {
        // Dropped with this future, which happens when the connection closes.
        let _leaving = late.left.clone().drop_guard();
        if late.after_calls == 0 {
            self.work_once_left(late);
        } else {
            self.shared.late().push(late);
        }
        std::future::pending().await
    }

    /// Has the work be done after so many further calls, whatever the client does.
    pub(super) fn work_later(
        &self,
        number: u64,
        call: Call,
        visibility: Visibility,
        after_calls: u64,
    ) {
        let left = CancellationToken::new();
        left.cancel();
        self.shared.late().push(Late {
            number,
            call: Arc::new(call),
            visibility,
            after_calls,
            delay: Duration::ZERO,
            left,
        });
    }

    /// Does the work that has become due, before one more call is answered.
    pub(super) async fn do_late_work(&self) {
        for late in self.take_due() {
            if late.left.is_cancelled() {
                self.work_late(&late).await;
            } else {
                self.work_once_left(late);
            }
        }
    }

    fn take_due(&self) -> Vec<Late> {
        let mut waiting = self.shared.late();
        for late in waiting.iter_mut() {
            late.after_calls = late.after_calls.saturating_sub(1);
        }
        waiting
            .extract_if(.., |late| late.after_calls == 0)
            .collect()
    }

    fn work_once_left(&self, late: Late) {
        let server = self.clone();
        let stop = self.shared.stop.clone();
        let work = async move {
            late.left.cancelled().await;
            tokio::time::sleep(late.delay).await;
            server.work_late(&late).await;
        };
        // A sandbox that stops does not wait for clients to leave.
        self.shared
            .tasks
            .spawn(async move { stop.run_until_cancelled(work).await });
    }

    async fn work_late(&self, late: &Late) {
        self.work(late.number, &late.call, late.visibility).await;
    }
}
