//! The settings of service levels: targets, warnings, and the hours that count.

use std::collections::BTreeSet;

use chrono::{NaiveDate, Weekday};
use chrono_tz::Tz;

use super::{parse::list, read::Reader};
use crate::domain::{
    sla::{BusinessCalendar, Hours, Promise, SlaPolicy, SlaTarget},
    ticket::TicketPriority::{P1, P2, P3, P4},
};

/// Names of the response and the resolution setting, by priority.
const TARGETS: [[&str; 2]; 4] = [
    ["SLA_P1_RESPONSE_HOURS", "SLA_P1_RESOLUTION_HOURS"],
    ["SLA_P2_RESPONSE_HOURS", "SLA_P2_RESOLUTION_HOURS"],
    ["SLA_P3_RESPONSE_HOURS", "SLA_P3_RESOLUTION_HOURS"],
    ["SLA_P4_RESPONSE_HOURS", "SLA_P4_RESOLUTION_HOURS"],
];

/// Turns the calendar on.
const HOURS: &str = "SLA_BUSINESS_HOURS";

/// What the calendar has besides its hours.
const DETAILS: [&str; 3] = ["SLA_BUSINESS_DAYS", "SLA_HOLIDAYS", "SLA_TIME_ZONE"];

/// The most weeks that a target may take in business hours: 20 years.
const MOST_WEEKS: i64 = 20 * 52;

impl Reader<'_> {
    pub(super) fn sla(&mut self) -> SlaPolicy {
        let defaults = SlaPolicy::default();
        let mut targets = [P1, P2, P3, P4].map(|priority| defaults.target(priority));
        for (target, [response, resolution]) in targets.iter_mut().zip(TARGETS) {
            *target = SlaTarget {
                response_hours: self.number(response, target.response_hours, 1..=87_600),
                resolution_hours: self.number(resolution, target.resolution_hours, 1..=87_600),
            };
            if target.response_hours > target.resolution_hours {
                self.fault(response, format!("must not be greater than {resolution}"));
            }
        }
        let percent = SlaPolicy::DEFAULT_WARNING_PERCENT;
        let percent = self.number("SLA_WARNING_PERCENT", percent, 0..=99);
        SlaPolicy::new(targets)
            .with_warning_percent(percent)
            .with_calendar(self.calendar(&targets))
    }

    fn calendar(&mut self, targets: &[SlaTarget]) -> Option<BusinessCalendar> {
        let hours = self.read(HOURS, Vec::new(), hours);
        let days = self.read(
            "SLA_BUSINESS_DAYS",
            days("MON-FRI").unwrap_or_default(),
            days,
        );
        let zone = self.read("SLA_TIME_ZONE", Tz::UTC, zone);
        let holidays = self.read("SLA_HOLIDAYS", BTreeSet::new(), dates);
        if !self.is_set(HOURS) {
            for setting in DETAILS {
                if self.is_set(setting) {
                    self.fault(setting, format!("has no effect without {HOURS}"));
                }
            }
            return None;
        }
        // Hours that are none have been reported already.
        if hours.is_empty() {
            return None;
        }
        let calendar = BusinessCalendar::new(zone, days, hours, holidays);
        let calendar = calendar
            .map_err(|broken| self.fault(HOURS, broken.rule))
            .ok()?;
        let longest = targets
            .iter()
            .map(|target| target.span(Promise::Resolution));
        let week = calendar.week().num_minutes();
        if longest
            .max()
            .is_some_and(|span| span.num_minutes() > week * MOST_WEEKS)
        {
            self.fault(
                HOURS,
                "a target would take more than 20 years of these hours",
            );
        }
        Some(calendar)
    }
}

/// `09:00-12:00,13:00-17:30`.
fn hours(text: &str) -> Result<Vec<Hours>, String> {
    let spans: Vec<Hours> = list(text)
        .map(|item| {
            let span = item.split_once('-').and_then(|(begin, end)| {
                Hours::new(minute(begin.trim())?, minute(end.trim())?).ok()
            });
            span.ok_or_else(|| format!("{item:?} are no hours of a day such as 09:00-17:30"))
        })
        .collect::<Result<_, _>>()?;
    match spans.is_empty() {
        true => Err("must have hours such as 09:00-17:30".to_owned()),
        false => Ok(spans),
    }
}

/// The minutes since midnight at `17:30`; `24:00` is the day's end.
fn minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |text: &str| {
        let two = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        two.then(|| text.parse::<u32>().ok()).flatten()
    };
    let (hour, minute) = (digits(hour)?, digits(minute)?);
    (minute < 60).then_some(hour * 60 + minute)
}

/// `MON-FRI`, or a list such as `SUN-WED,FRI`.
fn days(text: &str) -> Result<Vec<Weekday>, String> {
    let mut days = Vec::new();
    for item in list(text) {
        let named = match item.split_once('-') {
            Some((first, last)) => day(first.trim()).zip(day(last.trim())),
            None => day(item).map(|day| (day, day)),
        };
        let (first, last) =
            named.ok_or_else(|| format!("{item:?} are no weekdays such as MON-FRI or SAT"))?;
        let mut next = first;
        days.push(next);
        while next != last {
            next = next.succ();
            days.push(next);
        }
    }
    match days.is_empty() {
        true => Err("must name a weekday such as MON".to_owned()),
        false => Ok(days),
    }
}

fn day(text: &str) -> Option<Weekday> {
    let short = text.len() == 3;
    text.parse().ok().filter(|_| short)
}

fn zone(text: &str) -> Result<Tz, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is no IANA time zone such as Europe/Berlin"))
}

fn dates(text: &str) -> Result<BTreeSet<NaiveDate>, String> {
    list(text)
        .map(|item| {
            let date = NaiveDate::parse_from_str(item, "%Y-%m-%d");
            date.map_err(|_| format!("{item:?} is no date such as 2026-12-25"))
        })
        .collect()
}
