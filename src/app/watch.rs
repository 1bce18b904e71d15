//! Watching an export: what is stored first, then each new event as it is stored, on any replica.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::{
    sync::watch,
    time::{self, Instant},
};

use super::{
    App,
    export_feed::{BATCH, Looked, Tail},
};
use crate::{
    db::{export, export_event, session},
    domain::{
        actor::Actor, export::ExportSnapshot, ids::SessionId, permission::Action, time::Time,
    },
    error::{Error, Result},
};

/// After this long a silence is broken by a heartbeat.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// What a watcher is told.
#[derive(Clone, Debug)]
pub enum Told {
    /// A stored event, which all watchers share.
    Event(Arc<export_event::Model>),
    /// Nothing happened for a while; this is how things stand.
    Heartbeat(Time, Box<ExportSnapshot>),
}

/// One watcher's place in the events.
struct Watcher {
    app: Arc<App>,
    session: session::Model,
    /// The run as it was when the watching began.
    begun: export::Model,
    /// What the feed told last; nothing while that is older than `begun`.
    seen: Option<Arc<Tail>>,
    feed: watch::Receiver<Looked>,
    last: i64,
    ready: VecDeque<Arc<export_event::Model>>,
    told_at: Instant,
    ended: bool,
}

impl App {
    /// The events behind `after`, and then each new one, until the export has come to an end. NOT_FOUND and EXPORT_NOT_STARTED are
    /// told before the stream begins.
    pub async fn watch_export(
        self: &Arc<Self>,
        actor: &Actor,
        parse: impl FnOnce() -> Result<(SessionId, i64)> + Send,
    ) -> Result<BoxStream<'static, Result<Told>>> {
        actor.require(Action::ReadSessions)?;
        let (id, after) = parse()?;
        let session = self.session(id).await?;
        let export = self.export(id).await?;
        if after >= export.next_event_sequence {
            return Err(Error::invalid(
                "after_sequence",
                "must be the sequence of an event that this export has had, or 0",
            ));
        }
        let watcher = Watcher {
            app: Arc::clone(self),
            session,
            feed: self.export_feed(&export),
            begun: export,
            seen: None,
            last: after,
            ready: VecDeque::new(),
            told_at: Instant::now(),
            ended: false,
        };
        Ok(stream::unfold(watcher, |mut watcher| async {
            let told = watcher.next().await?;
            watcher.ended = told.is_err();
            Some((told, watcher))
        })
        .boxed())
    }
}

impl Watcher {
    /// The next thing to tell; `None` at the end.
    async fn next(&mut self) -> Option<Result<Told>> {
        while !self.ended {
            if let Some(event) = self.ready.pop_front() {
                self.last = event.sequence;
                self.told_at = Instant::now();
                return Some(Ok(Told::Event(event)));
            }
            match self.read().await {
                Err(error) => return Some(Err(error)),
                Ok(()) if !self.ready.is_empty() => continue,
                Ok(()) if self.is_over() => return None,
                Ok(()) => (),
            }
            if self.silence().await {
                self.told_at = Instant::now();
                return Some(self.heartbeat().await);
            }
        }
        None
    }

    /// Takes what is new from the feed, or from the database where the feed does not reach back so far.
    async fn read(&mut self) -> Result<()> {
        let tail = self.feed.borrow_and_update().clone()?;
        if tail.export.is_before(&self.begun) {
            return Ok(());
        }
        self.ready = match tail.after(self.last) {
            Some(events) => events,
            None => {
                let conn = self.app.db.read();
                let events = export_event::after(conn, self.begun.id, self.last, BATCH).await?;
                events.into_iter().map(Arc::new).collect()
            }
        };
        self.seen = Some(tail);
        Ok(())
    }

    /// Whether the run has come to an end, whose events are then all known.
    fn is_over(&self) -> bool {
        let over = |tail: &Arc<Tail>| tail.export.status.is_terminal();
        self.seen.as_ref().is_some_and(over)
    }

    /// Waits until it is time to look again. `true`: it has been silent for so long that a heartbeat is due.
    async fn silence(&mut self) -> bool {
        tokio::select! {
            changed = self.feed.changed() => {
                if changed.is_err() {
                    // It ended with an end that a retry has followed.
                    self.feed = self.app.export_feed(&self.begun);
                }
                false
            }
            () = time::sleep_until(self.told_at + HEARTBEAT) => true,
        }
    }

    async fn heartbeat(&self) -> Result<Told> {
        let tail = self.feed.borrow().clone()?;
        let snapshot = self.app.snapshot(&self.session, &tail.export).await?;
        Ok(Told::Heartbeat(self.app.clock.now(), Box::new(snapshot)))
    }
}
