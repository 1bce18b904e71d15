//! Whether an integration works: real calls that change nothing.

use tokio::time::Instant;

use super::Slack;
use crate::{
    connectors::Check,
    domain::{export::ErrorCategory::AdminRequired, problem::Problem},
    error::Reason,
};

/// The scopes that docket cannot do without.
const NEEDED: [&str; 1] = ["chat:write"];

impl Slack {
    /// Asks whose token it is and what it may do; where it may read channels, also for the channel.
    pub async fn check(&self) -> Check {
        let begun = Instant::now();
        let said = self.ask("auth.test", &[]).await;
        let latency = begun.elapsed();
        let mut problems = Vec::new();
        let mut account = None;
        match said {
            Err(fault) => {
                let field = match fault.reason {
                    Reason::PlatformUnreachable => "api_url",
                    _ => "",
                };
                problems.push(fault.problem(field));
            }
            Ok(said) => {
                let text = |name: &str| said.body[name].as_str().unwrap_or_default();
                let name = format!("{} ({})", text("user"), text("team"));
                account = Some(self.shared.party.redactor.clean(&name));
                let scopes = said.answer.header("x-oauth-scopes");
                problems.extend(scopes.into_iter().flat_map(missing));
                if problems.is_empty() && scopes.is_some_and(|held| holds(held, "channels:read")) {
                    problems.extend(self.check_channel().await);
                }
            }
        }
        Check {
            ok: problems.is_empty(),
            latency,
            account,
            problems,
        }
    }

    /// A private channel is not found without a scope of its own, which docket does not need to post there: only what Slack is sure of is
    /// told.
    async fn check_channel(&self) -> Option<Problem> {
        let channel = self.shared.config.channel.as_str();
        if channel.starts_with('#') {
            return None;
        }
        let query = [("channel", channel)];
        match self.ask("conversations.info", &query).await {
            Ok(said) if said.body["channel"]["is_archived"] == true => {
                let fault = self.refusal("is_archived", "", None);
                Some(fault.problem("channel"))
            }
            Ok(said) if said.body["channel"]["is_member"] == false => {
                let fault = self.refusal("not_in_channel", "", None);
                Some(fault.problem("channel"))
            }
            Err(fault) if fault.reason == Reason::PlatformNotFound => {
                Some(fault.problem("channel"))
            }
            _ => None,
        }
    }
}

fn holds(scopes: &str, scope: &str) -> bool {
    scopes.split(',').any(|held| held.trim() == scope)
}

fn missing(scopes: &str) -> Vec<Problem> {
    let missing = NEEDED.iter().filter(|scope| !holds(scopes, scope));
    missing
        .map(|scope| Problem {
            reason: Reason::PlatformForbidden,
            category: AdminRequired,
            message: format!("The Slack app's bot lacks the scope {scope}."),
            field: "bot_token".to_owned(),
            recommended_action: format!(
                "Give the app the scope {scope}, install it anew, and enter its new token."
            ),
        })
        .collect()
}
