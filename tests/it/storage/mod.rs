//! The schema and the way to it, on both databases.

mod append_only;
mod checks;
mod connect;
mod departed;
mod drift;
mod fill;
mod lists;
mod migrations;
mod numbers;
mod plans;
mod postgres;
mod relevance;
mod remake;
mod rows;
mod search;
mod writer;
mod writes;
