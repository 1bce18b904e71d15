//! Whether an integration works: real calls that change nothing.

use reqwest::Method;
use serde::Deserialize;
use tokio::time::Instant;

use super::Github;
use crate::{
    connectors::Check,
    domain::{
        export::ErrorCategory::{AdminRequired, UserFixable},
        problem::Problem,
    },
    error::Reason,
};

#[derive(Deserialize)]
struct Account {
    #[serde(default)]
    login: String,
}

#[derive(Deserialize)]
struct Repository {
    #[serde(default = "yes")]
    has_issues: bool,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    disabled: bool,
}

const fn yes() -> bool {
    true
}

impl Github {
    /// Asks for the repository, and for the account; a token of an app has none.
    pub async fn check(&self) -> Check {
        let begun = Instant::now();
        let sent = self.send(Method::GET, &self.repo(), &[], None).await;
        let latency = begun.elapsed();
        let read = self.judged(sent).and_then(|answer| self.read(&answer));
        let problems = match read {
            Ok(repository) => self.found(&repository),
            Err(fault) => {
                let field = match fault.reason {
                    Reason::PlatformNotFound => "repository",
                    Reason::PlatformUnreachable => "api_url",
                    _ => "",
                };
                vec![fault.problem(field)]
            }
        };
        let account = match problems.is_empty() {
            true => self.account().await,
            false => None,
        };
        Check {
            ok: problems.is_empty(),
            latency,
            account,
            problems,
        }
    }

    fn found(&self, repository: &Repository) -> Vec<Problem> {
        let place = &self.shared.party.place;
        let problem = |category, message: String, action: &str| Problem {
            reason: Reason::PlatformForbidden,
            category,
            message,
            field: "repository".to_owned(),
            recommended_action: action.to_owned(),
        };
        let mut problems = Vec::new();
        if repository.archived || repository.disabled {
            problems.push(problem(
                AdminRequired,
                format!("On GitHub {place} is archived or disabled, and takes no issues."),
                "Name another repository, or have this one opened again.",
            ));
        } else if !repository.has_issues {
            problems.push(problem(
                UserFixable,
                format!("On GitHub the issues of {place} are switched off."),
                "Switch them on in the repository's settings.",
            ));
        }
        problems
    }

    async fn account(&self) -> Option<String> {
        let sent = self.send(Method::GET, &["user"], &[], None).await;
        let account: Account = self.read(&self.judged(sent).ok()?).ok()?;
        let login = self.shared.party.redactor.clean(&account.login);
        Some(login).filter(|login| !login.is_empty())
    }
}
