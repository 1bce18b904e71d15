//! Platforms: which ones there are in the world, which ones docket has a connector for, and what a form for one asks.

use super::integration::{IntegrationCategory, JiraConfig, Platform};

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

/// A field of a platform's config or credentials message, for whoever draws a form for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in the contract.
    pub name: &'static str,
    /// Its type in the contract.
    pub kind: &'static str,
    /// Whether it must be given.
    pub required: bool,
    /// Whether it only goes in.
    pub secret: bool,
    /// One sentence for the person who fills it in.
    pub description: &'static str,
    /// What holds when it is left out.
    pub default_value: Option<&'static str>,
    /// What an enum may hold.
    pub allowed_values: &'static [&'static str],
}

/// A field that may be left out.
const OPTIONAL: Field = Field {
    name: "",
    kind: "string",
    required: false,
    secret: false,
    description: "",
    default_value: None,
    allowed_values: &[],
};

const JIRA_CONFIG: [Field; 6] = [
    Field {
        name: "site_url",
        required: true,
        description: "The site's address without a path, such as https://acme.atlassian.net.",
        ..OPTIONAL
    },
    Field {
        name: "project_key",
        description: "The project that single tickets go to; may be left out where only sessions are exported.",
        ..OPTIONAL
    },
    Field {
        name: "default_issue_type",
        description: "The type of issue for a ticket that names none.",
        default_value: Some(JiraConfig::DEFAULT_ISSUE_TYPE),
        ..OPTIONAL
    },
    Field {
        name: "deployment",
        kind: "enum",
        description: "Which flavour of Jira the site runs.",
        default_value: Some("JIRA_DEPLOYMENT_CLOUD"),
        allowed_values: &["JIRA_DEPLOYMENT_CLOUD"],
        ..OPTIONAL
    },
    Field {
        name: "export_delay",
        kind: "duration",
        description: "The least time between two creates of an export, up to 60 s.",
        default_value: Some("1.5s"),
        ..OPTIONAL
    },
    Field {
        name: "concurrency",
        kind: "int32",
        description: "How many tickets of an export may be on their way at once where export_delay is 0: 1 to 10.",
        default_value: Some("1"),
        ..OPTIONAL
    },
];

const JIRA_CREDENTIALS: [Field; 2] = [
    Field {
        name: "email",
        required: true,
        description: "The e-mail address of the account that docket uses.",
        ..OPTIONAL
    },
    Field {
        name: "api_token",
        required: true,
        secret: true,
        description: "An unscoped API token of that account.",
        ..OPTIONAL
    },
];

impl Platform {
    /// The fields of its config message, in the order of a form.
    pub const fn config_fields(self) -> &'static [Field] {
        match self {
            Self::Jira => &JIRA_CONFIG,
        }
    }

    /// The fields of its credentials message, in the order of a form.
    pub const fn credential_fields(self) -> &'static [Field] {
        match self {
            Self::Jira => &JIRA_CREDENTIALS,
        }
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

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
    }

    #[test]
    fn the_default_pace_is_told_as_it_is() {
        let told = JIRA_CONFIG
            .iter()
            .find(|field| field.name == "export_delay");
        let default = format!("{}s", JiraConfig::DEFAULT_DELAY.as_secs_f64());
        assert_eq!(
            told.and_then(|field| field.default_value),
            Some(default.as_str())
        );
    }
}
