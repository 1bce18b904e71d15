//! Outside systems: no database, no protobuf.
//!
//! A platform is one variant of [`Connector`] and answers a handful of verbs. Whoever hands a ticket over goes through them in this
//! order: [`Connector::aim`]; [`Connector::draft`], which may take its time; what the aim says is written down; [`Draft::send`], at once;
//! after an uncertain outcome or a crash [`Connector::look`]; then file by file [`Connector::attach`].

mod credentials;
mod fault;
pub mod github;
pub mod guard;
pub mod http;
pub mod inbound;
pub mod jira;
mod markup;
pub mod outcome;
pub mod parcel;
pub mod reach;
mod redact;
pub mod scan;
pub mod slack;
pub mod webhook;

use std::time::Duration;

use serde_json::Value;

pub use credentials::{
    Credentials, GithubCredentials, JiraCredentials, SlackCredentials, WebhookCredentials,
};
use inbound::Standing;
use outcome::{Attached, External, Failure, KnownFile, Outcome, Sought, WhenUncertain};
use parcel::{FileBytes, MadeFile, Parcel};

use crate::{
    domain::{export::ErrorCategory, integration::PlatformConfig, problem::Problem},
    error::Reason,
};

/// In what [`Connector::aim`] gives: where a person looks for the copy, as it stands after "look in".
pub const PLACE: &str = "place";
/// In what [`Connector::aim`] gives of a platform that is sent the same again after an uncertain outcome: the message, to the byte.
pub const BODY: &str = "body";

/// A connection to one outside system, ready to be used. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Connector {
    /// A Jira site.
    Jira(jira::Jira),
    /// A channel of Slack.
    Slack(slack::Slack),
    /// A repository on GitHub.
    Github(github::Github),
    /// A receiver of signed HTTP requests.
    Webhook(webhook::Webhook),
}

/// A ticket that is ready for a platform.
#[derive(Debug)]
pub struct Draft<'a>(Made<'a>);

#[derive(Debug)]
enum Made<'a> {
    Jira(&'a jira::Jira, Box<jira::Draft>),
    /// And how often it was made shorter.
    Slack(&'a slack::Slack, usize),
    Github(&'a github::Github),
    Webhook(&'a webhook::Webhook),
}

impl Draft<'_> {
    /// Hands the ticket over: one request, sent at most once and at once, so that what the caller has just made sure of still holds.
    /// `None`: the platform refused what the ticket can do without, and made nothing; the draft goes without that now, and may be sent again.
    pub async fn send(&mut self, parcel: &Parcel, aim: &Value) -> Option<Outcome> {
        match &mut self.0 {
            Made::Jira(jira, draft) => jira.dispatch(parcel, aim, draft).await,
            Made::Slack(slack, cuts) => slack.dispatch(parcel, aim, cuts).await,
            Made::Github(github) => Some(github.dispatch(parcel).await),
            Made::Webhook(webhook) => Some(webhook.dispatch(parcel, aim).await),
        }
    }
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
    /// Prepares the connection; nothing is sent. `None`: the credentials are another platform's.
    pub fn new(
        http: &http::Http,
        config: &PlatformConfig,
        credentials: &Credentials,
    ) -> Option<Self> {
        use Credentials as Of;
        Some(match (config, credentials) {
            (PlatformConfig::Jira(config), Of::Jira(credentials)) => {
                Self::Jira(jira::Jira::new(http, config, credentials))
            }
            (PlatformConfig::Slack(config), Of::Slack(credentials)) => {
                Self::Slack(slack::Slack::new(http, config, credentials))
            }
            (PlatformConfig::Github(config), Of::Github(credentials)) => {
                Self::Github(github::Github::new(http, config, credentials))
            }
            (PlatformConfig::Webhook(config), Of::Webhook(credentials)) => {
                Self::Webhook(webhook::Webhook::new(http, config, credentials))
            }
            _ => return None,
        })
    }

    /// Asks the platform whether the settings and credentials work. Changes nothing there.
    pub async fn check(&self) -> Check {
        match self {
            Self::Jira(jira) => jira.check().await,
            Self::Slack(slack) => slack.check().await,
            Self::Github(github) => github.check().await,
            Self::Webhook(webhook) => webhook.check().await,
        }
    }

    /// What has to be known to find later what a dispatch from now on makes; to be written down before it is sent. Makes nothing there;
    /// an error is an outcome that made nothing.
    pub async fn aim(&self, parcel: &Parcel) -> Result<Value, Outcome> {
        match self {
            Self::Jira(jira) => jira.aim(parcel).await,
            Self::Slack(slack) => Ok(slack.aim().await),
            Self::Github(github) => Ok(github.aim()),
            Self::Webhook(webhook) => Ok(webhook.aim(parcel)),
        }
    }

    /// Makes the ticket ready for the platform, asking it what it takes. Makes nothing there; an error is an outcome that made nothing.
    pub async fn draft(&self, parcel: &Parcel, aim: &Value) -> Result<Draft<'_>, Outcome> {
        Ok(Draft(match self {
            Self::Jira(jira) => Made::Jira(jira, Box::new(jira.draft(parcel, aim).await?)),
            Self::Slack(slack) => Made::Slack(slack, 0),
            Self::Github(github) => Made::Github(github),
            Self::Webhook(webhook) => Made::Webhook(webhook),
        }))
    }

    /// Looks for what a dispatch with this aim may have made. That it is absent proves nothing of one that the platform may still be
    /// carrying out: look again after a while.
    pub async fn look(&self, parcel: &Parcel, aim: &Value) -> Sought {
        match self {
            Self::Jira(jira) => jira.look(parcel, aim).await,
            Self::Slack(slack) => slack.look(parcel, aim).await,
            Self::Github(github) => github.look(parcel, aim).await,
            Self::Webhook(_) => Sought::CannotAsk(webhook::Webhook::NO_LOOK.to_owned()),
        }
    }

    /// Where the external ticket stands now; of a platform that tells of it by webhooks. `None`: it is elsewhere than where the
    /// connection leads by now.
    pub async fn standing(&self, external: &External) -> Result<Option<Standing>, Failure> {
        match self {
            Self::Jira(jira) => jira.standing(external).await,
            Self::Github(github) => github.standing(external).await,
            Self::Slack(_) | Self::Webhook(_) => Err(Failure::new(
                ErrorCategory::AdminRequired,
                Reason::PlatformUnsupported,
                "A copy on this platform has no status of its own.",
            )),
        }
    }

    /// What may be done about an uncertain outcome.
    pub const fn when_uncertain(&self) -> WhenUncertain {
        match self {
            Self::Jira(_) | Self::Slack(_) | Self::Github(_) => WhenUncertain::Look,
            Self::Webhook(_) => WhenUncertain::SendAgain,
        }
    }

    /// Whether the platform takes files; an error tells a person why it does not.
    pub const fn takes_files(&self) -> Result<(), &'static str> {
        match self {
            Self::Jira(_) | Self::Slack(_) => Ok(()),
            Self::Github(_) => Err(github::Github::NO_FILES),
            Self::Webhook(_) => Err(webhook::Webhook::NO_FILES),
        }
    }

    /// The files that belong to the external ticket beside the ticket's own; always the same ones.
    pub fn made_files(&self, parcel: &Parcel, external: &External) -> Vec<MadeFile> {
        match self {
            Self::Jira(_) => jira::Jira::made_files(parcel, external),
            // Their text names the pictures, which are files there, or files that do not go along: either is told.
            Self::Slack(_) | Self::Github(_) => {
                let pictures = jira::Description::of(&parcel.description).images;
                pictures.into_iter().map(MadeFile::from).collect()
            }
            // The message holds the description as it is.
            Self::Webhook(_) => Vec::new(),
        }
    }

    /// The files that the external ticket has.
    pub async fn files_on(&self, external: &External) -> Result<Vec<KnownFile>, Failure> {
        match self {
            Self::Jira(jira) => jira.files_on(external).await,
            Self::Slack(slack) => slack.files_on(external).await,
            // They take none, so that none is there.
            Self::Github(_) | Self::Webhook(_) => Ok(Vec::new()),
        }
    }

    /// Adds a file to the external ticket: one request, sent at most once.
    pub async fn attach(&self, external: &External, file: FileBytes<'_>) -> Attached {
        match self {
            Self::Jira(jira) => jira.attach_to(external, file).await,
            Self::Slack(slack) => slack.attach(external, file).await,
            Self::Github(_) => Attached::Rejected(no_files(github::Github::NO_FILES)),
            Self::Webhook(_) => Attached::Rejected(no_files(webhook::Webhook::NO_FILES)),
        }
    }
}

/// Of a platform that takes no files.
fn no_files(why: &str) -> Failure {
    let category = ErrorCategory::AdminRequired;
    Failure::new(category, Reason::PlatformRejected, why).of_the_ticket()
}
