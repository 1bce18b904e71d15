//! What an export asked Jira, and was answered, until the next write of the export takes it along: no write is made for it alone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::clock::Clock;
use crate::{
    connectors::jira::Witness,
    domain::export_log::{Exchange, LogEntry, Logged},
};

/// The calls of one run that no write has taken along yet. What ends the process takes the last of them with it.
pub(crate) struct Journal {
    clock: Arc<dyn Clock>,
    attempt: i32,
    entries: Mutex<Vec<LogEntry>>,
}

impl Journal {
    /// An empty journal of this attempt of a run.
    pub(crate) fn new(clock: Arc<dyn Clock>, attempt: i32) -> Arc<Self> {
        let entries = Mutex::default();
        Arc::new(Self {
            clock,
            attempt,
            entries,
        })
    }

    /// What has been noted, for a write.
    pub(crate) fn take(&self) -> Vec<LogEntry> {
        std::mem::take(&mut self.entries())
    }

    /// What a write could not take along after all: it comes before what has been noted since.
    pub(crate) fn put_back(&self, mut entries: Vec<LogEntry>) {
        let mut noted = self.entries();
        entries.append(&mut noted);
        *noted = entries;
    }

    fn entries(&self) -> MutexGuard<'_, Vec<LogEntry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Witness for Journal {
    fn saw(&self, exchange: Exchange) {
        let entry = LogEntry {
            time: self.clock.now(),
            attempt: self.attempt,
            what: Logged::Request(exchange),
        };
        self.entries().push(entry);
    }
}
