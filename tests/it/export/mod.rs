//! Exports, from the call to the issues in Jira.

mod ask;
mod begin;
mod bench;
mod clock;
mod contract;
mod control;
mod deleted_files;
mod descriptions;
mod files;
mod former;
mod halted;
mod kept;
mod lanes;
mod links;
mod lost;
mod moved;
mod outcomes;
mod pace;
mod refused_files;
mod retry;
mod revert;
mod revert_faults;
mod second;
mod spare;
mod taken_over;
mod taking_back;
mod throttle;
mod touched;
mod turns;
mod twice;
mod watch;

pub(crate) use bench::{chain, open_session};
pub(crate) use clock::SteppingClock;
