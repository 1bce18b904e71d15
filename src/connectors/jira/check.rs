//! Whether an integration works: real calls that change nothing.

use tokio::time::Instant;

use super::{CallError, Jira};
use crate::{
    connectors::Check,
    domain::{export::ErrorCategory, problem::Problem},
    error::Reason,
};

/// What docket cannot do without, and what a person calls it.
const NEEDED: [(&str, &str); 2] = [
    ("BROWSE_PROJECTS", "browse the project"),
    ("CREATE_ISSUES", "create issues"),
];

impl Jira {
    /// Asks for the account, the site, and, where a project is configured, the project and docket's permissions there.
    pub async fn check(&self) -> Check {
        let begun = Instant::now();
        let myself = self.myself().await;
        let latency = begun.elapsed();
        let mut problems = Vec::new();
        let account = match myself {
            Ok(account) => Some(account.display_name).filter(|name| !name.is_empty()),
            Err(error) => {
                problems.push(self.told(&error));
                None
            }
        };
        // Nothing else can go right without an account, and every further call would say the same.
        if problems.is_empty() {
            self.check_site(&mut problems).await;
            self.check_project(&mut problems).await;
        }
        Check {
            ok: problems.is_empty(),
            latency,
            account,
            problems,
        }
    }

    async fn check_site(&self, problems: &mut Vec<Problem>) {
        match self.server_info().await {
            Ok(site) if self.is_of(&site.deployment_type) => {}
            Ok(site) => {
                let kind = self.shared.redactor.clean(&site.deployment_type);
                let told = self.config().deployment;
                problems.push(Problem {
                    reason: Reason::PlatformUnsupported,
                    category: ErrorCategory::AdminRequired,
                    message: format!(
                        "The site is a Jira {kind} installation; the integration's settings say {told}."
                    ),
                    field: "deployment".to_owned(),
                    recommended_action:
                        "Set `deployment` by what the site is, with the credentials that go with it, or name another site."
                            .to_owned(),
                });
            }
            Err(error) => problems.push(self.told(&error)),
        }
    }

    /// Whether the site is what the settings say; one that does not tell may be.
    fn is_of(&self, deployment_type: &str) -> bool {
        match deployment_type {
            "" => true,
            "Cloud" => self.is_cloud(),
            _ => !self.is_cloud(),
        }
    }

    async fn check_project(&self, problems: &mut Vec<Problem>) {
        let key = self.config().project_key.as_str();
        if key.is_empty() {
            return;
        }
        if let Err(error) = self.project(key).await {
            problems.push(self.told(&error));
            return;
        }
        match self.permissions(key).await {
            Ok(held) => problems.extend(
                NEEDED
                    .iter()
                    .filter(|(permission, _)| !held.has(permission))
                    .map(|&(permission, what)| forbidden(permission, what, key)),
            ),
            Err(error) => problems.push(self.told(&error)),
        }
    }

    fn told(&self, error: &CallError) -> Problem {
        let stop = error.failure(&self.config().project_key);
        let action = match (stop.category, stop.advice_without_export()) {
            (ErrorCategory::Temporary, advice) => {
                let action = format!("Test the integration again in a few minutes. {advice}");
                action.trim_end().to_owned()
            }
            (_, advice) => format!("{advice} Then test the integration again."),
        };
        Problem {
            recommended_action: action,
            ..stop.problem()
        }
    }
}

fn forbidden(permission: &str, what: &str, project: &str) -> Problem {
    Problem {
        reason: Reason::JiraForbidden,
        category: ErrorCategory::AdminRequired,
        message: format!("docket's Jira account may not {what} in the project {project}."),
        field: "project_key".to_owned(),
        recommended_action: format!(
            "Give the account the permission {permission} in the project {project}."
        ),
    }
}
