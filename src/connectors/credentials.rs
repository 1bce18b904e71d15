//! What proves to a platform who docket is. Never printed, never serialised except for sealing.

mod sealing;
#[cfg(test)]
mod tests;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::{
    domain::integration::{JiraDeployment, Platform, PlatformConfig},
    error::{Broken, each},
};

/// A platform's credentials.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// Of a Jira site.
    Jira(JiraCredentials),
    /// Of a Slack workspace.
    Slack(SlackCredentials),
    /// Of a GitHub account or app.
    Github(GithubCredentials),
    /// Of an HTTP receiver.
    Webhook(WebhookCredentials),
}

/// An account of a Jira site and a token that was made for it.
#[derive(Clone, Debug)]
pub struct JiraCredentials {
    /// The account's e-mail address; empty on Data Center, where the token alone tells the account.
    pub email: String,
    /// An unscoped API token, or a personal access token. (Scoped ones work only at Atlassian's gateway, not on the site's address.)
    pub api_token: SecretString,
    /// What the site signs its webhooks to docket with.
    pub webhook_secret: Option<SecretString>,
}

/// The token of a Slack app's bot.
#[derive(Clone, Debug)]
pub struct SlackCredentials {
    /// `xoxb-…`.
    pub bot_token: SecretString,
}

/// A token that may write issues.
#[derive(Clone, Debug)]
pub struct GithubCredentials {
    /// Of a person or an app.
    pub token: SecretString,
    /// What GitHub signs its webhooks to docket with.
    pub webhook_secret: Option<SecretString>,
}

/// What webhooks are signed with.
#[derive(Clone, Debug)]
pub struct WebhookCredentials {
    /// `whsec_…`; one to five, the newest first.
    pub secrets: Vec<SecretString>,
}

impl Credentials {
    /// Which platform they are for.
    pub const fn platform(&self) -> Platform {
        match self {
            Self::Jira(_) => Platform::Jira,
            Self::Slack(_) => Platform::Slack,
            Self::Github(_) => Platform::Github,
            Self::Webhook(_) => Platform::Webhook,
        }
    }

    /// Whether they go with these settings, beside being of the same platform.
    pub fn fit(&self, config: &PlatformConfig) -> Result<(), Broken> {
        let (Self::Jira(credentials), PlatformConfig::Jira(config)) = (self, config) else {
            return Ok(());
        };
        match (config.deployment, credentials.email.is_empty()) {
            (JiraDeployment::Cloud, true) => Err(Broken::at(
                ".jira.email",
                "must be the e-mail address of a Jira account",
            )),
            (JiraDeployment::DataCenter, false) => Err(Broken::at(
                ".jira.email",
                "must be empty on Data Center: a personal access token tells its account",
            )),
            _ => Ok(()),
        }
    }

    /// What the platform signs its webhooks to docket with, where that was given.
    pub fn webhook_secret(&self) -> Option<&SecretString> {
        match self {
            Self::Jira(jira) => jira.webhook_secret.as_ref(),
            Self::Github(github) => github.webhook_secret.as_ref(),
            Self::Slack(_) | Self::Webhook(_) => None,
        }
    }
}

impl JiraCredentials {
    /// The longest e-mail address, in code points.
    pub const EMAIL_MAX: usize = 320;

    /// Checks what can be checked without asking Jira. No rule quotes the token.
    pub fn new(email: &str, api_token: SecretString) -> Result<Self, Vec<Broken>> {
        let mut faults = Vec::new();
        // A colon would end the user's name in Basic authentication (RFC 7617, section 2).
        let foreign = |c: char| c.is_control() || c.is_whitespace() || c == ':';
        let fits = email.chars().count() <= Self::EMAIL_MAX;
        let whole = email.is_empty() || email.contains('@');
        if !fits || !whole || email.chars().any(foreign) {
            let rule = "must be the e-mail address of a Jira account";
            faults.push(Broken::at(".email", rule));
        }
        faults.extend(token_faults(".api_token", &api_token));
        match faults.is_empty() {
            true => Ok(Self {
                email: email.to_owned(),
                api_token,
                webhook_secret: None,
            }),
            false => Err(faults),
        }
    }

    /// The same, with the secret of its webhooks; an empty one is none.
    pub fn with_webhook_secret(self, secret: SecretString) -> Result<Self, Broken> {
        let webhook_secret = webhook_secret(secret)?;
        Ok(Self {
            webhook_secret,
            ..self
        })
    }
}

impl SlackCredentials {
    /// Checks what can be checked without asking Slack. No rule quotes the token.
    pub fn new(bot_token: SecretString) -> Result<Self, Broken> {
        match token_faults(".bot_token", &bot_token) {
            Some(broken) => Err(broken),
            None => Ok(Self { bot_token }),
        }
    }
}

impl GithubCredentials {
    /// Checks what can be checked without asking GitHub. No rule quotes the token.
    pub fn new(token: SecretString) -> Result<Self, Broken> {
        match token_faults(".token", &token) {
            Some(broken) => Err(broken),
            None => Ok(Self {
                token,
                webhook_secret: None,
            }),
        }
    }

    /// The same, with the secret of its webhooks; an empty one is none.
    pub fn with_webhook_secret(self, secret: SecretString) -> Result<Self, Broken> {
        let webhook_secret = webhook_secret(secret)?;
        Ok(Self {
            webhook_secret,
            ..self
        })
    }
}

impl WebhookCredentials {
    /// What a secret begins with.
    const PREFIX: &'static str = "whsec_";

    /// Checks the form of the secrets: one to five, none twice. No rule quotes one.
    pub fn new(secrets: Vec<SecretString>) -> Result<Self, Vec<Broken>> {
        if !(1..=5).contains(&secrets.len()) {
            return Err(Broken::at(".secrets", "must have 1 to 5 entries").into());
        }
        let checked = each(secrets.iter(), |secret| match key(secret) {
            Some(_) => Ok(()),
            None => Err(Broken::new("must be whsec_ and 24 to 64 bytes in base64")),
        });
        if let Err(faults) = checked {
            let faults = faults.into_iter();
            let at = |fault: Broken| Broken::at(format!(".secrets{}", fault.path), fault.rule);
            return Err(faults.map(at).collect());
        }
        let same = |i: usize, j: usize| match (secrets.get(i), secrets.get(j)) {
            (Some(a), Some(b)) => a.expose_secret() == b.expose_secret(),
            _ => false,
        };
        for i in 1..secrets.len() {
            if (0..i).any(|j| same(i, j)) {
                return Err(Broken::at(format!(".secrets[{i}]"), "is there twice").into());
            }
        }
        Ok(Self { secrets })
    }

    /// The keys behind the secrets.
    pub fn keys(&self) -> impl Iterator<Item = Zeroizing<Vec<u8>>> {
        self.secrets.iter().filter_map(key)
    }
}

/// The bytes of `whsec_…`.
fn key(secret: &SecretString) -> Option<Zeroizing<Vec<u8>>> {
    let encoded = secret.expose_secret();
    let encoded = encoded.strip_prefix(WebhookCredentials::PREFIX)?;
    let bytes = Zeroizing::new(BASE64_STANDARD.decode(encoded).ok()?);
    (24..=64).contains(&bytes.len()).then_some(bytes)
}

/// The longest token, in bytes.
const TOKEN_MAX: usize = 4096;

fn token_faults(field: &str, token: &SecretString) -> Option<Broken> {
    let bytes = token.expose_secret().as_bytes();
    let fits = (1..=TOKEN_MAX).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
    (!fits).then(|| {
        let rule = "must have 1 to 4096 printable ASCII characters without blanks";
        Broken::at(field, rule)
    })
}

fn webhook_secret(secret: SecretString) -> Result<Option<SecretString>, Broken> {
    if secret.expose_secret().is_empty() {
        return Ok(None);
    }
    let bytes = secret.expose_secret().as_bytes();
    match (16..=255).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic) {
        true => Ok(Some(secret)),
        false => Err(Broken::at(
            ".webhook_secret",
            "must have 16 to 255 printable ASCII characters without blanks",
        )),
    }
}
