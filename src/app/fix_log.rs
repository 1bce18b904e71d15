//! What ApplyFixes asked Jira and was answered, in the log of the run that the fixes are of; and what is wanted by now.

use std::sync::Arc;

use super::fix_apply::Fixer;
use crate::{
    db::{export_fix, export_log},
    domain::export_log::LogEntry,
    error::Result,
};

impl Fixer<'_> {
    /// Keeps the calls of one fix, with what came of it and what is wanted by now. That is not worth a failure of what was done.
    pub(super) async fn keep_log(&self, fix: &export_fix::Model, outcome: &Result<()>) {
        let key = fix.jira_key.as_deref().unwrap_or_default();
        let came = match outcome {
            Ok(()) => "is applied".to_owned(),
            Err(error) => format!("is not applied: {error}"),
        };
        let text = format!("fix of {} on {key} {came}, by {}", fix.field, self.caller);
        let mut log = self.journal.take();
        let now = self.app.clock.now();
        log.push(LogEntry::state(now, self.export.attempt, &text));
        let plain = Arc::new((self.export.id, log, fix.clone()));
        let written = self.app.db.write(move |tx| {
            let plain = Arc::clone(&plain);
            Box::pin(async move {
                let (id, log, fix) = &*plain;
                export_fix::set_wanted(tx, fix).await?;
                export_log::append(tx, *id, log).await
            })
        });
        if let Err(error) = written.await {
            tracing::warn!(%error, "the log of a fix could not be kept");
        }
    }
}
