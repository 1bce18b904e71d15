//! Filling the search index: tickets that it does not know, after its form has changed, say.

use super::{App, ticket_text::reindex};
use crate::{
    db::{ticket::Visible, ticket_change, ticket_search},
    error::Result,
};

/// How many tickets a transaction takes: others wait for it.
const BATCH: u64 = 50;

impl App {
    /// Makes search know the newest tickets below `number` that it does not know yet; gives the lowest of them, `None` when there were
    /// none. Changes nothing where it is done again.
    pub async fn fill_search(&self, number: i64) -> Result<Option<i64>> {
        let unknown = ticket_search::unknown(self.db.read(), number, BATCH).await?;
        let lowest = unknown.last().map(|(number, _)| *number);
        if lowest.is_none() {
            return Ok(None);
        }
        let fill = self.db.write(move |tx| {
            let unknown = unknown.clone();
            Box::pin(async move {
                for (_, id) in unknown {
                    // As everybody who changes what a ticket says: nobody else does meanwhile.
                    if let Some(ticket) = ticket_change::lock(tx, &Visible::All, id, true).await? {
                        reindex(tx, &ticket).await?;
                    }
                }
                Ok(())
            })
        });
        fill.await?;
        Ok(lowest)
    }
}
