//! The converter from HTML to ADF, held against the official schemas and validator.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod commonmark;
mod compact;
mod corpus;
mod fuzzed;
mod generated;
mod interface;
mod official;
mod words;
