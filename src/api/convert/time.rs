//! Instants and spans. What the contract's types can say beyond docket's own range is refused.

use std::time::Duration;

use chrono::DateTime;
use prost_types::Timestamp;

use crate::{
    domain::time::{Time, cut},
    error::Broken,
};

/// The seconds of a `Timestamp`: 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z, as its documentation says.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
/// The nanoseconds of a second.
const NANOS: std::ops::RangeInclusive<i32> = 0..=999_999_999;

/// The instant on the wire.
pub(in crate::api) fn timestamp(time: Time) -> Timestamp {
    Timestamp {
        seconds: time.timestamp(),
        nanos: i32::try_from(time.timestamp_subsec_nanos()).unwrap_or_default(),
    }
}

/// The instant that a request names, cut to microseconds.
pub(in crate::api) fn instant(time: Timestamp) -> Result<Time, Broken> {
    let nanos = u32::try_from(time.nanos).ok();
    let known = SECONDS.contains(&time.seconds) && NANOS.contains(&time.nanos);
    nanos
        .filter(|_| known)
        .and_then(|nanos| DateTime::from_timestamp(time.seconds, nanos))
        .map(cut)
        .ok_or_else(|| {
            Broken::new("must be between the years 1 and 9999, with 0 to 999999999 nanos")
        })
}

/// The span on the wire; one that is too long for it, 10,000 years, is cut.
pub(in crate::api) fn span(duration: Duration) -> prost_types::Duration {
    /// The most seconds of a `Duration`, as its documentation says.
    const MAX: i64 = 315_576_000_000;
    match i64::try_from(duration.as_secs()) {
        Ok(seconds) if seconds < MAX => prost_types::Duration {
            seconds,
            nanos: i32::try_from(duration.subsec_nanos()).unwrap_or_default(),
        },
        _ => prost_types::Duration {
            seconds: MAX,
            nanos: 0,
        },
    }
}

/// The span that a request names.
pub(in crate::api) fn duration(span: prost_types::Duration) -> Result<Duration, Broken> {
    match (u64::try_from(span.seconds), u32::try_from(span.nanos)) {
        (Ok(seconds), Ok(nanos)) if NANOS.contains(&span.nanos) => {
            Ok(Duration::new(seconds, nanos))
        }
        _ => Err(Broken::new(
            "must not be negative, with 0 to 999999999 nanos",
        )),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn an_instant_survives_the_way_there_and_back() {
        for (seconds, nanos) in [
            (0, 0),
            (-1, 999_999_000),
            (1_700_000_000, 123_456_000),
            (*SECONDS.start(), 0),
            (*SECONDS.end(), 999_999_000),
        ] {
            let wire = Timestamp { seconds, nanos };
            assert_eq!(timestamp(instant(wire).unwrap()), wire);
        }
    }

    #[test]
    fn what_is_no_timestamp_is_refused() {
        for (seconds, nanos) in [
            (0, -1),
            (0, 1_000_000_000),
            (*SECONDS.start() - 1, 0),
            (*SECONDS.end() + 1, 0),
            (i64::MIN, i32::MIN),
            (i64::MAX, i32::MAX),
        ] {
            assert!(
                instant(Timestamp { seconds, nanos }).is_err(),
                "{seconds}.{nanos}"
            );
        }
    }

    #[test]
    fn a_span_is_neither_negative_nor_odd() {
        let read = |seconds, nanos| duration(prost_types::Duration { seconds, nanos });
        assert_eq!(read(1, 500_000_000).unwrap(), Duration::from_millis(1500));
        for (seconds, nanos) in [(-1, 0), (0, -1), (0, 1_000_000_000), (i64::MIN, 0)] {
            assert!(read(seconds, nanos).is_err(), "{seconds}.{nanos}");
        }
        assert_eq!(span(Duration::MAX).seconds, 315_576_000_000);
        assert_eq!(
            duration(span(Duration::from_millis(7))).unwrap(),
            Duration::from_millis(7)
        );
    }
}
