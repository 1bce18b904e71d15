//! docket: tickets over gRPC, handed to outside systems, exported to Jira without losing or doubling one.

pub mod api;
pub mod app;
pub mod auth;
pub mod config;
pub mod connectors;
pub mod db;
pub mod domain;
pub mod error;
pub mod process;
pub mod proto;
pub mod sandbox;
pub mod server;
pub mod telemetry;
pub mod worker;
