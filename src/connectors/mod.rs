//! Outside systems: no database, no protobuf.
//!
//! A platform is one variant of [`Connector`] and answers a handful of verbs. Whoever hands a ticket over goes through them in this
//! order: [`Connector::aim`], and what it says is written down; [`Connector::dispatch`], once; after an uncertain outcome or a crash
//! [`Connector::look`]; then file by file [`Connector::attach`].

mod credentials;
pub mod guard;
pub mod http;
pub mod jira;
pub mod outcome;
pub mod parcel;
pub mod scan;

use std::time::Duration;

use serde_json::Value;

pub use credentials::{Credentials, JiraCredentials};
use outcome::{Attached, External, Failure, KnownFile, Outcome, Sought, WhenUncertain};
use parcel::{FileBytes, MadeFile, Parcel};

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

    /// What has to be known to find later what a dispatch from now on makes; to be written down before it is sent. Makes nothing there;
    /// an error is an outcome that made nothing.
    pub async fn aim(&self, parcel: &Parcel) -> Result<Value, Outcome> {
        match self {
            Self::Jira(jira) => jira.aim(parcel).await,
        }
    }

    /// Hands the ticket over: makes at most one thing there.
    pub async fn dispatch(&self, parcel: &Parcel, aim: &Value) -> Outcome {
        match self {
            Self::Jira(jira) => jira.dispatch(parcel, aim).await,
        }
    }

    /// Looks for what a dispatch with this aim may have made. That it is absent proves nothing of one that the platform may still be
    /// carrying out: look again after a while.
    pub async fn look(&self, parcel: &Parcel, aim: &Value) -> Sought {
        match self {
            Self::Jira(jira) => jira.look(parcel, aim).await,
        }
    }

    /// What may be done about an uncertain outcome.
    pub const fn when_uncertain(&self) -> WhenUncertain {
        match self {
            Self::Jira(_) => WhenUncertain::Look,
        }
    }

    /// Whether the platform takes files; an error tells a person why it does not.
    pub const fn takes_files(&self) -> Result<(), &'static str> {
        match self {
            Self::Jira(_) => Ok(()),
        }
    }

    /// The files that belong to the external ticket beside the ticket's own; always the same ones.
    pub fn made_files(&self, parcel: &Parcel, external: &External) -> Vec<MadeFile> {
        match self {
            Self::Jira(_) => jira::Jira::made_files(parcel, external),
        }
    }

    /// The files that the external ticket has.
    pub async fn files_on(&self, external: &External) -> Result<Vec<KnownFile>, Failure> {
        match self {
            Self::Jira(jira) => jira.files_on(external).await,
        }
    }

    /// Adds a file to the external ticket: one request, sent at most once.
    pub async fn attach(&self, external: &External, file: FileBytes<'_>) -> Attached {
        match self {
            Self::Jira(jira) => jira.attach_to(external, file).await,
        }
    }
}
