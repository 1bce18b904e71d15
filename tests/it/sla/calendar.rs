//! Due times by hand: hours, weekends, holidays and changes of clocks.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc, Weekday};
use docket::domain::{
    sla::{BusinessCalendar, Hours, PieceKind, SlaPolicy, SlaTarget},
    ticket::TicketPriority,
};
use rstest::rstest;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// P1: so many hours to both, on weekdays in Berlin, from `begin` to `end` o'clock, but for Whit Monday.
fn berlin(hours: u32, begin: u32, end: u32) -> SlaPolicy {
    let days = "Mon Tue Wed Thu Fri".split(' ');
    let days: Vec<Weekday> = days.map(|day| day.parse().unwrap()).collect();
    let holidays = [NaiveDate::from_ymd_opt(2026, 5, 25).unwrap()].into();
    let calendar = BusinessCalendar::new(
        chrono_tz::Europe::Berlin,
        days,
        vec![Hours::new(begin * 60, end * 60).unwrap()],
        holidays,
    );
    let target = SlaTarget {
        response_hours: hours,
        resolution_hours: hours,
    };
    SlaPolicy::new([target; 4]).with_calendar(Some(calendar.unwrap()))
}

#[rstest]
// Within a day; 09:00 in Berlin is 07:00 UTC in summer.
#[case(3, "2026-06-10T07:00:00Z", "2026-06-10T10:00:00Z")]
// Exactly to the end of the day, not to the morning after.
#[case(8, "2026-06-10T07:00:00Z", "2026-06-10T15:00:00Z")]
// Before the hours, after them, and with seconds.
#[case(1, "2026-06-10T03:00:00Z", "2026-06-10T08:00:00Z")]
#[case(1, "2026-06-10T20:00:00Z", "2026-06-11T08:00:00Z")]
#[case(8, "2026-06-10T14:59:59.5Z", "2026-06-11T14:59:59.5Z")]
// Over a weekend and over a holiday.
#[case(2, "2026-06-12T14:00:00Z", "2026-06-15T08:00:00Z")]
#[case(2, "2026-05-22T14:00:00Z", "2026-05-26T08:00:00Z")]
// Over the change to winter time: 09:00 is 08:00 UTC from then on.
#[case(9, "2026-10-23T07:00:00Z", "2026-10-26T09:00:00Z")]
fn a_due_time_counts_business_hours_alone(
    #[case] hours: u32,
    #[case] created: &str,
    #[case] due: &str,
) {
    let state = berlin(hours, 9, 17).begin(TicketPriority::P1, at(created));
    assert_eq!(state.response.due, at(due));
    assert_eq!(state.resolution.due, at(due));
}

#[test]
fn an_hour_that_the_clock_shows_twice_counts_twice_and_one_left_out_not_at_all() {
    let every_day: Vec<Weekday> = (0..7).map(|day| Weekday::try_from(day).unwrap()).collect();
    let night = |created: &str| {
        let calendar = BusinessCalendar::new(
            chrono_tz::Europe::Berlin,
            every_day.clone(),
            vec![Hours::new(60, 4 * 60).unwrap()],
            [].into(),
        );
        let target = SlaTarget {
            response_hours: 3,
            resolution_hours: 3,
        };
        let policy = SlaPolicy::new([target; 4]).with_calendar(Some(calendar.unwrap()));
        policy.begin(TicketPriority::P1, at(created)).response.due
    };
    // An ordinary night: 01:00 to 04:00 is three hours.
    assert_eq!(night("2026-06-10T20:00:00Z"), at("2026-06-11T02:00:00Z"));
    // 25 October has 02:00 to 03:00 twice: 01:00 is 23:00 UTC, and three hours later it is 03:00.
    assert_eq!(night("2026-10-24T20:00:00Z"), at("2026-10-25T02:00:00Z"));
    // 29 March has no 02:00 to 03:00: two hours that night, one in the next.
    assert_eq!(night("2026-03-28T20:00:00Z"), at("2026-03-30T00:00:00Z"));
}

#[test]
fn an_explanation_names_nights_weekends_and_holidays() {
    let policy = berlin(10, 9, 17);
    let created = at("2026-05-22T07:00:00Z");
    let state = policy.begin(TicketPriority::P1, created);
    let told: Vec<_> = policy.explain(&state, &[]);
    let kinds: Vec<_> = told.iter().map(|piece| piece.kind).collect();
    use PieceKind::{Closed, Counted, Holiday};
    assert_eq!(kinds, [Counted, Closed, Holiday, Closed, Counted]);
    // Friday evening to Sunday's end in Berlin is one piece.
    assert_eq!(told[1].to.unwrap() - told[1].from, TimeDelta::hours(7 + 48));
    assert_eq!(told[4].to, Some(state.resolution.due));
}

#[test]
fn hours_that_make_no_calendar_are_refused() {
    assert!(Hours::new(60, 60).is_err());
    assert!(Hours::new(0, 24 * 60 + 1).is_err());
    let hours = |begin, end| Hours::new(begin, end).unwrap();
    let calendar = |days: &[Weekday], hours: &[Hours]| {
        let zone = chrono_tz::UTC;
        BusinessCalendar::new(zone, days.to_vec(), hours.to_vec(), [].into())
    };
    assert!(calendar(&[], &[hours(0, 60)]).is_err());
    assert!(calendar(&[Weekday::Mon], &[]).is_err());
    assert!(calendar(&[Weekday::Mon], &[hours(0, 61), hours(60, 120)]).is_err());
    let fine = calendar(&[Weekday::Mon], &[hours(60, 120), hours(0, 60)]).unwrap();
    assert_eq!(fine.week(), TimeDelta::hours(2));
}
