//! Room for the attempts that docket makes by itself: so many in all, and fewer to one integration, so that one that takes its time, or
//! does not answer at all, holds up no other.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::domain::ids::IntegrationId;

/// How many one process makes at once.
const IN_ALL: usize = 32;
/// How many of them to one integration.
const OF_ONE: usize = 16;

/// How many go to each integration just now; one that none goes to is not there.
#[derive(Debug, Default)]
pub(super) struct Places(Mutex<HashMap<IntegrationId, usize>>);

/// One attempt's place, which is free again once this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    integration: IntegrationId,
}

impl Places {
    /// The integrations that no further attempt goes to for now. `None`: there is no room for any.
    pub(super) fn full(&self) -> Option<Vec<IntegrationId>> {
        let taken = self.taken();
        if taken.values().sum::<usize>() >= IN_ALL {
            return None;
        }
        let full = taken.iter().filter(|(_, count)| **count >= OF_ONE);
        Some(full.map(|(id, _)| *id).collect())
    }

    /// A place for an attempt to this integration, if there is one.
    pub(super) fn take(self: &Arc<Self>, integration: IntegrationId) -> Option<Place> {
        if self.full()?.contains(&integration) {
            return None;
        }
        *self.taken().entry(integration).or_default() += 1;
        Some(Place {
            places: Arc::clone(self),
            integration,
        })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<IntegrationId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        if let Some(count) = taken.get_mut(&self.integration) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.integration);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn one_integration_leaves_room_for_others() {
        let places = Arc::new(Places::default());
        let other = || IntegrationId::at(chrono::Utc::now());
        let slow = other();
        let mut taken: Vec<Place> = (0..OF_ONE).map(|_| places.take(slow).unwrap()).collect();
        assert!(places.take(slow).is_none());
        assert_eq!(places.full().unwrap(), [slow]);
        taken.extend((OF_ONE..IN_ALL).map(|_| places.take(other()).unwrap()));
        assert_eq!(places.full(), None);
        assert!(places.take(other()).is_none());
        taken.remove(0);
        assert!(places.take(slow).is_some());
        drop(taken);
        assert_eq!(places.full().unwrap(), []);
        assert!(places.taken().is_empty());
    }
}
