//! When work is done: every hour of the week, or an organisation's own hours in its own time zone.

use std::collections::BTreeSet;

use chrono::{
    DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Offset as _, TimeDelta,
    TimeZone as _, Weekday,
};
use chrono_tz::Tz;

use crate::{domain::time::Time, error::Broken};

/// The seconds of a day that has no change of clocks.
const DAY: u32 = 86_400;

/// Working hours: an instant counts when its wall-clock time in the zone is within them, on a working day that is no holiday. So an
/// hour that the clock shows twice in autumn counts twice, and one that it leaves out in spring not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusinessCalendar {
    zone: Tz,
    days: Vec<Weekday>,
    hours: Vec<Hours>,
    holidays: BTreeSet<NaiveDate>,
}

/// A span of a day's wall-clock time, in seconds since midnight: begin inclusive, end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hours {
    begin: u32,
    end: u32,
}

/// What an instant is to a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Work is done.
    Open,
    /// Outside the hours, or not a working day.
    Closed,
    /// A holiday.
    Holiday,
}

impl Hours {
    /// The span from `begin` to `end`, in minutes since midnight; 1,440 is the day's end.
    pub fn new(begin: u32, end: u32) -> Result<Self, Broken> {
        if begin >= end || end > DAY / 60 {
            return Err(Broken::new("must begin before it ends, within one day"));
        }
        Ok(Self {
            begin: begin * 60,
            end: end * 60,
        })
    }
}

impl BusinessCalendar {
    /// A calendar with at least one working day and one span of hours, which do not overlap.
    pub fn new(
        zone: Tz,
        days: Vec<Weekday>,
        mut hours: Vec<Hours>,
        holidays: BTreeSet<NaiveDate>,
    ) -> Result<Self, Broken> {
        hours.sort_unstable();
        if days.is_empty() || hours.is_empty() {
            return Err(Broken::new("must have a working day and hours"));
        }
        if hours.windows(2).any(|pair| pair[0].end > pair[1].begin) {
            return Err(Broken::new("must not overlap"));
        }
        Ok(Self {
            zone,
            days,
            hours,
            holidays,
        })
    }

    /// How much work is done in a week without holidays and changes of clocks.
    pub fn week(&self) -> TimeDelta {
        let day: u32 = self.hours.iter().map(|span| span.end - span.begin).sum();
        let days: BTreeSet<u32> = self
            .days
            .iter()
            .map(|day| day.num_days_from_monday())
            .collect();
        TimeDelta::seconds(days.iter().map(|_| i64::from(day)).sum())
    }

    /// What `at` is, and until when at least that stays so: up to `cap` at most.
    pub(super) fn piece(&self, at: Time, cap: Time) -> (Time, Kind) {
        let offset = self.offset(at);
        let local = at.naive_utc() + offset;
        let (edge, kind) = self.of_day(local);
        let end = (edge - offset).and_utc().min(cap);
        (self.until_clocks_change(at, end), kind)
    }

    /// What a wall-clock time is, and the next one on the same day at which that may change.
    fn of_day(&self, local: NaiveDateTime) -> (NaiveDateTime, Kind) {
        let midnight = local.date().and_time(NaiveTime::MIN);
        let after = |seconds: u32| midnight + TimeDelta::seconds(seconds.into());
        let kind = match self.holidays.contains(&local.date()) {
            true => Kind::Holiday,
            false => Kind::Closed,
        };
        if kind == Kind::Holiday || !self.days.contains(&local.weekday()) {
            return (after(DAY), kind);
        }
        match self.hours.iter().find(|span| local < after(span.end)) {
            Some(span) if local >= after(span.begin) => (after(span.end), Kind::Open),
            Some(span) => (after(span.begin), Kind::Closed),
            None => (after(DAY), Kind::Closed),
        }
    }

    /// `end`, or the first instant before it at which the zone's clocks are changed.
    fn until_clocks_change(&self, at: Time, end: Time) -> Time {
        let offset = self.offset(at);
        let same = |seconds: i64| {
            DateTime::from_timestamp(seconds, 0).is_none_or(|time| self.offset(time) == offset)
        };
        let last = end - TimeDelta::microseconds(1);
        // Clocks are changed at whole seconds.
        let (mut before, mut after) = (at.timestamp(), last.timestamp());
        if last <= at || same(after) {
            return end;
        }
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            if same(middle) {
                before = middle;
            } else {
                after = middle;
            }
        }
        DateTime::from_timestamp(after, 0).unwrap_or(end)
    }

    fn offset(&self, at: Time) -> TimeDelta {
        let offset = self.zone.offset_from_utc_datetime(&at.naive_utc()).fix();
        TimeDelta::seconds(offset.local_minus_utc().into())
    }
}
