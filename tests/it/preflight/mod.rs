//! Everything around an export that reads first: what would become of a session, and what has become of it.

mod adf;
mod bench;
mod drift;
mod drift_beside;
mod fallbacks;
mod fixes;
mod hands;
mod order;
mod people;
mod plan;
mod project;
mod replaced;
mod sessions;
mod strangers;
mod values;
