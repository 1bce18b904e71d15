//! Instants: UTC, cut to microseconds so that a value read back equals the value written.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

/// An instant in UTC.
pub type Time = DateTime<Utc>;

/// The instant without what PostgreSQL could not keep: nanoseconds.
pub fn cut(time: Time) -> Time {
    time.duration_trunc(TimeDelta::microseconds(1))
        .unwrap_or(time)
}
