//! The floor between two polls of the same thing by the same caller.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;

use crate::{
    domain::{
        ids::{SessionId, UserId},
        time::Time,
    },
    error::{Error, Reason, Result},
};

/// The least time between two GetExport calls of one caller for one session.
pub(super) const POLL_FLOOR: Duration = Duration::from_secs(2);

/// Entries are swept once there are more than this.
const SWEEP_AT: usize = 10_000;

/// Remembers when each caller asked last.
#[derive(Debug, Default)]
pub(super) struct Polls(Mutex<HashMap<(SessionId, UserId), Time>>);

impl Polls {
    /// Lets the call pass, or says how long to wait. A refused call does not move the floor.
    pub(super) fn admit(&self, session: SessionId, caller: &UserId, now: Time) -> Result<()> {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let floor = TimeDelta::from_std(POLL_FLOOR).unwrap_or_default();
        if asked.len() > SWEEP_AT {
            asked.retain(|_, at| now - *at < floor);
        }
        let key = (session, caller.clone());
        if let Some(retry_after) = asked
            .get(&key)
            .and_then(|at| (*at + floor - now).to_std().ok())
            .filter(|d| !d.is_zero())
        {
            return Err(Error::Exhausted {
                reason: Reason::PolledTooOften,
                message: "GetExport may be called once in 2 seconds; WatchExport tells every change at once".to_owned(),
                retry_after,
            });
        }
        asked.insert(key, now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_may_ask_once_in_two_seconds_for_each_session() {
        let polls = Polls::default();
        let start = chrono::DateTime::UNIX_EPOCH;
        let (one, two) = (SessionId::at(start), SessionId::at(start));
        let (ada, bob) = (UserId("ada".to_owned()), UserId("bob".to_owned()));
        let at = |millis| start + TimeDelta::milliseconds(millis);
        assert!(polls.admit(one, &ada, at(0)).is_ok());
        assert!(polls.admit(two, &ada, at(0)).is_ok());
        assert!(polls.admit(one, &bob, at(0)).is_ok());
        let refused = polls.admit(one, &ada, at(500));
        let Err(Error::Exhausted { retry_after, .. }) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(retry_after, Duration::from_millis(1500));
        // A refused call does not move the floor.
        assert!(polls.admit(one, &ada, at(1999)).is_err());
        assert!(polls.admit(one, &ada, at(2000)).is_ok());
    }
}
