//! Time as an SLA sees it: pieces that count as a whole or not at all, and from them due times.

use chrono::TimeDelta;

use super::calendar::{BusinessCalendar, Kind};
use crate::domain::time::Time;

/// How far ahead a due time is looked for. No target of good settings is that far away.
const HORIZON: TimeDelta = TimeDelta::days(100 * 366);

/// A stay in PENDING_INFO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// When it began.
    pub from: Time,
    /// When it ended; `None` while it goes on.
    pub to: Option<Time>,
}

/// Why a piece of time counts or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// The clock runs.
    Counted,
    /// The ticket waits in PENDING_INFO.
    Paused,
    /// Nobody works.
    Closed,
    /// It is a holiday.
    Holiday,
}

/// A span of time that counts as a whole or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Begin, inclusive.
    pub from: Time,
    /// End, exclusive; `None`: a pause that goes on.
    pub to: Option<Time>,
    /// Whether it counts, and why.
    pub kind: PieceKind,
}

impl PieceKind {
    /// For a person.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Counted => "the clock runs",
            Self::Paused => "waiting for information",
            Self::Closed => "outside business hours",
            Self::Holiday => "holiday",
        }
    }
}

/// Pieces from `at` on, without gap or overlap, each as long as it is the same for the calendar and the pauses alike.
pub(super) struct Timeline<'a> {
    /// `None`: every hour is worked.
    calendar: Option<&'a BusinessCalendar>,
    /// In their order; one that goes on is the last.
    pauses: &'a [Pause],
    at: Option<Time>,
    end: Time,
}

impl<'a> Timeline<'a> {
    /// From `from` up to `end`; a pause that goes on is a last piece without an end.
    pub(super) fn between(
        calendar: Option<&'a BusinessCalendar>,
        pauses: &'a [Pause],
        from: Time,
        end: Time,
    ) -> Self {
        Self {
            calendar,
            pauses,
            at: Some(from),
            end,
        }
    }

    /// From `from` on.
    pub(super) fn after(
        calendar: Option<&'a BusinessCalendar>,
        pauses: &'a [Pause],
        from: Time,
    ) -> Self {
        Self::between(calendar, pauses, from, from + HORIZON)
    }

    /// The first instant by which `span` has been counted.
    pub(super) fn due(self, span: TimeDelta) -> Time {
        let mut left = span;
        let horizon = self.end;
        for piece in self.filter(|piece| piece.kind == PieceKind::Counted) {
            let to = piece.to.unwrap_or(horizon);
            if to - piece.from >= left {
                return piece.from + left;
            }
            left -= to - piece.from;
        }
        horizon
    }

    /// How much is counted in all.
    pub(super) fn counted(self) -> TimeDelta {
        let end = self.end;
        let counted = self.filter(|piece| piece.kind == PieceKind::Counted);
        counted.fold(TimeDelta::zero(), |sum, piece| {
            sum + (piece.to.unwrap_or(end) - piece.from)
        })
    }

    /// The pieces with neighbours of one kind made one.
    pub(super) fn merged(self) -> Vec<Piece> {
        let mut merged: Vec<Piece> = Vec::new();
        for piece in self {
            match merged.last_mut() {
                Some(last) if last.kind == piece.kind => last.to = piece.to,
                _ => merged.push(piece),
            }
        }
        merged
    }
}

impl Iterator for Timeline<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let from = self.at.filter(|at| *at < self.end)?;
        let past = |pause: &Pause| pause.to.is_some_and(|to| to <= from);
        let pause = self.pauses.iter().find(|pause| !past(pause));
        let (to, kind) = match pause {
            Some(pause) if pause.from <= from => {
                (pause.to.map(|to| to.min(self.end)), PieceKind::Paused)
            }
            _ => {
                let cap = pause.map_or(self.end, |pause| pause.from.min(self.end));
                let (to, kind) = worked(self.calendar, from, cap);
                (Some(to), kind)
            }
        };
        self.at = to;
        Some(Piece { from, to, kind })
    }
}

fn worked(calendar: Option<&BusinessCalendar>, from: Time, cap: Time) -> (Time, PieceKind) {
    let Some(calendar) = calendar else {
        return (cap, PieceKind::Counted);
    };
    let (to, kind) = calendar.piece(from, cap);
    let kind = match kind {
        Kind::Open => PieceKind::Counted,
        Kind::Closed => PieceKind::Closed,
        Kind::Holiday => PieceKind::Holiday,
    };
    (to, kind)
}
