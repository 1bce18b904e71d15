//! Exports, from the call to the issues in Jira.

mod begin;
mod bench;
mod contract;
mod descriptions;
mod outcomes;
mod pace;
mod retry;
mod watch;
