//! What CreateIntegration asks for.

use super::{
    enums::Wire as _,
    filled, ids,
    integration_config::{self, change},
    required,
};
use crate::{
    app::{
        integrations::{Credentials, NewIntegration},
        requests::Create,
    },
    domain::{
        integration::{self as rules, IntegrationCategory, Platform, PlatformConfig},
        platform::{category_of, platform_of},
    },
    error::{Error, Reason, Result, Violations},
    proto::v1::{self, integration::Config},
};

/// The integration that is to be made. Fields that are output only are not looked at (AIP-203).
pub(in crate::api) fn create(
    request: v1::CreateIntegrationRequest,
) -> Result<Create<NewIntegration>> {
    let mut violations = Violations::new();
    let request_id = ids::request(&mut violations, request.request_id.as_deref());
    let credentials = required(&mut violations, "credentials", request.credentials);
    let credentials =
        credentials.and_then(|given| integration_config::credentials(&mut violations, given));
    let integration = required(&mut violations, "integration", request.integration);
    let mut contradiction = None;
    let new = match integration {
        None => None,
        Some(given) => {
            let platform = match &given.config {
                Some(config) => Some(integration_config::platform(config)),
                None => named_platform(&given.platform_name)?,
            };
            let config = config_of(&mut violations, given.config.as_ref());
            let name = violations.check("integration.name", rules::name(&given.name));
            check_platform(&mut violations, &given.platform_name, platform);
            contradiction = check_category(&mut violations, given.category, platform);
            let credentials = fitting(&mut violations, credentials, platform, config.as_ref());
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

fn config_of(violations: &mut Violations, config: Option<&Config>) -> Option<PlatformConfig> {
    match config {
        None => {
            violations.add(
                "integration.config",
                "exactly one platform's config is required",
            );
            None
        }
        Some(config) => change(violations, config, |_| true).whole(),
    }
}

/// The credentials, where they are those of the config's platform.
fn fitting(
    violations: &mut Violations,
    credentials: Option<Credentials>,
    platform: Option<Platform>,
    config: Option<&PlatformConfig>,
) -> Option<Credentials> {
    let credentials = credentials?;
    if platform.is_some_and(|platform| platform != credentials.platform()) {
        violations.add("credentials", "must be those of the config's platform");
        return None;
    }
    let fit = config.map_or(Ok(()), |config| credentials.fit(config));
    violations.check("credentials", fit).map(|()| credentials)
}

/// The platform that is named where there is no config; refuses one that docket knows and has no connector for.
fn named_platform(name: &str) -> Result<Option<Platform>> {
    match (platform_of(name), category_of(name)) {
        (None, Some(_)) => Err(unsupported(name)),
        (platform, _) => Ok(platform),
    }
}

/// The platform's name may be left out; where it is given it is the config's.
fn check_platform(violations: &mut Violations, name: &str, platform: Option<Platform>) {
    let Some(name) = filled(name) else {
        return;
    };
    let rule = match platform {
        Some(platform) if platform.name() == name => return,
        Some(platform) => format!(
            "must be empty or {:?}, the platform of the config",
            platform.name()
        ),
        None => "must be empty or the platform_name of a platform in ListPlatforms".to_owned(),
    };
    violations.add("integration.platform_name", rule);
}

/// The rule that a category breaks by contradicting its platform. A number that is none is noted.
fn check_category(
    violations: &mut Violations,
    number: i32,
    platform: Option<Platform>,
) -> Option<String> {
    let category = IntegrationCategory::read(number);
    let category = violations
        .check("integration.category", category)
        .flatten()?;
    let platform = platform?;
    let (own, name) = (platform.category(), platform.name());
    (category != own)
        .then(|| format!("must be left out or {own}, the category of the platform {name}"))
}

fn unsupported(platform: &str) -> Error {
    Error::refused(
        Reason::PlatformUnsupported,
        format!("platform/{platform}"),
        format!("this server has no connector for {platform}; ListPlatforms tells which it has"),
    )
    .with("platform_name", platform)
}
