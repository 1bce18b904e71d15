//! Pure values and rules: no waiting, no SQL, no protobuf, and no clock of its own.

pub mod actor;
pub mod attachment;
pub mod dispatch;
pub mod etag;
pub mod export;
pub mod export_log;
pub mod export_request;
pub mod history;
pub mod ids;
pub mod integration;
pub mod page;
pub mod permission;
pub mod platform;
pub mod problem;
pub mod search;
pub mod session;
pub mod session_ticket;
pub mod sla;
mod text;
pub mod ticket;
pub mod time;
pub mod user;
pub mod workflow;

pub(crate) use text::text_enum;
