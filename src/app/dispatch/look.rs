//! Looking for what an earlier send may have made, before anything is sent again.

use std::time::Duration;

use super::{
    attempt::{Attempt, Halt},
    load::Scene,
};
use crate::{
    connectors::outcome::{External, Failure, Sought, is_of_gateway},
    domain::time::Time,
};

/// Waits before each look after a failure that the platform answered with: it is done with the request.
const AFTER_FAILURE: &[Duration] = &[
    Duration::ZERO,
    Duration::from_secs(1),
    Duration::from_secs(3),
];
/// Waits before each look when the platform may still be at work: 30 s in all.
const AFTER_SILENCE: &[Duration] = &[
    Duration::ZERO,
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(15),
];
/// One look, where the send is long past.
pub(super) const ONCE: &[Duration] = &[Duration::ZERO];

/// What all looks showed.
pub(super) enum Seek {
    Found(External),
    /// As every look showed, up to the last one.
    Absent,
    Unknown(Failure),
    /// The platform cannot be asked.
    Never(String),
}

impl Attempt {
    /// Looks again and again within a bounded time, at what may have been made by now.
    pub(super) async fn seek(&self, scene: &Scene, waits: &[Duration]) -> Result<Seek, Halt> {
        let aim = self.row.aim.clone().unwrap_or_default();
        let mut seen = Seek::Absent;
        for (at, wait) in waits.iter().enumerate() {
            self.wait(*wait).await?;
            seen = match scene.connector.look(&scene.parcel, &aim).await {
                Sought::Found(external) => return Ok(Seek::Found(external)),
                Sought::CannotAsk(why) => return Ok(Seek::Never(why)),
                Sought::Absent => Seek::Absent,
                Sought::NotYetKnown(failure) if is_to_wait(&failure, waits.get(at + 1)) => {
                    return Ok(Seek::Unknown(failure));
                }
                Sought::NotYetKnown(failure) => Seek::Unknown(failure),
            };
        }
        Ok(seen)
    }

    /// The waits for what was sent then, if it is known when: a platform may still be at work on what was given up on. `more`: for how long
    /// it may take beside a call's own time.
    pub(super) fn waits_since(&self, sent: Option<Time>, more: Duration) -> &'static [Duration] {
        let past = sent.and_then(|sent| (self.app.clock.now() - sent).to_std().ok());
        let long = 2 * self.app.http.timeout() + more;
        match past {
            Some(past) if past > long => ONCE,
            _ => AFTER_SILENCE,
        }
    }
}

/// Whether the platform asks for more time than there is before the next look.
pub(super) fn is_to_wait(failure: &Failure, next: Option<&Duration>) -> bool {
    failure.retry_after.as_ref() > next
}

/// The waits for a send that has just failed like this.
pub(super) fn waits_for(failure: &Failure) -> &'static [Duration] {
    match failure.http_status {
        Some(status) if !is_of_gateway(status) => AFTER_FAILURE,
        _ => AFTER_SILENCE,
    }
}
