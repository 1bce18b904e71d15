//! The settings of the hours that count.

use chrono::{DateTime, Utc};
use docket::{config::Config, domain::ticket::TicketPriority};
use rstest::rstest;

fn given(settings: &[(&str, &str)]) -> Result<Config, Vec<&'static str>> {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let config = Config::from_map(|name| {
        let given = settings.iter().find(|(setting, _)| *setting == name);
        match name {
            "DATA_DIR" => Some(data.clone()),
            _ => given.map(|(_, value)| (*value).to_owned()),
        }
    });
    config.map_err(|error| error.0.iter().map(|fault| fault.setting).collect())
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[rstest]
// Every hour counts: P3 has 8 hours to the response and 48 to the resolution.
#[case(&[], "2026-06-12T22:00:00Z", "2026-06-14T14:00:00Z")]
// A Friday afternoon in Berlin; the hours begin at 07:00 UTC.
#[case(
    &[("SLA_BUSINESS_HOURS", "09:00-17:00"), ("SLA_TIME_ZONE", "Europe/Berlin")],
    "2026-06-15T14:00:00Z",
    "2026-06-22T14:00:00Z"
)]
// A break at noon, six days from Sunday to Friday, and the Monday off, in UTC by default.
#[case(
    &[
        ("SLA_BUSINESS_HOURS", "08:00-12:00, 13:00-17:00"),
        ("SLA_BUSINESS_DAYS", "sun-wed,THU-FRI"),
        ("SLA_HOLIDAYS", "2026-06-15, 2026-12-25"),
    ],
    "2026-06-14T14:00:00Z",
    "2026-06-21T14:00:00Z"
)]
fn the_hours_that_count_can_be_set(
    #[case] settings: &[(&str, &str)],
    #[case] response: &str,
    #[case] resolution: &str,
) {
    let config = given(settings).unwrap();
    let state = config
        .sla
        .begin(TicketPriority::P3, at("2026-06-12T14:00:00Z"));
    assert_eq!(state.response.due, at(response));
    assert_eq!(state.resolution.due, at(resolution));
}

#[test]
fn days_zone_and_holidays_mean_nothing_without_hours() {
    let faults = given(&[
        ("SLA_BUSINESS_DAYS", "MON"),
        ("SLA_TIME_ZONE", "UTC"),
        ("SLA_HOLIDAYS", "2026-12-25"),
    ]);
    let settings = ["SLA_BUSINESS_DAYS", "SLA_HOLIDAYS", "SLA_TIME_ZONE"];
    assert_eq!(faults.unwrap_err(), settings);
}

#[rstest]
#[case("09:00-17:00,16:00-18:00")]
#[case("17:00-09:00")]
#[case("00:00-24:01")]
#[case("09:60-17:00")]
#[case("+9:00-17:00")]
#[case(",")]
// P4 has 120 hours: of one minute a day, over 27 years.
#[case("09:00-09:01")]
fn hours_that_are_none_are_refused(#[case] hours: &str) {
    let faults = given(&[("SLA_BUSINESS_HOURS", hours)]).unwrap_err();
    assert_eq!(faults, ["SLA_BUSINESS_HOURS"]);
    assert!(given(&[("SLA_BUSINESS_HOURS", "00:00-24:00")]).is_ok());
}
