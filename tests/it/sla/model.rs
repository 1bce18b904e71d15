//! The clock of a ticket against a model that asks minute by minute whether time counts.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeDelta, Timelike as _, Utc, Weekday};
use chrono_tz::Tz;
use docket::domain::{
    sla::{
        BusinessCalendar, Hours, Pause, PieceKind, Promise, SlaClock, SlaEvent, SlaPolicy,
        SlaTarget,
    },
    ticket::{TicketPriority, TicketStatus},
};
use proptest::{prelude::*, sample::select};
use strum::IntoEnumIterator as _;

type Time = DateTime<Utc>;

const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
];

/// Days shortly before some zone changes its clocks.
const SEASONS: [&str; 5] = [
    "2026-03-25",
    "2026-10-22",
    "2027-03-10",
    "2027-04-01",
    "2026-11-01",
];

/// Working hours as the test knows them: minutes of the day, both ends as in the settings.
#[derive(Clone, Debug)]
struct Office {
    zone: Tz,
    days: Vec<Weekday>,
    hours: Vec<(u32, u32)>,
    holidays: BTreeSet<NaiveDate>,
}

impl Office {
    fn works(&self, at: Time) -> bool {
        let local = at.with_timezone(&self.zone);
        let minute = local.hour() * 60 + local.minute();
        let within = |&(begin, end): &(u32, u32)| begin <= minute && minute < end;
        self.days.contains(&local.weekday())
            && !self.holidays.contains(&local.date_naive())
            && self.hours.iter().any(within)
    }

    fn calendar(&self) -> BusinessCalendar {
        let hours = self.hours.iter();
        let hours = hours.map(|&(begin, end)| Hours::new(begin, end).unwrap());
        let (days, holidays) = (self.days.clone(), self.holidays.clone());
        BusinessCalendar::new(self.zone, days, hours.collect(), holidays).unwrap()
    }
}

/// What happens to the ticket, each so many minutes after the one before.
#[derive(Clone, Copy, Debug)]
enum Deed {
    /// Into PENDING_INFO or out of it, by the creator or another.
    Turn {
        by_creator: bool,
    },
    /// To RESOLVED or, where it is there, to REOPENED, by the creator or another.
    End {
        by_creator: bool,
    },
    /// Another person comments.
    Answer,
    Priority(TicketPriority),
    Sweep,
}

/// The ticket as the model knows it: nothing but what happened.
struct Model {
    office: Option<Office>,
    targets: [SlaTarget; 4],
    percent: i64,
    created: Time,
    priority: TicketPriority,
    pauses: Vec<Pause>,
    answered: Option<Time>,
    ended: Option<Time>,
    breached: [bool; 2],
}

impl Model {
    /// Minute by minute: does it count, and is it enough now?
    fn after(&self, promise: Promise, percent: i64) -> Time {
        let target = self.targets[self.priority as usize];
        let mut left = target.span(promise).num_minutes() * percent / 100;
        let mut at = self.created;
        while left > 0 {
            let works = self.office.as_ref().is_none_or(|office| office.works(at));
            if works
                && !self
                    .pauses
                    .iter()
                    .any(|pause| self.moves(promise, pause, at))
            {
                left -= 1;
            }
            at += TimeDelta::minutes(1);
        }
        at
    }

    /// Whether the promise stands still at this instant. A pause moves it once it has ended, and a response that came is not moved.
    fn moves(&self, promise: Promise, pause: &Pause, at: Time) -> bool {
        let late = promise == Promise::Response
            && self
                .answered
                .is_some_and(|answered| pause.to > Some(answered));
        !late && pause.to.is_some_and(|to| pause.from <= at && at < to)
    }

    /// What the clock shows at `time`: a pause's begin while it lasts.
    fn shown(&self, time: Time) -> Time {
        let within = |pause: &&Pause| pause.from <= time && pause.to.is_none_or(|to| time < to);
        let pause = self.pauses.iter().find(within);
        pause.map_or(time, |pause| pause.from)
    }

    fn judge(&mut self, now: Time) {
        for (index, promise) in Promise::iter().enumerate() {
            let reached = match promise {
                Promise::Response => self.answered.unwrap_or(now),
                Promise::Resolution => now,
            };
            // Nothing is late any more that was not when it ended.
            let reached = self.ended.map_or(reached, |ended| reached.min(ended));
            let late = self.shown(reached) > self.after(promise, 100);
            self.breached[index] |= late;
        }
    }

    fn paused(&self) -> Option<Time> {
        self.pauses
            .last()
            .filter(|pause| pause.to.is_none())
            .map(|pause| pause.from)
    }

    fn turn(&mut self, now: Time) -> TicketStatus {
        if self.paused().is_some() {
            self.pauses.last_mut().unwrap().to = Some(now);
            return TicketStatus::Open;
        }
        let pause = Pause {
            from: now,
            to: None,
        };
        self.pauses.push(pause);
        TicketStatus::PendingInfo
    }

    /// Does the same to both; the events that the real one told.
    fn apply(
        &mut self,
        policy: &SlaPolicy,
        state: &mut SlaClock,
        deed: Deed,
        now: Time,
    ) -> Vec<SlaEvent> {
        match deed {
            // There is no way from RESOLVED to PENDING_INFO.
            Deed::Turn { .. } if self.ended.is_some() => Vec::new(),
            Deed::Turn { by_creator } => {
                let status = self.turn(now);
                if !by_creator {
                    self.answered.get_or_insert(now);
                }
                self.judge(now);
                policy.status_changed(state, status, by_creator, now)
            }
            // Reopened after an answer that was needed no more: whether that counts as late nobody says.
            Deed::End { .. } if self.ended.is_some_and(|ended| self.answered > Some(ended)) => {
                Vec::new()
            }
            Deed::End { by_creator } => {
                if self.paused().is_some() {
                    self.turn(now);
                }
                let status = match self.ended.take() {
                    Some(_) => TicketStatus::Reopened,
                    None => {
                        self.ended = Some(now);
                        TicketStatus::Resolved
                    }
                };
                if !by_creator {
                    self.answered.get_or_insert(now);
                }
                self.judge(now);
                state.ended = self.ended;
                policy.status_changed(state, status, by_creator, now)
            }
            Deed::Answer => {
                self.answered.get_or_insert(now);
                self.judge(now);
                let mut events: Vec<_> = policy.responded(state, now).into_iter().collect();
                events.extend(policy.look(state, now));
                events
            }
            Deed::Priority(priority) => {
                self.priority = priority;
                self.judge(now);
                policy.priority_changed(state, priority, &self.pauses, now)
            }
            Deed::Sweep => {
                self.judge(now);
                policy.look(state, now)
            }
        }
    }

    fn agrees(&self, state: &SlaClock) {
        for (index, promise) in Promise::iter().enumerate() {
            let told = state.promise(promise);
            assert_eq!(told.due, self.after(promise, 100), "{promise}");
            assert_eq!(told.breached, self.breached[index], "{promise}");
            if let Some(warning) = told.warning {
                assert_eq!(warning, self.after(promise, self.percent), "{promise}");
            }
        }
        assert_eq!(state.first_response, self.answered);
        assert_eq!(state.paused_since, self.paused());
        let ended = self
            .pauses
            .iter()
            .filter_map(|pause| Some(pause.to? - pause.from));
        assert_eq!(state.paused, ended.sum());
    }

    /// The pieces tell of each minute what the model says of it, and those that count are the promise's time.
    fn explained(&self, policy: &SlaPolicy, state: &SlaClock) {
        let pieces = policy.explain(state, &self.pauses);
        assert_eq!(pieces[0].from, self.created);
        for pair in pieces.windows(2) {
            assert_eq!(pair[0].to, Some(pair[1].from));
            assert_ne!(pair[0].kind, pair[1].kind);
        }
        let end = state.response.due.max(state.resolution.due);
        assert!(pieces.last().unwrap().to.is_none_or(|to| to == end));
        for piece in &pieces {
            let mut at = piece.from;
            while at < piece.to.unwrap_or(piece.from) {
                let works = self.office.as_ref().is_none_or(|office| office.works(at));
                let waits = |pause: &Pause| pause.from <= at && pause.to.is_none_or(|to| at < to);
                let paused = self.pauses.iter().any(waits);
                assert_eq!(piece.kind == PieceKind::Paused, paused, "{at}");
                assert_eq!(piece.kind == PieceKind::Counted, works && !paused, "{at}");
                at += TimeDelta::minutes(1);
            }
        }
        if self.paused().is_none() {
            let counted = pieces
                .iter()
                .filter(|piece| piece.kind == PieceKind::Counted);
            let until = |to: Time| to.min(state.resolution.due);
            let spans =
                counted.map(|piece| (until(piece.to.unwrap()) - piece.from).max(TimeDelta::zero()));
            let target = self.targets[self.priority as usize];
            assert_eq!(spans.sum::<TimeDelta>(), target.span(Promise::Resolution));
        }
    }
}

fn office() -> impl Strategy<Value = Office> {
    let days = proptest::sample::subsequence((0..7_u8).collect::<Vec<_>>(), 2..=7);
    // Quarters of an hour; at least two hours a day.
    let hours = prop_oneof![
        (0..80_u32, 8..96_u32).prop_map(|(begin, length)| vec![(begin, (begin + length).min(96))]),
        (0..40_u32, 4..20_u32, 60..80_u32, 4..16_u32)
            .prop_map(|(a, b, c, d)| vec![(a, a + b), (c, c + d)]),
        Just(vec![(0, 96)]),
    ];
    let holidays = prop::collection::btree_set(0..90_u64, 0..6);
    (select(&ZONES[..]), days, hours, holidays, start()).prop_map(
        |(zone, days, hours, holidays, from)| Office {
            zone: zone.parse().unwrap(),
            days: days
                .into_iter()
                .map(|day| Weekday::try_from(day).unwrap())
                .collect(),
            hours: hours
                .into_iter()
                .map(|(begin, end)| (begin * 15, end * 15))
                .collect(),
            holidays: holidays
                .into_iter()
                .map(|day| from.date_naive() + Days::new(day))
                .collect(),
        },
    )
}

/// A minute of the week that follows.
fn start() -> impl Strategy<Value = Time> {
    (select(&SEASONS[..]), 0..7 * 24 * 60_i64).prop_map(|(day, minutes)| {
        let day: NaiveDate = day.parse().unwrap();
        day.and_hms_opt(0, 0, 0).unwrap().and_utc() + TimeDelta::minutes(minutes)
    })
}

fn targets() -> impl Strategy<Value = [SlaTarget; 4]> {
    let target = (1..6_u32, 0..24_u32).prop_map(|(response_hours, more)| SlaTarget {
        response_hours,
        resolution_hours: response_hours + more,
    });
    prop::array::uniform4(target)
}

fn priority() -> impl Strategy<Value = TicketPriority> {
    select(TicketPriority::iter().collect::<Vec<_>>())
}

fn deeds() -> impl Strategy<Value = Vec<(i64, Deed)>> {
    let deed = prop_oneof![
        4 => any::<bool>().prop_map(|by_creator| Deed::Turn { by_creator }),
        2 => any::<bool>().prop_map(|by_creator| Deed::End { by_creator }),
        1 => Just(Deed::Answer),
        3 => priority().prop_map(Deed::Priority),
        2 => Just(Deed::Sweep),
    ];
    let wait = prop_oneof![1..30_i64, 1..600_i64, 1..5000_i64];
    prop::collection::vec((wait, deed), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_clock_agrees_with_one_that_asks_minute_by_minute(
        office in prop::option::weighted(0.8, office()),
        targets in targets(),
        percent in select(&[25_i64, 50, 75, 80, 90][..]),
        created in start(),
        first in priority(),
        deeds in deeds(),
    ) {
        let calendar = office.as_ref().map(Office::calendar);
        let policy = SlaPolicy::new(targets)
            .with_calendar(calendar)
            .with_warning_percent(u8::try_from(percent).unwrap());
        let mut state = policy.begin(first, created);
        let mut model = Model {
            office, targets, percent, created, priority: first,
            pauses: Vec::new(), answered: None, ended: None, breached: [false; 2],
        };
        model.agrees(&state);
        let mut told = [0; 2];
        let mut now = created;
        for (minutes, deed) in deeds {
            now += TimeDelta::minutes(minutes);
            let before = state.clone();
            for event in model.apply(&policy, &mut state, deed, now) {
                match event {
                    SlaEvent::Breached { promise, .. } => told[promise as usize] += 1,
                    SlaEvent::DueChanged { promise, old, new } => {
                        assert_eq!(before.promise(promise).due, old);
                        assert_eq!(state.promise(promise).due, new);
                        assert_ne!(old, new);
                    }
                    SlaEvent::Warned { promise, due } => {
                        assert!(before.promise(promise).warning.unwrap() <= now && now <= due);
                        assert_eq!(state.promise(promise).warning, None);
                    }
                }
            }
            model.agrees(&state);
        }
        // Told exactly once where broken.
        assert_eq!(told.map(|times| times == 1), model.breached);
        model.explained(&policy, &state);
    }
}
