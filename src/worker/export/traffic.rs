//! What the tickets of a run that are on their way at once tell each other: who is on the way, when the last create was sent, the
//! highest key that is known, until when Jira holds everybody back, and that one of them has stopped the run.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI32, AtomicI64, Ordering},
    },
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::domain::{export::CurrentTicket, ids::TicketId, time::Time};

/// Before the first place.
const START: i32 = -1;

/// What is shared by the tickets on their way.
pub(super) struct Traffic {
    /// By their place in the run.
    under_way: watch::Sender<BTreeMap<i32, CurrentTicket>>,
    /// The place of the last ticket that has set out; none has from behind it.
    furthest: AtomicI32,
    /// Who is next behind that place, while nobody is on the way.
    upcoming: Mutex<(i32, Option<CurrentTicket>)>,
    /// Held while the next create waits for its pace.
    pub(super) turn: tokio::sync::Mutex<()>,
    last_create: Mutex<Option<Time>>,
    high_key: AtomicI64,
    held_back: Mutex<Option<Time>>,
    /// Cancelled once a ticket has stopped the run: no other begins, and none sends a create that it has not sent yet.
    pub(super) halting: CancellationToken,
}

impl Traffic {
    pub(super) fn new(
        upcoming: Option<CurrentTicket>,
        last_create: Option<Time>,
        held_back: Option<Time>,
    ) -> Self {
        Self {
            under_way: watch::Sender::default(),
            furthest: AtomicI32::new(START),
            upcoming: Mutex::new((START, upcoming)),
            turn: tokio::sync::Mutex::default(),
            last_create: Mutex::new(last_create),
            high_key: AtomicI64::new(0),
            held_back: Mutex::new(held_back),
            halting: CancellationToken::new(),
        }
    }

    /// The first of those on their way; between two tickets the one that is next.
    pub(super) fn first(&self) -> Option<CurrentTicket> {
        let first = self.under_way.borrow().values().next().cloned();
        first.or_else(|| lock(&self.upcoming).1.clone())
    }

    /// The place of the last ticket that has set out.
    pub(super) fn furthest(&self) -> i32 {
        self.furthest.load(Ordering::Acquire)
    }

    /// Notes who is next behind this place once nobody is on the way; but not where somebody who looked later knows better.
    pub(super) fn expect(&self, behind: i32, upcoming: Option<CurrentTicket>) {
        let mut known = lock(&self.upcoming);
        if behind >= known.0 {
            *known = (behind, upcoming);
        }
    }

    /// Notes that the ticket at this place is on its way.
    pub(super) fn set_out(&self, place: i32, ticket: CurrentTicket) {
        self.furthest.fetch_max(place, Ordering::AcqRel);
        self.under_way
            .send_modify(|under_way| drop(under_way.insert(place, ticket)));
    }

    /// Notes that the ticket at this place is not on its way any more.
    pub(super) fn arrive(&self, place: i32) {
        self.under_way
            .send_modify(|under_way| drop(under_way.remove(&place)));
    }

    /// Whether nobody is on the way.
    pub(super) fn is_empty(&self) -> bool {
        self.under_way.borrow().is_empty()
    }

    /// Waits until none of these tickets is on its way, or the run is stopped.
    pub(super) async fn clear_of(&self, tickets: &[TicketId]) {
        let mut under_way = self.under_way.subscribe();
        let clear = under_way.wait_for(|all| !all.values().any(|it| tickets.contains(&it.id)));
        tokio::select! {
            _ = clear => (),
            () = self.halting.cancelled() => (),
        }
    }

    /// When the last create was sent.
    pub(super) fn last_create(&self) -> Option<Time> {
        *lock(&self.last_create)
    }

    /// Notes that a create is sent, or was answered.
    pub(super) fn sent_create(&self, now: Time) {
        *lock(&self.last_create) = Some(now);
    }

    /// The highest issue number known in the project.
    pub(super) fn high_key(&self) -> i64 {
        self.high_key.load(Ordering::Acquire)
    }

    /// Remembers that a key with this number exists.
    pub(super) fn saw_key(&self, number: i64) {
        self.high_key.fetch_max(number, Ordering::AcqRel);
    }

    /// Until when Jira holds everybody back; `None` once that time has come.
    pub(super) fn held_back(&self, now: Time) -> Option<Time> {
        lock(&self.held_back).filter(|until| *until > now)
    }

    /// Holds everybody back until then, at least.
    pub(super) fn hold_back(&self, until: Time) {
        let mut held = lock(&self.held_back);
        *held = (*held).max(Some(until));
    }
}

/// What the mutex guards; a panic elsewhere leaves it whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
