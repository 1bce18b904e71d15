//! One write of a revert: the run, an item and the ticket together, while nobody else has changed the run.

use std::sync::Arc;

use super::Revert;
use crate::{
    app::exports::changing,
    db::{Tx, export, export_item, history, session, session_ticket},
    domain::{
        ids::TicketId,
        session::{SessionStage, SessionStatus},
    },
    error::{Error, Result},
};

/// What one write of a revert changes.
#[derive(Clone, Debug)]
pub(super) struct Step {
    fence: i64,
    next: export::Model,
    pub(super) item: Option<export_item::Model>,
    /// The ticket whose issue is gone, with its key.
    pub(super) taken_back: Option<(TicketId, String)>,
    pub(super) entry: Option<history::Entry>,
    /// That the run is REVERTED by this.
    pub(super) ends: bool,
}

impl Revert<'_> {
    /// Writes the run as `next` with what changes beside it, while nobody else has changed the run.
    pub(super) async fn write(
        &mut self,
        mut next: export::Model,
        fill: impl FnOnce(&mut Step),
    ) -> Result<()> {
        next.update_time = self.app.clock.now();
        let mut step = Step {
            fence: self.row.fence,
            next: next.clone(),
            item: None,
            taken_back: None,
            entry: None,
            ends: false,
        };
        fill(&mut step);
        let step = Arc::new(step);
        let written = self.app.db.write(move |tx| {
            let step = Arc::clone(&step);
            Box::pin(async move { step.write(tx).await })
        });
        match written.await {
            // Somebody else reverts or retries it at the same time.
            Err(Error::Fenced) => Err(changing(self.row.session_id)),
            Err(error) => Err(error),
            Ok(()) => {
                self.row = next;
                Ok(())
            }
        }
    }
}

impl Step {
    async fn write(&self, tx: &Tx) -> Result<()> {
        let (next, now) = (&self.next, self.next.update_time);
        export::save(tx, self.fence, next).await?;
        if let Some(item) = &self.item {
            export_item::save(tx, item).await?;
        }
        if let Some((ticket, key)) = &self.taken_back {
            session_ticket::taken_back(tx, *ticket, key, now).await?;
        }
        if let Some(entry) = &self.entry {
            history::append(tx, vec![entry.clone()]).await?;
        }
        if self.ends {
            session_ticket::reset_failed(tx, next.session_id, now).await?;
            let (stage, status) = (SessionStage::Review, SessionStatus::Active);
            session::advance(tx, next.session_id, stage, status, now).await?;
        }
        Ok(())
    }
}
