//! What a ticket tells of an attempt before that ends: that its copy is there.

use std::sync::Arc;

use serde_json::json;

use super::{
    attempt::{Attempt, Halt},
    picture::picture,
};
use crate::{
    app::ticket_edit::Edit,
    db::{Tx, dispatch},
    domain::time::Time,
    error::{Error, Result},
};

/// In the ticket's history: its copy, known before all of its files are there.
const COPY: &str = "integration_result.external_ticket_id";

impl Attempt {
    /// Lets the ticket tell that its copy is there, while files are on their way to that.
    pub(super) async fn show(&self) -> Result<(), Halt> {
        let (row, now) = (Arc::new(self.row.clone()), self.app.clock.now());
        let shown = self.app.db.write(move |tx| {
            let row = Arc::clone(&row);
            Box::pin(async move { show(tx, &row, now).await })
        });
        shown.await.map_err(Halt::from)
    }
}

/// Writes the picture of an attempt that is open still into its ticket, unless that shows the copy already.
async fn show(tx: &Tx, row: &dispatch::Model, now: Time) -> Result<()> {
    // The ticket's row is locked first, as by every change of a ticket.
    let mut edit = Edit::of_dispatch(tx, row.ticket_id, row.actor_id.clone(), now).await?;
    let ours = dispatch::find(tx, row.id).await?;
    if !ours.is_some_and(|ours| ours.is_open()) {
        return Err(Error::Fenced);
    }
    let picture = picture(row);
    let key = picture.external_ticket_id.clone();
    let before = edit.ticket.integration_result.as_ref();
    let shown = before.is_some_and(|before| {
        before.integration_id == row.integration_id && before.external_ticket_id == key
    });
    if shown || key.is_none() {
        return Ok(());
    }
    let before = before.and_then(|before| before.external_ticket_id.clone());
    let facts = json!({ "attempt": row.number, "integration_id": row.integration_id });
    edit.ticket.integration_result = Some(picture);
    edit.note(COPY, before, key, facts);
    edit.write(tx).await.map(drop)
}
