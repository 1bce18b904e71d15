//! Watching an export: what is stored first, then each new event as it is stored, on any replica.

use std::{sync::Arc, time::Duration};

use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use tokio::{
    sync::watch,
    time::{self, Instant},
};

use super::App;
use crate::{
    db::{export, export_event, session},
    domain::{
        actor::Actor, export::ExportSnapshot, ids::SessionId, permission::Action, time::Time,
    },
    error::{Error, Result},
};

/// The longest wait before the database is looked at again without a wake-up.
const POLL: Duration = Duration::from_secs(2);
/// After this long a silence is broken by a heartbeat.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How many stored events are read at once.
const BATCH: u64 = 100;

/// What a watcher is told.
#[derive(Clone, Debug)]
pub enum Told {
    /// A stored event.
    Event(Box<export_event::Model>),
    /// Nothing happened for a while; this is how things stand.
    Heartbeat(Time, Box<ExportSnapshot>),
}

/// One watcher's place in the events.
struct Watcher {
    app: Arc<App>,
    session: session::Model,
    export: export::Model,
    wakes: watch::Receiver<()>,
    last: i64,
    ready: std::collections::VecDeque<export_event::Model>,
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
            export,
            // Before the first look for events, so that nothing falls between the two.
            wakes: self.wake.subscribe(id),
            last: after,
            ready: Default::default(),
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
                return Some(Ok(Told::Event(Box::new(event))));
            }
            match self.read().await {
                Err(error) => return Some(Err(error)),
                Ok(()) if !self.ready.is_empty() => continue,
                Ok(()) if self.export.status.is_terminal() => return None,
                Ok(()) => (),
            }
            if self.silence().await {
                self.told_at = Instant::now();
                return Some(self.heartbeat().await);
            }
        }
        None
    }

    /// Reads what is new.
    async fn read(&mut self) -> Result<()> {
        self.wakes.mark_unchanged();
        let conn = self.app.db.read();
        // The run before its events: when an end is seen here, all its events are stored.
        if let Some(export) = export::find(conn, self.export.id).await? {
            self.export = export;
        }
        self.ready = export_event::after(conn, self.export.id, self.last, BATCH)
            .await?
            .into();
        Ok(())
    }

    /// Waits until it is time to look again. `true`: it has been silent for so long that a heartbeat is due.
    async fn silence(&mut self) -> bool {
        tokio::select! {
            Ok(()) = self.wakes.changed() => false,
            () = time::sleep(POLL) => false,
            () = time::sleep_until(self.told_at + HEARTBEAT) => true,
        }
    }

    async fn heartbeat(&self) -> Result<Told> {
        let snapshot = self.app.snapshot(&self.session, &self.export).await?;
        Ok(Told::Heartbeat(self.app.clock.now(), Box::new(snapshot)))
    }
}
