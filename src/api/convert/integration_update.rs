//! What UpdateIntegration asks for. No rule here quotes a credential.

use strum::IntoEnumIterator as _;

use super::{
    integration_config,
    mask::{self, Fields},
    required,
};
use crate::{
    app::{integration_edit::IntegrationChange, ticket_change::Update},
    domain::{
        etag,
        ids::IntegrationId,
        integration::{self as rules, ConfigChange, Platform},
    },
    error::{Result, Violations},
    proto::v1::{self, integration::Config},
};

/// The fields of an integration. A config's name stands for all of its fields.
const FIELDS: Fields = Fields {
    changeable: &[
        "name",
        "credentials",
        "jira",
        "jira.site_url",
        "jira.project_key",
        "jira.default_issue_type",
        "jira.deployment",
        "jira.export_delay",
        "jira.concurrency",
        "slack",
        "slack.channel",
        "slack.api_url",
        "github",
        "github.owner",
        "github.repository",
        "github.api_url",
        "github.labels",
        "webhook",
        "webhook.url",
        "webhook.headers",
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
    let mut paths = request.update_mask.iter().flat_map(|mask| &mask.paths);
    let named = paths.any(|path| path == "credentials");
    let mask = mask::read(&mut violations, request.update_mask, &FIELDS);
    let mut change = IntegrationChange::default();
    match request.credentials {
        Some(given) => {
            change.credentials = integration_config::credentials(&mut violations, given);
        }
        None if named => violations.add("credentials", "is required where update_mask names it"),
        None => {}
    }
    let given = required(&mut violations, "integration", request.integration);
    let given = given.unwrap_or_default();
    let id = violations.check("integration.id", given.id.parse());
    let name = mask.take("name", || rules::name(&given.name));
    change.name = name.and_then(|name| violations.check("integration.name", name));
    change.config = config(&mut violations, given.config, &mask);
    let id = violations.settle(id)?;
    let update = Update {
        change,
        seen: request.etag.as_deref().map(etag::version),
        validate_only: request.validate_only,
    };
    Ok((id, update))
}

/// What is to become of the settings, where the mask names any.
fn config(
    violations: &mut Violations,
    given: Option<Config>,
    mask: &mask::Mask,
) -> Option<ConfigChange> {
    let of = |platform: Platform, path: &str| path.split('.').next() == Some(platform.name());
    let named: Vec<Platform> = Platform::iter()
        .filter(|platform| mask.names_any(|path| of(*platform, path)))
        .collect();
    if named.is_empty() {
        return None;
    }
    let Some(given) = given else {
        let rule = "is required where update_mask names it, or nothing at all";
        violations.add("integration.config", rule);
        return None;
    };
    let platform = integration_config::platform(&given);
    // A mask of all fields names those of every platform.
    let all = named.len() == Platform::iter().count();
    if !all && let Some(other) = named.iter().find(|named| **named != platform) {
        let rule = format!("must be that of {}, which update_mask names", other.name());
        violations.add("integration.config", rule);
        return None;
    }
    let named = |field: &str| {
        let whole = platform.name();
        mask.names_any(|path| {
            let part = path
                .strip_prefix(whole)
                .and_then(|rest| rest.strip_prefix('.'));
            path == whole || part == Some(field)
        })
    };
    Some(integration_config::change(violations, &given, named))
}
