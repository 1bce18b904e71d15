//! What a form for a platform asks.

use crate::domain::integration::{GithubConfig, JiraConfig, Platform, SlackConfig};

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
        description: "The site's address, such as https://acme.atlassian.net; of a site of your own with its context path, where it has one.",
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
        allowed_values: &["JIRA_DEPLOYMENT_CLOUD", "JIRA_DEPLOYMENT_DATA_CENTER"],
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

const JIRA_CREDENTIALS: [Field; 3] = [
    Field {
        name: "email",
        description: "On Jira Cloud, where it is required: the e-mail address of the account that docket uses.",
        ..OPTIONAL
    },
    Field {
        name: "api_token",
        required: true,
        secret: true,
        description: "An unscoped API token of that account; on Data Center a personal access token.",
        ..OPTIONAL
    },
    WEBHOOK_SECRET,
];

/// The secret of webhooks that come in.
const WEBHOOK_SECRET: Field = Field {
    name: "webhook_secret",
    secret: true,
    description: "The secret that the platform signs its webhooks to docket with; without one none is taken.",
    ..OPTIONAL
};

const SLACK_CONFIG: [Field; 2] = [
    Field {
        name: "channel",
        required: true,
        description: "The channel to post in: its id, such as C0123ABCD, or its name, such as #ops.",
        ..OPTIONAL
    },
    Field {
        name: "api_url",
        description: "Where Slack's Web API is; GovSlack has its own.",
        default_value: Some(SlackConfig::DEFAULT_API),
        ..OPTIONAL
    },
];

const SLACK_CREDENTIALS: [Field; 1] = [Field {
    name: "bot_token",
    required: true,
    secret: true,
    description: "The bot token (xoxb-…) of a Slack app with the scope chat:write.",
    ..OPTIONAL
}];

const GITHUB_CONFIG: [Field; 4] = [
    Field {
        name: "owner",
        required: true,
        description: "The account or organisation that owns the repository.",
        ..OPTIONAL
    },
    Field {
        name: "repository",
        required: true,
        description: "The repository's name, without its owner's.",
        ..OPTIONAL
    },
    Field {
        name: "api_url",
        description: "Where GitHub's REST API is; GitHub Enterprise Server has its own, which ends in /api/v3.",
        default_value: Some(GithubConfig::DEFAULT_API),
        ..OPTIONAL
    },
    Field {
        name: "labels",
        kind: "repeated string",
        description: "Labels given to each issue, up to 20.",
        ..OPTIONAL
    },
];

const GITHUB_CREDENTIALS: [Field; 2] = [
    Field {
        name: "token",
        required: true,
        secret: true,
        description: "A token that may read and write the repository's issues.",
        ..OPTIONAL
    },
    WEBHOOK_SECRET,
];

const WEBHOOK_CONFIG: [Field; 2] = [
    Field {
        name: "url",
        required: true,
        description: "The address that takes the signed POST.",
        ..OPTIONAL
    },
    Field {
        name: "headers",
        kind: "map",
        description: "Headers sent along, up to 20; not for secrets, since they can be read back.",
        ..OPTIONAL
    },
];

const WEBHOOK_CREDENTIALS: [Field; 1] = [Field {
    name: "secrets",
    kind: "repeated string",
    required: true,
    secret: true,
    description: "One to five secrets of the form whsec_…; each request is signed with all of them.",
    ..OPTIONAL
}];

impl Platform {
    /// The fields of its config message, in the order of a form.
    pub const fn config_fields(self) -> &'static [Field] {
        match self {
            Self::Jira => &JIRA_CONFIG,
            Self::Slack => &SLACK_CONFIG,
            Self::Github => &GITHUB_CONFIG,
            Self::Webhook => &WEBHOOK_CONFIG,
        }
    }

    /// The fields of its credentials message, in the order of a form.
    pub const fn credential_fields(self) -> &'static [Field] {
        match self {
            Self::Jira => &JIRA_CREDENTIALS,
            Self::Slack => &SLACK_CREDENTIALS,
            Self::Github => &GITHUB_CREDENTIALS,
            Self::Webhook => &WEBHOOK_CREDENTIALS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
