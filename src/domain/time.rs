//! Instants: UTC, cut to microseconds so that a value read back equals the value written.

use chrono::{DateTime, DurationRound as _, SecondsFormat, TimeDelta, Utc};

/// An instant in UTC.
pub type Time = DateTime<Utc>;

/// The instant without what PostgreSQL could not keep: nanoseconds.
pub fn cut(time: Time) -> Time {
    time.duration_trunc(TimeDelta::microseconds(1))
        .unwrap_or(time)
}

/// The instant's text form: RFC 3339 in UTC, such as `2026-06-10T07:00:00Z`.
pub fn text(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
