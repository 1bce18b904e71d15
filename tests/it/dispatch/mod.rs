//! Tickets handed to an outside system: at most one copy each, and the same result wherever it is asked for.

mod bench;
mod create;
mod equal;
mod exported;
mod faults;
mod files;
mod files_later;
mod files_left;
mod files_meanwhile;
mod health;
pub(crate) mod held;
mod ledger;
mod refused;
mod request;
mod retries;
