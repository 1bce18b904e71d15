//! The one serialised form of credentials: the plain text that is sealed.

use std::borrow::Cow;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    Credentials, GithubCredentials, JiraCredentials, SlackCredentials, WebhookCredentials,
};
use crate::error::Broken;

/// Private, so that nothing else can write a secret by accident.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Plain<'a> {
    Jira {
        #[serde(borrow)]
        email: Cow<'a, str>,
        #[serde(borrow)]
        api_token: Cow<'a, str>,
        #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
        webhook_secret: Cow<'a, str>,
    },
    Slack {
        #[serde(borrow)]
        bot_token: Cow<'a, str>,
    },
    Github {
        #[serde(borrow)]
        token: Cow<'a, str>,
        #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
        webhook_secret: Cow<'a, str>,
    },
    Webhook {
        #[serde(borrow)]
        secrets: Vec<Cow<'a, str>>,
    },
}

impl Credentials {
    /// The plain text to seal: JSON that [`Self::from_exposed`] reads. The buffer is wiped when dropped.
    pub fn expose(&self) -> serde_json::Result<Zeroizing<Vec<u8>>> {
        let plain = match self {
            Self::Jira(jira) => Plain::Jira {
                email: jira.email.as_str().into(),
                api_token: jira.api_token.expose_secret().into(),
                webhook_secret: optional(jira.webhook_secret.as_ref()),
            },
            Self::Slack(slack) => Plain::Slack {
                bot_token: slack.bot_token.expose_secret().into(),
            },
            Self::Github(github) => Plain::Github {
                token: github.token.expose_secret().into(),
                webhook_secret: optional(github.webhook_secret.as_ref()),
            },
            Self::Webhook(webhook) => Plain::Webhook {
                secrets: webhook
                    .secrets
                    .iter()
                    .map(|secret| secret.expose_secret().into())
                    .collect(),
            },
        };
        // Grown by doubling, a buffer would leave copies of the secret behind in freed memory.
        let mut bytes = Zeroizing::new(Vec::with_capacity(16 * 1024));
        serde_json::to_writer(&mut *bytes, &plain)?;
        Ok(bytes)
    }

    /// Reads what [`Self::expose`] wrote. The error tells nothing of the content.
    pub fn from_exposed(bytes: &[u8]) -> Result<Self, Broken> {
        let broken = || Broken::new("must be sealed credentials");
        let plain: Plain<'_> = serde_json::from_slice(bytes).map_err(|_| broken())?;
        let secret = |text: Cow<'_, str>| SecretString::from(text.into_owned());
        match plain {
            Plain::Jira {
                email,
                api_token,
                webhook_secret,
            } => JiraCredentials::new(&email, secret(api_token))
                .map_err(|_| broken())?
                .with_webhook_secret(secret(webhook_secret))
                .map(Self::Jira),
            Plain::Slack { bot_token } => SlackCredentials::new(secret(bot_token)).map(Self::Slack),
            Plain::Github {
                token,
                webhook_secret,
            } => GithubCredentials::new(secret(token))?
                .with_webhook_secret(secret(webhook_secret))
                .map(Self::Github),
            Plain::Webhook { secrets } => {
                WebhookCredentials::new(secrets.into_iter().map(secret).collect())
                    .map_err(|_| broken())
                    .map(Self::Webhook)
            }
        }
    }
}

fn optional(secret: Option<&SecretString>) -> Cow<'_, str> {
    secret.map_or("", |secret| secret.expose_secret()).into()
}
