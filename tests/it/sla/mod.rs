//! Service levels: against a slow and obvious model, and through the front door.

mod calendar;
mod model;
mod settings;
