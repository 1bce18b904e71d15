//! Whose turn it is to bring a ticket to its issue: as many at once as the integration allows, in the run's order. A ticket that waits is
//! ready to be sent, and the one before it writes down that intent together with its own issue's key: between two creates there is one
//! write.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::Poll,
};

use tokio::sync::{AcquireError, MutexGuard, OwnedSemaphorePermit, Semaphore, oneshot};

use super::traffic::lock;
use crate::{
    db::{export_item, ticket},
    error::{Error, Result},
};

/// The turns of a run.
pub(super) struct Turns {
    free: Arc<Semaphore>,
    next: Mutex<Option<Heir>>,
    /// Held while a ticket is written down as done, where one is sent at a time.
    done: Option<tokio::sync::Mutex<()>>,
}

/// A ticket's turn; it ends with this value.
pub(super) struct Turn {
    _permit: OwnedSemaphorePermit,
}

/// A place in the line.
pub(super) enum Place {
    /// Nobody is before it.
    First(Turn),
    /// It comes after all that have lined up before.
    Behind(Waiting),
}

type Waiting = Pin<Box<dyn Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + Send>>;

/// A ticket that is ready and waits.
pub(super) struct Heir {
    /// The ticket as it is going to be sent.
    pub(super) ticket: ticket::Model,
    /// What is written down before it is sent.
    pub(super) intent: export_item::Model,
    /// Whether it may be sent as it is.
    pub(super) is_ready: bool,
    waits: oneshot::Sender<Came>,
}

/// How a turn came.
pub(super) enum Came {
    /// At once.
    AtOnce(Turn),
    /// After a while, in which anything may have happened.
    Waited(Turn),
    /// From the one before, which has written down this intent.
    Inherited {
        turn: Turn,
        intent: Box<export_item::Model>,
        /// Whether the ticket may be sent as it is.
        is_ready: bool,
    },
}

impl Turns {
    /// So many at once.
    pub(super) fn new(at_once: u32) -> Self {
        Self {
            free: Arc::new(Semaphore::new(at_once as usize)),
            next: Mutex::default(),
            done: (at_once == 1).then(tokio::sync::Mutex::default),
        }
    }

    /// Takes the last place in the line.
    pub(super) async fn line_up(&self) -> Place {
        // A semaphore serves those first that have come first, also while they look elsewhere.
        let mut waiting: Waiting = Box::pin(Arc::clone(&self.free).acquire_owned());
        match futures::poll!(&mut waiting) {
            Poll::Ready(Ok(permit)) => Place::First(Turn { _permit: permit }),
            _ => Place::Behind(waiting),
        }
    }

    /// Waits for a turn; meanwhile the ticket is an heir, if it is ready to be one.
    pub(super) async fn wait(
        &self,
        place: Place,
        ready: Option<(ticket::Model, export_item::Model)>,
    ) -> Result<Came> {
        let waiting = match place {
            Place::First(turn) => return Ok(Came::AtOnce(turn)),
            Place::Behind(waiting) => waiting,
        };
        let (waits, mut inherited) = oneshot::channel();
        *lock(&self.next) = ready.map(|(ticket, intent)| Heir {
            ticket,
            intent,
            is_ready: false,
            waits,
        });
        tokio::select! {
            biased;
            Ok(came) = &mut inherited => Ok(came),
            permit = waiting => {
                drop(lock(&self.next).take());
                let permit = permit.map_err(Error::internal)?;
                Ok(Came::Waited(Turn { _permit: permit }))
            }
        }
    }

    /// Waits, before a turn ends, until the ticket before it is written down as done: those that are sent one after the other are told
    /// so, too.
    pub(super) async fn in_order(&self) -> Option<MutexGuard<'_, ()>> {
        match &self.done {
            Some(done) => Some(done.lock().await),
            None => None,
        }
    }

    /// Takes the ticket that waits. It waits on without being an heir when this is dropped.
    pub(super) fn heir(&self) -> Option<Heir> {
        lock(&self.next).take()
    }
}

impl Turn {
    /// Ends it: an heir has the next one, once its intent is written.
    pub(super) fn end(self, heir: Option<Heir>) {
        if let Some(heir) = heir {
            // One that is gone leaves the turn free.
            let _ = heir.waits.send(Came::Inherited {
                turn: self,
                intent: Box::new(heir.intent),
                is_ready: heir.is_ready,
            });
        }
    }
}
