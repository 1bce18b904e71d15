//! Handing a ticket to an outside system: by what its copy there is known, what asked for an attempt, what came of it, when the next is due.

use std::{fmt, time::Duration};

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};

use super::{
    ids::{DispatchId, IntegrationId, TicketId},
    text_enum,
};

/// By what the copy of a ticket on one integration is known: the same for every attempt, so that there is never a second one.
/// Lower-case hexadecimal digits and a hyphen.
#[derive(Clone, Debug, PartialEq, Eq, Hash, DeriveValueType, Serialize, Deserialize)]
pub struct DispatchKey(String);

impl DispatchKey {
    /// The key of this ticket on this integration.
    pub fn of(ticket: TicketId, integration: IntegrationId) -> Self {
        Self(format!(
            "{}-{}",
            ticket.0.as_simple(),
            integration.0.as_simple()
        ))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DispatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_enum! {
    /// What caused an attempt.
    DispatchTrigger {
        /// The ticket was created with an integration.
        Create,
        /// Somebody asked for it.
        Request,
        /// An attempt before it came to nothing, or nobody knows.
        Retry,
        /// An attempt before it was cut short by a crash.
        Recovery,
    }
}

text_enum! {
    /// What came of an attempt.
    DispatchOutcome {
        /// The copy exists and its key is known.
        Created,
        /// The platform refuses the ticket; it is not tried again by itself.
        Rejected,
        /// Nothing was made.
        RetryLater,
        /// Nobody knows.
        Uncertain,
    }
}

/// The waits before docket tries again by itself: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h.
const WAITS: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(5 * 3600),
    Duration::from_secs(10 * 3600),
    Duration::from_secs(10 * 3600),
];
/// By how much a wait may be longer than it says, in thousandths: tickets that failed together do not come back together.
const JITTER: u64 = 200;

/// How long to wait after the attempt `id`, which came after so many others that docket made by itself; `None`: docket gives up. `asked`
/// is the wait that the platform asks for, which is never cut short.
pub fn next_wait(id: DispatchId, retries: i32, asked: Option<Duration>) -> Option<Duration> {
    let wait = WAITS.get(usize::try_from(retries).ok()?)?;
    let (_, random) = id.0.as_u64_pair();
    let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX) / 1000 * (random % JITTER);
    let wait = *wait + Duration::from_millis(millis);
    Some(wait.max(asked.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_both_and_has_nothing_that_a_comment_could_end_with() {
        let now = chrono::DateTime::UNIX_EPOCH;
        let (ticket, integration) = (TicketId::at(now), IntegrationId::at(now));
        let key = DispatchKey::of(ticket, integration);
        assert_eq!(key, DispatchKey::of(ticket, integration));
        assert_ne!(key, DispatchKey::of(TicketId::at(now), integration));
        assert_ne!(key, DispatchKey::of(ticket, IntegrationId::at(now)));
        assert!(!key.as_str().contains("--") && key.as_str().len() == 65);
    }

    #[test]
    fn waits_grow_are_never_shorter_than_they_say_and_end() {
        let id = DispatchId::at(chrono::DateTime::UNIX_EPOCH);
        for (retries, least) in (0..).zip(WAITS) {
            let wait = next_wait(id, retries, None).unwrap();
            assert!(wait >= least && wait <= least * 6 / 5, "{wait:?}");
        }
        assert_eq!(next_wait(id, 7, None), None);
        assert_eq!(next_wait(id, -1, None), None);
    }

    #[test]
    fn a_platform_may_ask_for_more_and_not_for_less() {
        let id = DispatchId::at(chrono::DateTime::UNIX_EPOCH);
        let asked = |seconds| next_wait(id, 0, Some(Duration::from_secs(seconds))).unwrap();
        assert_eq!(asked(3600), Duration::from_secs(3600));
        assert!(asked(1) >= WAITS[0]);
    }
}
