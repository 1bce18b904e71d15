//! docket: tickets over gRPC, handed to outside systems, exported to Jira without losing or doubling one.
//!
//! The rooms, from the values at the bottom to the wiring at the top. A room names only those that its line lists; a test holds that.
//!
//! | room | what lives there | may name |
//! | --- | --- | --- |
//! | [`error`] | what went wrong, in domain words | |
//! | [`domain`] | pure values and rules: no waiting, no SQL, no protobuf, no clock of its own | error |
//! | [`db`] | one file a table: the row and its queries; reads, grouped writes, migrations | domain, error |
//! | [`connectors`] | outside systems: the one HTTP client, its address guard, Jira, HTML to ADF | domain, error |
//! | [`blobs`] | the bytes of attachments: a local folder or a bucket | domain, error, telemetry |
//! | [`app`] | the stories, each from top to bottom: permission, load, decide, write, outside world | domain, db, connectors, blobs, config, error |
//! | [`worker`] | background loops: the export engine; each safe to run twice | app, domain, db, connectors, telemetry |
//! | [`api`] | the edge in protobuf: parse, call a story, render | proto, app, domain, error, rows as plain data |
//! | [`proto`] | the generated code of the contract | |
//! | [`sandbox`] | a Jira that runs here, with faults to order | |
//! | [`server`], [`auth`], [`config`], [`telemetry`], [`process`], [`cli`] | the wiring | everything |

pub mod api;
pub mod app;
pub mod auth;
pub mod blobs;
pub mod cli;
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
