//! What UpdateIntegration asks for. No rule here quotes a credential.

use super::{
    integration_create::{credentials_of, jira_change, unsupported},
    mask::{self, Fields},
    required,
};
use crate::{
    app::{integration_edit::IntegrationChange, ticket_change::Update},
    domain::{
        etag,
        ids::IntegrationId,
        integration::{self as rules, ConfigChange},
    },
    error::{Result, Violations},
    proto::v1::{self, integration::Config},
};

/// The fields of an integration. A config's name stands for all of its fields.
const FIELDS: Fields = Fields {
    changeable: &[
        "name",
        "jira",
        "jira.site_url",
        "jira.project_key",
        "jira.default_issue_type",
        "jira.deployment",
        "jira.export_delay",
        "jira.concurrency",
    ],
    fixed: &[
        "id",
        "category",
        "platform_name",
        "enabled",
        "status",
        "has_credentials",
        "last_check_time",
        "last_error",
        "dispatch_count",
        "failure_count",
        "etag",
        "create_time",
        "update_time",
    ],
};

/// Which integration, and what is to become of it. Only what the mask names is looked at.
pub(in crate::api) fn update(
    request: v1::UpdateIntegrationRequest,
) -> Result<(IntegrationId, Update<IntegrationChange>)> {
    let mut violations = Violations::new();
    let mask = mask::read(&mut violations, request.update_mask, &FIELDS);
    let mut change = IntegrationChange::default();
    if let Some(given) = request.credentials {
        change.credentials = credentials_of(&mut violations, given);
    }
    let given = required(&mut violations, "integration", request.integration);
    let given = given.unwrap_or_default();
    let id = violations.check("integration.id", given.id.parse());
    let name = mask.take("name", || rules::name(&given.name));
    change.name = name.and_then(|name| violations.check("integration.name", name));
    if mask.names_any(|path| path.starts_with("jira")) {
        change.config = config(&mut violations, given.config, &mask)?;
    }
    let id = violations.settle(id)?;
    let update = Update {
        change,
        seen: request.etag.as_deref().map(etag::version),
        validate_only: request.validate_only,
    };
    Ok((id, update))
}

fn config(
    violations: &mut Violations,
    given: Option<Config>,
    mask: &mask::Mask,
) -> Result<Option<ConfigChange>> {
    match given {
        Some(Config::Jira(jira)) => {
            let named = |field: &str| {
                mask.names_any(|path| path == "jira" || path.strip_prefix("jira.") == Some(field))
            };
            let change = jira_change(violations, &jira, named)?;
            Ok(Some(ConfigChange::Jira(change)))
        }
        None => {
            let rule = "is required where update_mask names it, or nothing at all";
            violations.add("integration.config", rule);
            Ok(None)
        }
        Some(Config::Slack(_)) => Err(unsupported("slack")),
        Some(Config::Github(_)) => Err(unsupported("github")),
        Some(Config::Webhook(_)) => Err(unsupported("webhook")),
    }
}
