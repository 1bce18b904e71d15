//! The feed of what happens to tickets, read once a process for all who watch: the latest events in memory, each once, with the tickets
//! as they stand. It is read only while somebody watches.
//!
//! The database is the only truth: a wake-up (a write of this process, another replica's NOTIFY, or two seconds without either) says
//! "look again" and carries nothing.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use futures::StreamExt as _;
use tokio::{
    sync::{Notify, watch},
    time,
};

use super::{App, ticket_view::weight};
use crate::{
    db::{dependency, history, history_feed, ticket},
    domain::ids::TicketId,
    error::Result,
};

/// The channel on which replicas on one PostgreSQL tell each other that something was written.
const CHANNEL: &str = "docket_ticket";
/// The longest wait before the database is looked at again without a wake-up.
const POLL: Duration = Duration::from_secs(2);
/// The least time between two looks, so that many writes cost one, and as much again for each of so many bytes: who reads keeps up.
const PAUSE: Duration = Duration::from_millis(10);
const PAUSE_BYTES: usize = 1024 * 1024;
/// Between a write of this process and the look at it: telling many watchers takes the processors that the writer's answer needs.
const GIVE_WAY: Duration = Duration::from_millis(5);
/// The same between two notifications.
const TELL: Duration = Duration::from_millis(100);
/// The first wait for an open transaction that may be taken back without a word; it doubles up to [`POLL`].
const RETRY: Duration = Duration::from_millis(20);
/// How long to wait after a failure.
const AGAIN: Duration = Duration::from_secs(1);
/// How many events are read at once: a part of what is kept, however large they are (a value of theirs has 64 KiB at most).
const BATCH: u64 = 64;
/// How many events are kept, and how many bytes of them: who falls behind further is too slow.
const EVENTS: usize = 4096;
const BYTES: usize = 16 * 1024 * 1024;

/// A ticket as the feed saw it last.
#[derive(Debug)]
pub(super) struct Seen {
    /// The row.
    pub(super) ticket: ticket::Model,
    /// What it depends on in its session.
    pub(super) depends_on: Vec<TicketId>,
}

/// An event, and its ticket as it stands.
pub(super) type News = (Arc<history::Model>, Arc<Seen>);

/// What the feed has behind some number.
#[derive(Debug)]
pub(super) enum Since {
    /// These events, the first of all there are; none where nothing has happened since.
    Events(Vec<News>),
    /// What comes next is no longer in memory.
    Gone,
}

/// The latest events.
#[derive(Debug, Default)]
pub(super) struct Feed {
    state: RwLock<State>,
    /// The number up to which everything is in the feed, `None` before it has begun. Changes with every new event.
    head: watch::Sender<Option<i64>>,
    wanted: Notify,
}

#[derive(Debug, Default)]
struct State {
    watchers: usize,
    events: VecDeque<Arc<history::Model>>,
    /// Where it began.
    origin: i64,
    /// Behind this number all events are there.
    floor: i64,
    tickets: HashMap<TicketId, Held>,
    bytes: usize,
}

/// A ticket, as long as an event is about it.
#[derive(Debug)]
struct Held {
    seen: Arc<Seen>,
    events: usize,
}

/// Somebody watches as long as this lives.
#[derive(Debug)]
pub(super) struct Membership(Arc<App>);

impl Drop for Membership {
    fn drop(&mut self) {
        self.0.feed.write().watchers -= 1;
    }
}

impl Feed {
    /// From now on the feed is read for this watcher too; what comes with it marks each change of the head.
    pub(super) fn join(app: &Arc<App>) -> (Membership, watch::Receiver<Option<i64>>) {
        app.feed.write().watchers += 1;
        app.feed.wanted.notify_one();
        (Membership(Arc::clone(app)), app.feed.head.subscribe())
    }

    /// Where the feed began: nothing that was written since anybody joined it before then comes before it.
    pub(super) fn origin(&self) -> i64 {
        self.read().origin
    }

    /// The next events behind `after`, at most `limit`.
    pub(super) fn since(&self, after: i64, limit: usize) -> Since {
        let state = self.read();
        if after < state.floor {
            return Since::Gone;
        }
        let first = state
            .events
            .partition_point(|event| event.sequence <= after);
        let news = |event: &Arc<history::Model>| {
            let held = state.tickets.get(&event.ticket_id)?;
            Some((Arc::clone(event), Arc::clone(&held.seen)))
        };
        Since::Events(
            state
                .events
                .range(first..)
                .take(limit)
                .filter_map(news)
                .collect(),
        )
    }

    /// Adds events with their tickets, lets go of the oldest, and tells everybody.
    fn add(&self, events: Vec<history::Model>, tickets: Vec<Seen>, settled: Option<i64>) {
        let mut state = self.write();
        for seen in tickets {
            state.bytes += weight(&seen.ticket);
            let events = match state.tickets.get(&seen.ticket.id) {
                Some(held) => held.events,
                None => 0,
            };
            let (id, seen) = (seen.ticket.id, Arc::new(seen));
            if let Some(before) = state.tickets.insert(id, Held { seen, events }) {
                state.bytes -= weight(&before.seen.ticket);
            }
        }
        for event in events {
            // Every event has a ticket, which was read after it.
            if let Some(held) = state.tickets.get_mut(&event.ticket_id) {
                held.events += 1;
                state.bytes += event.weight();
                state.events.push_back(Arc::new(event));
            }
        }
        state.trim();
        drop(state);
        self.head.send_if_modified(|head| {
            let changed = *head != settled;
            *head = settled;
            changed
        });
    }

    /// Begins anew behind this number.
    fn begin(&self, floor: i64) {
        let mut state = self.write();
        let watchers = state.watchers;
        *state = State {
            watchers,
            origin: floor,
            floor,
            ..State::default()
        };
    }

    /// Lets go of everything, where nobody watches.
    fn rest(&self) -> bool {
        let mut state = self.write();
        let resting = state.watchers == 0;
        if resting {
            *state = State::default();
            self.head.send_replace(None);
        }
        resting
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn trim(&mut self) {
        while self.events.len() > EVENTS || self.bytes > BYTES && self.events.len() > 1 {
            let Some(event) = self.events.pop_front() else {
                return;
            };
            self.floor = event.sequence;
            self.bytes -= event.weight();
            if let Some(held) = self.tickets.get_mut(&event.ticket_id) {
                held.events -= 1;
                if held.events == 0 {
                    self.bytes -= weight(&held.seen.ticket);
                    self.tickets.remove(&event.ticket_id);
                }
            }
        }
    }
}

/// The tickets of these events as they stand now.
pub(super) async fn seen(app: &App, events: &[history::Model]) -> Result<Vec<Seen>> {
    let tickets = history_feed::tickets(app.db.read(), events).await?;
    let of_sessions = tickets.iter().filter(|ticket| ticket.session_id.is_some());
    let ids: Vec<TicketId> = of_sessions.map(|ticket| ticket.id).collect();
    let mut depends_on = match ids.is_empty() {
        true => Default::default(),
        false => dependency::of_tickets(app.db.read(), ids).await?,
    };
    let seen = |ticket: ticket::Model| Seen {
        depends_on: depends_on.remove(&ticket.id).unwrap_or_default(),
        ticket,
    };
    Ok(tickets.into_iter().map(seen).collect())
}

/// Reads the feed for as long as somebody watches, for ever.
pub(super) async fn run(app: &App) {
    loop {
        app.feed.wanted.notified().await;
        let mut reader = None;
        while let Err(error) = follow(app, &mut reader).await {
            tracing::warn!(%error, "the feed of tickets cannot be read");
            time::sleep(AGAIN).await;
        }
    }
}

/// Reads on from where `reader` is until nobody watches any more.
async fn follow(app: &App, reader: &mut Option<history_feed::Reader>) -> Result<()> {
    // Both before the first look, so that nothing falls between.
    let mut written = app.db.written();
    let mut told = std::pin::pin!(app.db.listen(CHANNEL).await?);
    let mut retry = RETRY;
    while !app.feed.rest() {
        written.mark_unchanged();
        let reader = match reader {
            Some(reader) => reader,
            None => {
                let begun = history_feed::Reader::begin(app.db.read()).await?;
                reader.insert(begun)
            }
        };
        let before = reader.settled();
        // Moved on only once all is added.
        let mut next = *reader;
        let events = next.read(app.db.read(), BATCH).await?;
        let (count, bytes) = (
            events.len() as u64,
            events.iter().map(history::Model::weight).sum::<usize>(),
        );
        // Told as soon as it is known: watchers wait for it.
        if let Some(begun) = before.or(next.settled()) {
            if app.feed.head.borrow().is_none() {
                app.feed.begin(begun);
            }
            let tickets = seen(app, &events).await?;
            app.feed.add(events, tickets, next.settled());
        }
        *reader = next;
        let pauses = 1 + u32::try_from(bytes / PAUSE_BYTES).unwrap_or(u32::MAX - 1);
        time::sleep(PAUSE * pauses).await;
        if count == BATCH {
            continue;
        }
        let mut wait = POLL;
        if reader.waits() {
            (wait, retry) = (retry, (retry * 2).min(POLL));
        } else {
            retry = RETRY;
        }
        tokio::select! {
            // Who has written is answered first.
            _ = written.changed() => time::sleep(GIVE_WAY).await,
            _ = told.next() => (),
            () = time::sleep(wait) => (),
        }
    }
    Ok(())
}

/// Tells the other replicas whenever this process has written, for ever.
pub(super) async fn tell(app: &App) {
    let mut written = app.db.written();
    while written.changed().await.is_ok() {
        if let Err(error) = app.db.notify(CHANNEL).await {
            tracing::debug!(%error, "other replicas could not be told of a write");
        }
        time::sleep(TELL).await;
    }
}
