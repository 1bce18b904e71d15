//! The places between the steps of the export protocol.

pub(super) use crate::app::step::step;
