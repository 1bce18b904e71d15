//! Platforms: which ones there are in the world, which ones docket has a connector for, and what a form for one asks.

mod fields;

use strum::IntoEnumIterator as _;

use super::integration::{IntegrationCategory, Platform};

pub use fields::Field;

/// Platforms that people ask for, by their names in the contract. Those without a [`Platform`] of their own have no connector yet.
const KNOWN: [(&str, IntegrationCategory); 32] = [
    ("asana", IntegrationCategory::ProjectManagement),
    ("azure_devops", IntegrationCategory::CodeRepository),
    ("basecamp", IntegrationCategory::ProjectManagement),
    ("bitbucket", IntegrationCategory::CodeRepository),
    ("clickup", IntegrationCategory::ProjectManagement),
    ("discord", IntegrationCategory::Messaging),
    ("dynamics_365", IntegrationCategory::Crm),
    ("email", IntegrationCategory::Communication),
    ("freshdesk", IntegrationCategory::Ticketing),
    ("github", IntegrationCategory::CodeRepository),
    ("gitlab", IntegrationCategory::CodeRepository),
    ("google_chat", IntegrationCategory::Messaging),
    ("hubspot", IntegrationCategory::Crm),
    ("intercom", IntegrationCategory::Communication),
    ("jira", IntegrationCategory::Ticketing),
    ("linear", IntegrationCategory::ProjectManagement),
    ("mattermost", IntegrationCategory::Messaging),
    ("monday", IntegrationCategory::ProjectManagement),
    ("opsgenie", IntegrationCategory::Ticketing),
    ("pagerduty", IntegrationCategory::Ticketing),
    ("pipedrive", IntegrationCategory::Crm),
    ("salesforce", IntegrationCategory::Crm),
    ("sendgrid", IntegrationCategory::Communication),
    ("servicenow", IntegrationCategory::Ticketing),
    ("slack", IntegrationCategory::Messaging),
    ("teams", IntegrationCategory::Messaging),
    ("telegram", IntegrationCategory::Messaging),
    ("trello", IntegrationCategory::ProjectManagement),
    ("twilio", IntegrationCategory::Communication),
    ("webhook", IntegrationCategory::Webhook),
    ("zendesk", IntegrationCategory::Ticketing),
    ("zoho_crm", IntegrationCategory::Crm),
];

/// What the platform of this name is for, whether docket has a connector for it or not; `None`: docket has never heard of it.
pub fn category_of(name: &str) -> Option<IntegrationCategory> {
    let found = KNOWN.binary_search_by_key(&name, |(known, _)| known).ok()?;
    KNOWN.get(found).map(|(_, category)| *category)
}

/// The platform of this name that docket has a connector for.
pub fn platform_of(name: &str) -> Option<Platform> {
    Platform::iter().find(|platform| platform.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_category_has_a_platform_and_every_connector_its_own() {
        assert!(KNOWN.is_sorted_by_key(|(name, _)| name));
        for category in IntegrationCategory::iter() {
            assert!(KNOWN.iter().any(|(_, of)| *of == category), "{category}");
        }
        for platform in Platform::iter() {
            assert_eq!(category_of(platform.name()), Some(platform.category()));
        }
        assert_eq!(category_of("Jira"), None);
        assert_eq!(platform_of("github"), Some(Platform::Github));
        assert_eq!(platform_of("zendesk"), None);
    }
}
