//! Projects whose keys were changed in Jira: the old key goes on leading to the project, and its issues have keys of the new one.

use super::App;
use crate::{
    connectors::jira::{CallError, Jira},
    domain::export::issue_number,
};

impl App {
    /// The project's key now; that which is known where the project cannot be seen.
    pub(super) async fn present_key(&self, jira: &Jira, known: &str) -> Result<String, CallError> {
        match self.ask_jira(|| jira.project(known)).await {
            Ok(project) => Ok(project.key),
            Err(CallError::Rejected(refused)) if matches!(refused.status, 403 | 404 | 410) => {
                Ok(known.to_owned())
            }
            Err(error) => Err(error),
        }
    }
}

/// An issue's key as it is since its project was renamed.
pub(super) fn renamed(key: &str, old: &str, now: &str) -> String {
    match issue_number(old, key) {
        Some(number) => format!("{now}-{number}"),
        None => key.to_owned(),
    }
}
