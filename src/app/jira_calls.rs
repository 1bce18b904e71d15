//! Asking Jira within a call: with a little patience, and with what went wrong told as an answer to the caller.

use std::time::Duration;

use super::{App, integrations::require_enabled};
use crate::{
    connectors::{
        Connector,
        jira::{CallError, HardStop, Jira, PlanError, Trouble},
    },
    db::integration,
    domain::{export::ErrorCategory, problem::Problem},
    error::{Error, Reason, Result},
};

/// How often a call is tried in all.
const TRIES: u32 = 3;
/// The longest wait that a caller is made to sit through; whoever Jira asks to wait longer is told so.
const PATIENCE: Duration = Duration::from_secs(5);
/// The wait after an outage.
const PAUSE: Duration = Duration::from_secs(1);
/// When a caller may come again where Jira did not say.
const COME_AGAIN: Duration = Duration::from_secs(10);

impl App {
    /// The Jira Cloud behind an integration that is switched on and has credentials.
    pub(super) fn jira(&self, integration: &integration::Model) -> Result<Jira> {
        require_enabled(integration)?;
        self.export_jira(integration)
    }

    /// The Jira Cloud behind an integration that has credentials.
    pub(crate) fn export_jira(&self, integration: &integration::Model) -> Result<Jira> {
        match self.connector(integration)? {
            Connector::Jira(jira) if jira.is_cloud() => Ok(jira),
            _ => Err(Error::refused(
                Reason::PlatformUnsupported,
                format!("integration/{}", integration.id),
                format!(
                    "sessions are exported to Jira Cloud, which the integration {:?} is not",
                    integration.name
                ),
            )
            .with("platform_name", integration.platform.name())),
        }
    }

    /// The answer to a call that may be repeated without harm.
    pub(super) async fn ask_jira<T, F>(&self, call: impl Fn() -> F) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let mut tries = 0;
        loop {
            tries += 1;
            let error = match call().await {
                Ok(answer) => return Ok(answer),
                Err(error) if tries == TRIES => return Err(error),
                Err(error) => error,
            };
            match pause(&error) {
                Some(pause) => self.clock.sleep(pause).await,
                None => return Err(error),
            }
        }
    }
}

/// How long to wait before the call is tried again; `None`: that would change nothing, or take too long.
fn pause(error: &CallError) -> Option<Duration> {
    match error {
        CallError::Rejected(_) | CallError::Trouble(Trouble::AddressRefused(_)) => None,
        CallError::RetryLater { after, .. } => {
            Some(after.unwrap_or(PAUSE).max(PAUSE)).filter(|pause| *pause <= PATIENCE)
        }
        CallError::Trouble(_) => Some(PAUSE),
    }
}

/// The answer to a caller whom Jira stands in the way of; `project` is the key of the project in question.
pub(super) fn failed(error: &CallError, project: &str) -> Error {
    let after = match error {
        CallError::RetryLater { after, .. } => after.unwrap_or(COME_AGAIN),
        CallError::Trouble(Trouble::Overloaded { after, .. }) => *after,
        _ => COME_AGAIN,
    };
    let failed = stopped(error.failure(project), project, after);
    match error {
        CallError::Rejected(refused) => failed.with("http_status", refused.status),
        _ => failed,
    }
}

/// As [`failed`], for a ticket that cannot be planned.
pub(super) fn unplanned(error: PlanError, project: &str) -> Error {
    match error {
        PlanError::Stop(stop) => stop_told(stop, project),
        PlanError::Call(error) => failed(&error, project),
    }
}

/// The answer to a caller whom something known of the project stands in the way of.
pub(super) fn stop_told(stop: HardStop, project: &str) -> Error {
    stopped(stop, project, COME_AGAIN)
}

/// What Jira said where it refused a value, and not the account or the issue.
pub(super) fn rejected(error: &CallError) -> Option<String> {
    match error {
        CallError::Rejected(refused) if refused.status == 400 => Some(refused.quote()),
        _ => None,
    }
}

fn stopped(stop: HardStop, project: &str, retry_after: Duration) -> Error {
    match stop.category {
        ErrorCategory::Temporary => Error::Unavailable {
            reason: stop.reason,
            message: stop.user_message,
            retry_after,
        },
        _ => Error::refused(
            stop.reason,
            format!("the Jira project {project}"),
            stop.user_message,
        )
        .with("jira_project_key", project)
        .with("category", stop.category),
    }
}

/// A state of docket's own that stands in the way, as a finding instead of an error. Anything else stays an error.
pub(super) fn finding(error: Error) -> Result<Problem> {
    match error {
        Error::Refused(refusal) => Ok(Problem {
            reason: refusal.reason,
            category: ErrorCategory::AdminRequired,
            message: refusal.message,
            field: String::new(),
            recommended_action:
                "Put the session's integration right with UpdateSession or UpdateIntegration."
                    .to_owned(),
        }),
        other => Err(other),
    }
}
