//! The schema and the way to it, on both databases.

mod append_only;
mod checks;
mod connect;
mod drift;
mod fill;
mod migrations;
mod numbers;
mod postgres;
mod remake;
mod rows;
mod search;
mod writer;
mod writes;
