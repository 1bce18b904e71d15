//! What CreateIntegration asks for. No rule here quotes a credential.

use super::{enums::Wire as _, filled, ids, required, time::duration};
use crate::{
    app::{
        integrations::{Credentials, JiraCredentials, NewIntegration},
        requests::Create,
    },
    domain::{
        integration::{
            self as rules, IntegrationCategory, JiraConfig, JiraConfigChange, Platform,
            PlatformConfig, project_key,
        },
        platform::category_of,
        session_ticket::jira_name,
    },
    error::{Error, Reason, Result, Violations},
    proto::v1::{self, credentials::Platform as Secret, integration::Config},
};

/// The integration that is to be made. Fields that are output only are not looked at (AIP-203).
pub(in crate::api) fn create(
    request: v1::CreateIntegrationRequest,
) -> Result<Create<NewIntegration>> {
    let mut violations = Violations::new();
    let request_id = ids::request(&mut violations, request.request_id.as_deref());
    let credentials = required(&mut violations, "credentials", request.credentials);
    let credentials = credentials.and_then(|given| credentials_of(&mut violations, given));
    let integration = required(&mut violations, "integration", request.integration);
    let mut contradiction = None;
    let new = match integration {
        None => None,
        Some(given) => {
            if given.config.is_none() {
                require_connector(&given.platform_name)?;
            }
            let config = config_of(&mut violations, given.config)?;
            let name = violations.check("integration.name", rules::name(&given.name));
            check_platform(&mut violations, &given.platform_name);
            contradiction = check_category(&mut violations, given.category);
            config
                .zip(name)
                .zip(credentials)
                .map(|((config, name), credentials)| NewIntegration {
                    name,
                    enabled: given.enabled,
                    config,
                    credentials,
                })
        }
    };
    if let Some(rule) = contradiction {
        // Alone it has a reason of its own; among others it is one of them.
        if violations.is_empty() {
            let reason = Reason::PlatformCategoryMismatch;
            return Err(Error::invalid_because(reason, "integration.category", rule));
        }
        violations.add("integration.category", rule);
    }
    let made = new.zip(request_id).map(|(new, request_id)| Create {
        new,
        request_id,
        validate_only: request.validate_only,
    });
    violations.settle(made)
}

fn config_of(
    violations: &mut Violations,
    config: Option<Config>,
) -> Result<Option<PlatformConfig>> {
    match config {
        None => {
            violations.add(
                "integration.config",
                "exactly one platform's config is required",
            );
            Ok(None)
        }
        Some(Config::Jira(jira)) => {
            let all = jira_change(violations, &jira, |_| true)?.whole();
            Ok(all.map(PlatformConfig::Jira))
        }
        Some(Config::Slack(_)) => Err(unsupported("slack")),
        Some(Config::Github(_)) => Err(unsupported("github")),
        Some(Config::Webhook(_)) => Err(unsupported("webhook")),
    }
}

/// The settings of a Jira site that `named` names, as they are to be. Every broken rule of these is noted.
pub(super) fn jira_change(
    violations: &mut Violations,
    jira: &v1::JiraConfig,
    named: impl Fn(&str) -> bool,
) -> Result<JiraConfigChange> {
    let mut change = JiraConfigChange::default();
    if named("deployment") {
        check_deployment(violations, jira.deployment)?;
    }
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
    if named("export_delay") {
        let delay = jira.export_delay.map(duration).transpose();
        let delay = delay.and_then(JiraConfig::export_delay);
        change.export_delay = violations.check("integration.jira.export_delay", delay);
    }
    if named("concurrency") {
        let concurrency = JiraConfig::concurrency(jira.concurrency);
        change.concurrency = violations.check("integration.jira.concurrency", concurrency);
    }
    Ok(change)
}

fn check_deployment(violations: &mut Violations, deployment: i32) -> Result<()> {
    match v1::JiraDeployment::try_from(deployment) {
        Ok(v1::JiraDeployment::Unspecified | v1::JiraDeployment::Cloud) => {}
        Ok(v1::JiraDeployment::DataCenter) => return Err(unsupported("jira on DATA_CENTER")),
        Err(_) => violations.add(
            "integration.jira.deployment",
            "must be a value of this enum",
        ),
    }
    Ok(())
}

pub(super) fn credentials_of(
    violations: &mut Violations,
    given: v1::Credentials,
) -> Option<Credentials> {
    match given.platform {
        Some(Secret::Jira(jira)) => {
            let parsed = JiraCredentials::new(&jira.email, jira.api_token.into());
            violations
                .check("credentials.jira", parsed)
                .map(Credentials::Jira)
        }
        _ => {
            violations.add("credentials", "must be those of the config's platform");
            None
        }
    }
}

/// Refuses a platform that docket knows and has no connector for: there is no config that could be given for it.
fn require_connector(name: &str) -> Result<()> {
    match category_of(name) {
        Some(_) if name != Platform::Jira.name() => Err(unsupported(name)),
        _ => Ok(()),
    }
}

/// The platform's name may be left out; where it is given it is the config's.
fn check_platform(violations: &mut Violations, name: &str) {
    let jira = Platform::Jira.name();
    if filled(name).is_some_and(|name| name != jira) {
        let rule = format!("must be empty or {jira:?}, the platform of the config");
        violations.add("integration.platform_name", rule);
    }
}

/// The rule that a category breaks by contradicting its platform. A number that is none is noted.
fn check_category(violations: &mut Violations, number: i32) -> Option<String> {
    let category = IntegrationCategory::read(number);
    let category = violations
        .check("integration.category", category)
        .flatten()?;
    let own = Platform::Jira.category();
    (category != own)
        .then(|| format!("must be left out or {own}, the category of the platform jira"))
}

pub(super) fn unsupported(platform: &str) -> Error {
    Error::refused(
        Reason::PlatformUnsupported,
        format!("platform/{platform}"),
        format!("this server has no connector for {platform}"),
    )
    .with("platform_name", platform)
}
