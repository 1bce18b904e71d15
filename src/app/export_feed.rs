//! ExportFeeds: one reader of an export's events for all who watch it in this process, so that many watchers ask the database no more often
//! than one.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time};

use super::App;
use crate::{
    db::{export, export_event},
    domain::ids::ExportId,
    error::{Error, Result},
};

/// The longest wait before the database is looked at again without a wake-up.
const POLL: Duration = Duration::from_secs(2);
/// How many stored events are read at once.
pub(super) const BATCH: u64 = 100;
/// How many events are kept for watchers that are a little behind; others read for themselves.
const KEPT: usize = 256;

/// The feeds of one process.
#[derive(Debug, Default)]
pub(super) struct ExportFeeds(Mutex<HashMap<ExportId, watch::Receiver<Looked>>>);

/// What the reader saw last: how the run stands, or why that is not known.
pub(super) type Looked = Result<Arc<Tail>, Error>;

/// A run and its latest events.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    /// The run, as it was no later than its events: when an end is seen here, all its events are below.
    pub(super) export: export::Model,
    /// Those that were stored since the feed began, in order, without a gap.
    events: VecDeque<Arc<export_event::Model>>,
    /// The last event that the reader has seen.
    last: i64,
}

impl Tail {
    fn new(export: export::Model) -> Self {
        Self {
            events: VecDeque::new(),
            last: export.next_event_sequence - 1,
            export,
        }
    }

    /// The events behind `sequence`; `None` where some of them are kept no more.
    pub(super) fn after(&self, sequence: i64) -> Option<VecDeque<Arc<export_event::Model>>> {
        let missing = usize::try_from(self.last - sequence).unwrap_or_default();
        let known = self.events.len().checked_sub(missing)?;
        Some(self.events.iter().skip(known).cloned().collect())
    }

    fn push(&mut self, event: export_event::Model) {
        self.last = event.sequence;
        self.events.push_back(Arc::new(event));
        if self.events.len() > KEPT {
            self.events.pop_front();
        }
    }
}

impl ExportFeeds {
    /// Forgets the feed where that is so, while nobody comes to it.
    fn close_if(&self, id: ExportId, gone: impl FnOnce() -> bool) -> bool {
        let mut feeds = self.open();
        let gone = gone();
        if gone {
            feeds.remove(&id);
        }
        gone
    }

    fn open(&self) -> MutexGuard<'_, HashMap<ExportId, watch::Receiver<Looked>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// The feed of the run, which begins with `export` where nobody watches it yet.
    pub(super) fn export_feed(self: &Arc<Self>, export: &export::Model) -> watch::Receiver<Looked> {
        let mut feeds = self.export_feeds.open();
        // One whose reader is gone says so.
        let known = feeds
            .get(&export.id)
            .filter(|feed| feed.has_changed().is_ok());
        if let Some(feed) = known {
            return feed.clone();
        }
        let tail = Tail::new(export.clone());
        let (sender, receiver) = watch::channel(Ok(Arc::new(tail.clone())));
        feeds.insert(export.id, receiver.clone());
        tokio::spawn(Arc::clone(self).read_for_all(tail, sender));
        receiver
    }

    /// Tells what is new for as long as anybody watches and the run goes on.
    async fn read_for_all(self: Arc<Self>, mut tail: Tail, sender: watch::Sender<Looked>) {
        // Before the first look, so that nothing falls between the two.
        let mut wakes = self.wake.subscribe(tail.export.session_id);
        loop {
            wakes.mark_unchanged();
            let looked = self.read_new(&mut tail).await;
            let over = looked.is_err() || tail.export.status.is_terminal();
            // One receiver is kept for those who come.
            let unwatched = || sender.receiver_count() <= 1;
            // Before an end is told: whoever comes after it begins with the run as it is then.
            let closed = self
                .export_feeds
                .close_if(tail.export.id, || over || unwatched());
            sender.send_if_modified(|told| {
                let is_new = !matches!(looked, Ok(false)) || over;
                *told = looked.map(|_| Arc::new(tail.clone()));
                is_new
            });
            if closed {
                return;
            }
            // Without wake-ups, by itself; the sender of wake-ups lives as long as its receivers.
            let _ = time::timeout(POLL, wakes.changed()).await;
        }
    }

    /// Reads what is new into `tail`; whether there was any event.
    async fn read_new(&self, tail: &mut Tail) -> Result<bool> {
        let conn = self.db.read();
        if let Some(export) = export::find(conn, tail.export.id).await? {
            tail.export = export;
        }
        let mut is_new = false;
        loop {
            let events = export_event::after(conn, tail.export.id, tail.last, BATCH).await?;
            if events.is_empty() {
                return Ok(is_new);
            }
            is_new = true;
            events.into_iter().for_each(|event| tail.push(event));
        }
    }
}
