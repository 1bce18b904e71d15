//! Where an issue stands.

use serde_json::Value;

use super::Jira;
use crate::connectors::{
    inbound::Standing,
    outcome::{External, Failure},
};

impl Jira {
    /// The issue's status now; none where it was made on another site than this one.
    pub(in crate::connectors) async fn standing(
        &self,
        external: &External,
    ) -> Result<Option<Standing>, Failure> {
        if !self.is_here(external) {
            return Ok(None);
        }
        let read = self.issue_fields(&[&external.id], &["status"]).await;
        let found = read.map_err(|error| {
            let stop = error.failure(&external.project_key);
            let failure = Failure::new(stop.category, stop.reason, &stop.user_message);
            failure.advising(&stop.advice_without_export())
        })?;
        let Some(issue) = found.first() else {
            return Ok(Some(Standing::gone()));
        };
        let status = issue.fields.get("status").unwrap_or(&Value::Null);
        let name = status["name"].as_str().unwrap_or_default();
        Ok(Some(Standing {
            status: self.shared.redactor.clean(name),
            category: match status["statusCategory"]["key"].as_str() {
                Some("done") => "DONE",
                Some("indeterminate") => "IN_PROGRESS",
                _ => "OPEN",
            },
            ..Standing::default()
        }))
    }
}
