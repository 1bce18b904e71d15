//! Watching tickets: each event once and in order, from wherever a watcher begins, and only what its caller may see.

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
    feed::{self, Feed, Membership, News, Since},
    ticket_history::hide,
    ticket_view::{TicketView, visible},
};
use crate::{
    db::{history, history_feed, ticket::Visible, ticket_filter::Filter},
    domain::{actor::Actor, permission::Action},
    error::{Error, Result},
};

/// After this long a silence is broken by a position.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// After so many events that a watcher is not shown, it is told how far they are.
const PASSED: usize = 4096;
/// How many events a watcher holds at once.
const BATCH: usize = 32;

/// What a watcher is told.
#[derive(Clone, Debug)]
pub enum Told {
    /// An event, and its ticket as it stands.
    Event(Box<(history::Model, TicketView)>),
    /// Everything up to this number has been sent.
    Position(i64),
}

/// One watcher's place in the feed.
struct Watcher {
    app: Arc<App>,
    actor: Actor,
    visible: Visible,
    filter: Filter,
    head: watch::Receiver<Option<i64>>,
    /// The last number sent or passed over.
    place: i64,
    /// How many events have been passed over since anything was told.
    passed: usize,
    ready: VecDeque<News>,
    /// Whether it has caught up once: from then on the feed's memory has to do.
    live: bool,
    positioned: bool,
    told_at: Instant,
    ended: bool,
    _membership: Membership,
}

impl App {
    /// What happens to the tickets that pass the filter, from behind `after` or from now on, for ever. Every role may watch.
    pub async fn watch_tickets(
        self: &Arc<Self>,
        actor: &Actor,
        parse: impl FnOnce() -> Result<(Filter, Option<i64>)> + Send,
    ) -> Result<BoxStream<'static, Result<Told>>> {
        let (filter, after) = parse()?;
        if let Some(after) = after
            && after > history_feed::last(self.db.read()).await?
        {
            return Err(Error::invalid(
                "after_sequence",
                "must be a sequence that a watcher has been sent, or 0",
            ));
        }
        let (membership, mut head) = Feed::join(self);
        let known = after.or(*head.borrow());
        let place = match known {
            Some(place) => place,
            // It begins before the caller is told that the watch is open, so that nothing that is written from then on is missing. Not at its
            // head, which may have moved on.
            None => {
                // What tells it lives as long as the app.
                let _ = head.wait_for(Option::is_some).await;
                self.feed.origin()
            }
        };
        let watcher = Box::new(Watcher {
            app: Arc::clone(self),
            actor: actor.clone(),
            visible: visible(actor),
            filter: Filter {
                show_deleted: actor.may(Action::SeeDeleted),
                ..filter
            },
            head,
            place,
            passed: 0,
            ready: VecDeque::new(),
            live: false,
            positioned: false,
            told_at: Instant::now(),
            ended: false,
            _membership: membership,
        });
        Ok(stream::unfold(watcher, |mut watcher| async {
            if watcher.ended {
                return None;
            }
            let told = watcher.next().await;
            watcher.ended = told.is_err();
            (watcher.told_at, watcher.passed) = (Instant::now(), 0);
            Some((told, watcher))
        })
        .boxed())
    }
}

impl Watcher {
    /// The next thing to tell.
    async fn next(&mut self) -> Result<Told> {
        if !self.positioned {
            self.positioned = true;
            return Ok(Told::Position(self.place));
        }
        loop {
            let head = *self.head.borrow_and_update();
            while let Some((event, seen)) = self.ready.pop_front() {
                self.place = event.sequence;
                if let Some(told) = self.shown(&event, &seen) {
                    return Ok(told);
                }
                self.passed += 1;
            }
            // Who comes back after a break of the connection need not pass them over once more.
            if self.passed >= PASSED {
                return Ok(Told::Position(self.place));
            }
            if let Some(head) = head {
                self.fetch(head).await?;
            }
            if self.ready.is_empty() && self.silence().await {
                return Ok(Told::Position(self.place));
            }
        }
    }

    /// Takes the next events from the feed's memory or, before it has caught up, from the database.
    async fn fetch(&mut self, head: i64) -> Result<()> {
        let place = self.place;
        match self.app.feed.since(place, BATCH) {
            Since::Events(news) => {
                self.live = true;
                // Without events everything up to the head was of no ticket, or was passed over.
                if news.is_empty() {
                    self.place = place.max(head);
                }
                self.ready = news.into();
            }
            Since::Gone if self.live => return Err(Error::TooSlow { sequence: place }),
            Since::Gone => {
                let (rows, limit) = (self.app.db.read(), BATCH as u64);
                let events = history_feed::between(rows, place, head, limit).await?;
                let seen = feed::seen(&self.app, &events).await?;
                let seen: Vec<Arc<feed::Seen>> = seen.into_iter().map(Arc::new).collect();
                let of = |event: &history::Model| {
                    seen.iter().find(|seen| seen.ticket.id == event.ticket_id)
                };
                let news = events
                    .into_iter()
                    .filter_map(|event| Some((of(&event).cloned()?, event)));
                self.ready = news.map(|(seen, event)| (Arc::new(event), seen)).collect();
                // A head that has been left behind in the meantime is not one to catch up with.
                if self.ready.is_empty() {
                    self.place = place.max(head);
                }
            }
        }
        Ok(())
    }

    /// The event as this caller may see it, if they may and asked for it.
    fn shown(&self, event: &history::Model, seen: &feed::Seen) -> Option<Told> {
        let hidden = event.internal && !self.actor.may(Action::SeeInternalComments);
        if hidden || !self.filter.shows(&self.visible, &seen.ticket) {
            return None;
        }
        let mut event = event.clone();
        hide(&self.actor, &mut event);
        let view = TicketView::new(&self.actor, seen.ticket.clone(), seen.depends_on.clone());
        Some(Told::Event(Box::new((event, view))))
    }

    /// Waits until it is time to look again. `true`: it has been silent for so long that a position is due.
    async fn silence(&mut self) -> bool {
        tokio::select! {
            Ok(()) = self.head.changed() => false,
            () = time::sleep_until(self.told_at + HEARTBEAT) => true,
        }
    }
}
