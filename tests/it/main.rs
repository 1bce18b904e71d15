//! docket through its front door: a real server, a real client, both databases, and the sandbox as Jira.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "a test fails by panicking, and nobody else uses what it is made of"
)]

mod adf;
mod api;
mod attachments;
mod cli;
mod content;
mod crash;
mod dispatch;
mod edge;
mod export;
mod jira;
mod layers;
mod life;
mod outside;
mod preflight;
mod sandbox;
mod sla;
mod storage;
mod support;
mod users;
mod watch;
