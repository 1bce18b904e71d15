//! A platform's settings and credentials: reading them, rule by rule, and showing the settings. No rule here quotes a credential.

use super::{
    filled,
    time::{duration, span},
};
use crate::{
    app::integrations::{
        Credentials, GithubCredentials, JiraCredentials, SlackCredentials, WebhookCredentials,
    },
    domain::{
        integration::{
            ConfigChange, GithubConfig, GithubConfigChange, JiraConfig, JiraConfigChange,
            JiraDeployment, Platform, PlatformConfig, SlackConfig, SlackConfigChange,
            WebhookConfig, WebhookConfigChange, project_key,
        },
        session_ticket::jira_name,
    },
    error::{Broken, Violations},
    proto::v1::{self, credentials::Platform as Secret, integration::Config},
};

/// Which platform the settings are for.
pub(super) const fn platform(config: &Config) -> Platform {
    match config {
        Config::Jira(_) => Platform::Jira,
        Config::Slack(_) => Platform::Slack,
        Config::Github(_) => Platform::Github,
        Config::Webhook(_) => Platform::Webhook,
    }
}

/// The settings that `named` names, as they are to be. Every broken rule of these is noted.
pub(super) fn change(
    violations: &mut Violations,
    config: &Config,
    named: impl Fn(&str) -> bool,
) -> ConfigChange {
    match config {
        Config::Jira(given) => ConfigChange::Jira(jira(violations, given, named)),
        Config::Slack(given) => ConfigChange::Slack(slack(violations, given, named)),
        Config::Github(given) => ConfigChange::Github(github(violations, given, named)),
        Config::Webhook(given) => ConfigChange::Webhook(webhook(violations, given, named)),
    }
}

fn jira(
    violations: &mut Violations,
    jira: &v1::JiraConfig,
    named: impl Fn(&str) -> bool,
) -> JiraConfigChange {
    let mut change = JiraConfigChange::default();
    if named("site_url") {
        let site_url = JiraConfig::site_url(&jira.site_url);
        change.site_url = violations.check("integration.jira.site_url", site_url);
    }
    if named("project_key") {
        let key = filled(&jira.project_key).map(project_key).transpose();
        let key = violations.check("integration.jira.project_key", key);
        change.project_key = key.map(Option::unwrap_or_default);
    }
    if named("default_issue_type") {
        let default = || JiraConfig::DEFAULT_ISSUE_TYPE.to_owned();
        let name = filled(&jira.default_issue_type).map(jira_name).transpose();
        let name = violations.check("integration.jira.default_issue_type", name);
        change.issue_type = name.map(|name| name.unwrap_or_else(default));
    }
    if named("deployment") {
        let deployment = deployment(jira.deployment);
        change.deployment = violations.check("integration.jira.deployment", deployment);
    }
    if named("export_delay") {
        let delay = jira.export_delay.map(duration).transpose();
        let delay = delay.and_then(JiraConfig::export_delay);
        change.export_delay = violations.check("integration.jira.export_delay", delay);
    }
    if named("concurrency") {
        let concurrency = JiraConfig::concurrency(jira.concurrency);
        change.concurrency = violations.check("integration.jira.concurrency", concurrency);
    }
    change
}

fn deployment(number: i32) -> Result<JiraDeployment, Broken> {
    use v1::JiraDeployment as Wire;
    match Wire::try_from(number) {
        Ok(Wire::Unspecified | Wire::Cloud) => Ok(JiraDeployment::Cloud),
        Ok(Wire::DataCenter) => Ok(JiraDeployment::DataCenter),
        Err(_) => Err(Broken::new("must be a value of this enum")),
    }
}

fn slack(
    violations: &mut Violations,
    slack: &v1::SlackConfig,
    named: impl Fn(&str) -> bool,
) -> SlackConfigChange {
    let mut change = SlackConfigChange::default();
    if named("channel") {
        let channel = SlackConfig::channel(&slack.channel);
        change.channel = violations.check("integration.slack.channel", channel);
    }
    if named("api_url") {
        let api_url = SlackConfig::api_url(&slack.api_url);
        change.api_url = violations.check("integration.slack.api_url", api_url);
    }
    change
}

fn github(
    violations: &mut Violations,
    github: &v1::GithubConfig,
    named: impl Fn(&str) -> bool,
) -> GithubConfigChange {
    let mut change = GithubConfigChange::default();
    if named("owner") {
        let owner = GithubConfig::owner(&github.owner);
        change.owner = violations.check("integration.github.owner", owner);
    }
    if named("repository") {
        let repository = GithubConfig::repository(&github.repository);
        change.repository = violations.check("integration.github.repository", repository);
    }
    if named("api_url") {
        let api_url = GithubConfig::api_url(&github.api_url);
        change.api_url = violations.check("integration.github.api_url", api_url);
    }
    if named("labels") {
        let labels = GithubConfig::labels(&github.labels);
        change.labels = violations.check("integration.github.labels", labels);
    }
    change
}

fn webhook(
    violations: &mut Violations,
    webhook: &v1::WebhookConfig,
    named: impl Fn(&str) -> bool,
) -> WebhookConfigChange {
    let mut change = WebhookConfigChange::default();
    if named("url") {
        let url = WebhookConfig::url(&webhook.url);
        change.url = violations.check("integration.webhook.url", url);
    }
    if named("headers") {
        let headers = WebhookConfig::headers(&webhook.headers);
        change.headers = violations.check("integration.webhook.headers", headers);
    }
    change
}

/// Credentials of any platform; that they are those of the integration's is left to see.
pub(super) fn credentials(
    violations: &mut Violations,
    given: v1::Credentials,
) -> Option<Credentials> {
    match given.platform {
        Some(Secret::Jira(jira)) => {
            let account = JiraCredentials::new(&jira.email, jira.api_token.into());
            let whole = account.and_then(|account| {
                let secret = jira.webhook_secret.into();
                account.with_webhook_secret(secret).map_err(Vec::from)
            });
            let read = violations.check("credentials.jira", whole);
            read.map(Credentials::Jira)
        }
        Some(Secret::Slack(slack)) => {
            let read = SlackCredentials::new(slack.bot_token.into());
            let read = violations.check("credentials.slack", read);
            read.map(Credentials::Slack)
        }
        Some(Secret::Github(github)) => {
            let read = GithubCredentials::new(github.token.into());
            let secret = github.webhook_secret.into();
            let read = read.and_then(|read| read.with_webhook_secret(secret));
            let read = violations.check("credentials.github", read);
            read.map(Credentials::Github)
        }
        Some(Secret::Webhook(webhook)) => {
            let secrets = webhook.secrets.into_iter().map(Into::into).collect();
            let read = WebhookCredentials::new(secrets);
            let read = violations.check("credentials.webhook", read);
            read.map(Credentials::Webhook)
        }
        None => {
            violations.add("credentials", "must be those of the config's platform");
            None
        }
    }
}

/// The settings as everybody sees them.
pub(super) fn shown(config: PlatformConfig) -> Config {
    match config {
        PlatformConfig::Jira(jira) => Config::Jira(v1::JiraConfig {
            site_url: address(&jira.site_url),
            project_key: jira.project_key,
            default_issue_type: jira.issue_type,
            deployment: match jira.deployment {
                JiraDeployment::Cloud => v1::JiraDeployment::Cloud.into(),
                JiraDeployment::DataCenter => v1::JiraDeployment::DataCenter.into(),
            },
            export_delay: Some(span(jira.export_delay)),
            concurrency: i32::try_from(jira.concurrency).unwrap_or(i32::MAX),
        }),
        PlatformConfig::Slack(slack) => Config::Slack(v1::SlackConfig {
            channel: slack.channel,
            api_url: address(&slack.api_url),
        }),
        PlatformConfig::Github(github) => Config::Github(v1::GithubConfig {
            owner: github.owner,
            repository: github.repository,
            api_url: address(&github.api_url),
            labels: github.labels,
        }),
        PlatformConfig::Webhook(webhook) => Config::Webhook(v1::WebhookConfig {
            url: webhook.url.into(),
            headers: webhook.headers.into_iter().collect(),
        }),
    }
}

/// A URL without a path is written with one.
fn address(url: &url::Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}
