//! Why a run stops at Jira, told to a person: what happened, to which ticket and field, and what to do.
//!
//! Statuses, field ids and protocol constants decide; Jira's texts are quoted and never read, for they come in any language.

mod rejection;
mod text;

use std::{ops::RangeInclusive, time::Duration};

use serde_json::{Map, Value};

use super::{CallError, Trouble};
use crate::{
    domain::{
        export::ErrorCategory::{self, AdminRequired, Temporary},
        problem::Problem,
    },
    error::Reason,
};
use text::{listed, minutes};

/// What makes a type of issue known to a project.
const ADD_TYPE: &str = "Ask a Jira administrator to add the issue type to the project.";
/// How a session's ticket comes to another type: no call changes that of one that is there.
const ANOTHER_TYPE: &str = "Or replace the ticket by one of another issue type, with DeleteTicket and AddSessionTickets; once the export has begun, \
     take it back with RevertExport first.";
/// How a ticket of no session does.
const ANOTHER_DEFAULT: &str =
    "Or set the integration's default_issue_type to another one with UpdateIntegration.";

/// A failure that no fallback gets around.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HardStop {
    /// Who can help.
    pub category: ErrorCategory,
    /// For a program.
    pub reason: Reason,
    /// For a person.
    pub user_message: String,
    /// What to do, in the order to try.
    pub recovery_actions: Vec<String>,
}

/// The create that failed.
#[derive(Clone, Copy, Debug)]
pub struct CreateContext<'a> {
    /// The project's key.
    pub project: &'a str,
    /// The issue type's name.
    pub issue_type: &'a str,
    /// The ticket's title.
    pub title: &'a str,
    /// The fields that were sent.
    pub sent: &'a Map<String, Value>,
}

impl HardStop {
    pub(super) fn new(
        category: ErrorCategory,
        reason: Reason,
        user_message: String,
        recovery_actions: &[&str],
    ) -> Self {
        Self {
            category,
            reason,
            user_message: shortened(user_message),
            recovery_actions: recovery_actions.iter().map(|&a| a.to_owned()).collect(),
        }
    }

    /// The stop as a finding, for whoever looks before anything is sent.
    pub fn problem(self) -> Problem {
        Problem {
            reason: self.reason,
            category: self.category,
            message: self.user_message,
            field: String::new(),
            recommended_action: self.recovery_actions.into_iter().next().unwrap_or_default(),
        }
    }

    /// What to do where no export is concerned: that part of the advice is left out, and where a ticket goes, and as what, are settings of
    /// its integration.
    pub(super) fn advice_without_export(&self) -> String {
        let of_exports =
            |text: &str| text.contains("export") || text.contains("between two tickets");
        let advice = self
            .recovery_actions
            .iter()
            .map(|text| match text.as_str() {
                ANOTHER_TYPE => ANOTHER_DEFAULT,
                text => text,
            });
        let advice: Vec<_> = advice.filter(|text| !of_exports(text)).collect();
        advice.join(" ").replace(
            "the session's Jira project key",
            "the integration's project_key",
        )
    }

    /// The project has no issue type of this name.
    pub fn issue_type_missing(project: &str, wanted: &str, available: &[&str]) -> Self {
        let has = listed(available);
        Self::new(
            AdminRequired,
            Reason::JiraIssueTypeNotFound,
            format!("The Jira project {project} has no issue type “{wanted}”. It has: {has}."),
            &[ADD_TYPE, ANOTHER_TYPE, "Then retry the export."],
        )
    }

    /// docket itself failed; the log tells more, and nobody else is to know.
    pub fn own_fault() -> Self {
        Self::new(
            AdminRequired,
            Reason::Internal,
            "docket met a fault of its own and stopped the export, so that nothing is done twice."
                .to_owned(),
            &[
                "Ask an administrator of docket to look into its log.",
                "Then retry the export: it goes on where it stopped.",
            ],
        )
    }

    /// An issue exists, and docket's database did not take its key.
    pub fn key_not_recorded(key: &str) -> Self {
        Self::new(
            Temporary,
            Reason::Unavailable,
            format!("The issue {key} exists in Jira, but docket's database could not be written."),
            &[
                "Wait until the database works again, then retry the export: it finds the issue and takes it over.",
            ],
        )
    }

    /// The integration was switched off, or its credentials cannot be used; `what` says which.
    pub fn integration_unusable(reason: Reason, what: &str) -> Self {
        Self::new(
            AdminRequired,
            reason,
            format!("docket cannot use the integration: {what}."),
            &[
                "Ask a manager or administrator of docket to put the integration right.",
                "Then retry the export.",
            ],
        )
    }

    /// Nobody can tell whether the create made an issue; `keys` are the numbers of the keys that it may have got.
    pub fn uncertain(context: &CreateContext<'_>, keys: RangeInclusive<i64>) -> Self {
        let CreateContext { project, title, .. } = context;
        let doubt = in_doubt(context, keys.clone());
        let (first, last) = keys.into_inner();
        let look = format!(
            "If the retry stops here again, look in Jira for an issue titled “{title}” among {project}-{first} to {project}-{last}, and tell an administrator of docket its key."
        );
        Self::new(
            Temporary,
            Reason::JiraCreateUncertain,
            format!("{doubt} Nothing more was sent, so that there is no duplicate."),
            &[
                "Wait a few minutes and retry the export: docket looks for the issue first, and takes it over if it is there.",
                &look,
            ],
        )
    }

    /// This stop, met while nobody could tell yet whether the create before it made an issue: see [`HardStop::uncertain`].
    #[must_use]
    pub fn in_doubt(mut self, context: &CreateContext<'_>, keys: RangeInclusive<i64>) -> Self {
        let doubt = in_doubt(context, keys);
        self.user_message = shortened(format!("{} {doubt}", self.user_message));
        self
    }

    /// Jira's rate limit stayed in force for longer than docket waits.
    pub fn rate_limited(after: Option<Duration>, limit: &str) -> Self {
        let limit = if limit.is_empty() {
            String::new()
        } else {
            format!(" ({limit})")
        };
        let wait = match after {
            Some(after) => format!("Retry the export in {}.", minutes(after)),
            None => "Retry the export in some minutes.".to_owned(),
        };
        Self::new(
            Temporary,
            Reason::JiraRateLimited,
            format!(
                "Jira takes no more requests for now: its rate limit{limit} is used up. It is shared by all who use this Jira site."
            ),
            &[
                &wait,
                "If it happens often, raise the delay between two tickets in the integration's settings.",
            ],
        )
    }
}

/// What is not known of a create that got no clear answer, and where to look.
fn in_doubt(context: &CreateContext<'_>, keys: RangeInclusive<i64>) -> String {
    let CreateContext { project, title, .. } = context;
    let (first, last) = keys.into_inner();
    format!(
        "docket sent the ticket “{title}” to the Jira project {project} and got no clear answer, so it cannot tell whether an issue was created. \
         If one was, its key is between {project}-{first} and {project}-{last}."
    )
}

/// The stop where what answers at the site's address does not prove to be the site.
fn uncertified(what: String, remedy: &str) -> HardStop {
    let remedy = format!("{remedy}.");
    let actions = [remedy.as_str(), "Then retry the export."];
    HardStop::new(AdminRequired, Reason::JiraUnreachable, what, &actions)
}

/// The longest text of a failure, in code points.
const MESSAGE_MAX: usize = 2000;

/// A text within the limit, which what Jira says may exceed.
fn shortened(text: String) -> String {
    match text.char_indices().nth(MESSAGE_MAX - 1) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl CallError {
    /// The stop for a call that is no create; `project` is the key of the project in question.
    pub fn failure(&self, project: &str) -> HardStop {
        match self {
            Self::Rejected(rejection) => rejection.failure_of_call(project),
            Self::RetryLater { after, reason, .. } => HardStop::rate_limited(*after, reason),
            Self::Trouble(trouble) => trouble.failure(),
        }
    }
}

impl Trouble {
    /// The stop for an outage. For a create that may have made an issue, [`HardStop::uncertain`] says more.
    pub fn failure(&self) -> HardStop {
        const RETRY: &str =
            "Wait a few minutes, then retry the export: it goes on where it stopped.";
        const STATUS: &str = "If it keeps failing, look at status.atlassian.com for Jira Cloud, or ask the administrator of a Jira of your own.";
        const ADDRESS: &str =
            "If it keeps failing, ask an administrator to check the integration's site address.";
        let (reason, what, second) = match self {
            Self::AddressRefused(why) => return Self::address_refused(why),
            Self::Unreached(why) => {
                let what = format!("Jira could not be reached: {why}.");
                if let Some(remedy) = why.remedy() {
                    return uncertified(what, remedy);
                }
                (Reason::JiraUnreachable, what, ADDRESS)
            }
            Self::ConnectionLost => (
                Reason::JiraUnreachable,
                "The connection to Jira was lost before the answer was complete.".to_owned(),
                STATUS,
            ),
            Self::Timeout => (
                Reason::JiraTimeout,
                "Jira did not answer in time.".to_owned(),
                STATUS,
            ),
            Self::ServerError(status) => (
                Reason::JiraServerError,
                format!("Jira has a problem of its own (status {status})."),
                STATUS,
            ),
            Self::Overloaded { .. } => (
                Reason::JiraServerError,
                "Jira is overloaded (status 503).".to_owned(),
                STATUS,
            ),
            Self::Unreadable => (
                Reason::JiraAnswerUnreadable,
                "Jira's answer could not be read.".to_owned(),
                ADDRESS,
            ),
        };
        HardStop::new(Temporary, reason, what, &[RETRY, second])
    }

    fn address_refused(why: &str) -> HardStop {
        HardStop::new(
            AdminRequired,
            Reason::JiraUnreachable,
            format!("docket does not call the site address in the integration's settings: {why}."),
            &[
                "Ask an administrator to correct the integration's site address.",
                "If the address is right and inside your own network, ask an administrator of docket to allow that network.",
                "Then retry the export.",
            ],
        )
    }
}

#[cfg(test)]
mod tests;
