//! How due times came about, on the wire.

use chrono::TimeDelta;

use super::{
    enums::Wire as _,
    time::{span, timestamp},
};
use crate::{
    app::sla_explain::SlaExplanation,
    domain::sla::{Piece, PieceKind, Promise},
    proto::v1,
};

/// The answer of ExplainSla.
pub(in crate::api) fn explanation(told: SlaExplanation) -> v1::ExplainSlaResponse {
    let targets = told.targets.into_iter();
    let targets = targets.map(|(priority, target, since)| v1::SlaTarget {
        priority: priority.number(),
        response: Some(length(target.span(Promise::Response))),
        resolution: Some(length(target.span(Promise::Resolution))),
        effective_time: Some(timestamp(since)),
    });
    v1::ExplainSlaResponse {
        targets: targets.collect(),
        segments: told.pieces.into_iter().map(segment).collect(),
        response_due_time: Some(timestamp(told.response_due)),
        resolution_due_time: Some(timestamp(told.resolution_due)),
    }
}

fn segment(piece: Piece) -> v1::SlaSegment {
    v1::SlaSegment {
        from: Some(timestamp(piece.from)),
        to: piece.to.map(timestamp),
        counted: piece.kind == PieceKind::Counted,
        reason: piece.kind.reason().to_owned(),
    }
}

/// A span of the domain is never negative.
fn length(delta: TimeDelta) -> prost_types::Duration {
    span(delta.to_std().unwrap_or_default())
}
