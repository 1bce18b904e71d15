//! The look at all clocks: promises that are broken, and such as will be soon, are noted once, however many processes look.

use std::sync::Arc;

use super::{App, ticket_edit::Edit};
use crate::{db::ticket_sla, domain::sla::SlaPolicy, error::Result};

/// How many tickets one transaction notes something of, for each of the four things that can be; other writes wait for it.
const BATCH: u64 = 25;

impl App {
    /// Notes what is to be noted of some tickets; how many they were. 0: nothing is left, or others are at it.
    ///
    /// Which tickets are concerned is asked of indexes that hold nothing else. Each is then looked at again within the writing transaction,
    /// which is the only one that changes it, so that of two processes the second finds nothing to note.
    pub async fn note_broken_promises(&self) -> Result<usize> {
        let now = self.clock.now();
        let ids = ticket_sla::to_be_noted(self.db.read(), now, BATCH).await?;
        if ids.is_empty() {
            return Ok(0);
        }
        let story: Arc<(_, Arc<SlaPolicy>)> = Arc::new((ids, Arc::clone(&self.sla)));
        self.db
            .write(move |tx| {
                let story = Arc::clone(&story);
                Box::pin(async move {
                    let (ids, sla) = &*story;
                    let mut noted = 0;
                    for &id in ids {
                        let Some(mut edit) = Edit::by_docket(tx, id, now).await? else {
                            continue;
                        };
                        edit.look_at_clock(sla);
                        let before = edit.before().version;
                        noted += usize::from(edit.write(tx).await?.version != before);
                    }
                    Ok(noted)
                })
            })
            .await
    }
}
