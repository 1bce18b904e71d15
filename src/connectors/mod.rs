//! Outside systems: no database, no protobuf.

mod credentials;
pub mod guard;
pub mod http;
pub mod jira;
pub mod scan;

use std::time::Duration;

pub use credentials::{Credentials, JiraCredentials};

use crate::domain::problem::Problem;

/// A connection to one outside system, ready to be used. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Connector {
    /// A Jira site.
    Jira(jira::Jira),
}

/// What a real call to the platform showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Whether tickets can be handed over.
    pub ok: bool,
    /// How long the platform took to answer the first call.
    pub latency: Duration,
    /// The account that the credentials belong to, as the platform names it.
    pub account: Option<String>,
    /// What is in the way, the most important first; empty when `ok`.
    pub problems: Vec<Problem>,
}

impl Connector {
    /// Asks the platform whether the settings and credentials work. Changes nothing there.
    pub async fn check(&self) -> Check {
        match self {
            Self::Jira(jira) => jira.check().await,
        }
    }
}
