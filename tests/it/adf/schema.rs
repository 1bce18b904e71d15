//! The official ADF schemas.
