//! Something that stands in the way, told to the person who can do something about it.

use super::export::ErrorCategory;
use crate::error::Reason;

/// A finding of a check: what is wrong, for a program and for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// For a program.
    pub reason: Reason,
    /// Who can do something about it.
    pub category: ErrorCategory,
    /// What it is, for a person, without secrets.
    pub message: String,
    /// The field concerned; empty when it is none in particular.
    pub field: String,
    /// What to do, in one sentence; empty when there is nothing to do.
    pub recommended_action: String,
}
