//! What proves to a platform who docket is. Never printed, never serialised except for sealing.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{domain::integration::Platform, error::Broken};

/// A platform's credentials.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// Of a Jira site.
    Jira(JiraCredentials),
}

/// An account of a Jira Cloud site and a token that was made for it.
#[derive(Clone, Debug)]
pub struct JiraCredentials {
    /// The account's e-mail address.
    pub email: String,
    /// An unscoped API token. (Scoped tokens work only at Atlassian's gateway, not on the site's address.)
    pub api_token: SecretString,
}

/// The one serialised form; private, so that nothing else can write a secret by accident.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Plain<'a> {
    Jira {
        #[serde(borrow)]
        email: std::borrow::Cow<'a, str>,
        #[serde(borrow)]
        api_token: std::borrow::Cow<'a, str>,
    },
}

impl Credentials {
    /// Which platform they are for.
    pub const fn platform(&self) -> Platform {
        match self {
            Self::Jira(_) => Platform::Jira,
        }
    }

    /// The plain text to seal: JSON that [`Self::from_exposed`] reads. The buffer is wiped when dropped.
    pub fn expose(&self) -> serde_json::Result<Zeroizing<Vec<u8>>> {
        let plain = match self {
            Self::Jira(jira) => Plain::Jira {
                email: jira.email.as_str().into(),
                api_token: jira.api_token.expose_secret().into(),
            },
        };
        // Grown by doubling, a buffer would leave copies of the secret behind in freed memory.
        let mut bytes = Zeroizing::new(Vec::with_capacity(16 * 1024));
        serde_json::to_writer(&mut *bytes, &plain)?;
        Ok(bytes)
    }

    /// Reads what [`Self::expose`] wrote. The error tells nothing of the content.
    pub fn from_exposed(bytes: &[u8]) -> Result<Self, Broken> {
        let plain: Plain<'_> =
            serde_json::from_slice(bytes).map_err(|_| Broken::new("must be sealed credentials"))?;
        match plain {
            Plain::Jira { email, api_token } => {
                JiraCredentials::new(&email, api_token.into_owned().into()).map(Self::Jira)
            }
        }
    }
}

impl JiraCredentials {
    /// The longest e-mail address, in code points.
    pub const EMAIL_MAX: usize = 320;
    /// The longest token, in bytes.
    pub const TOKEN_MAX: usize = 4096;

    /// Checks what can be checked without asking Jira. No rule quotes the token.
    pub fn new(email: &str, api_token: SecretString) -> Result<Self, Broken> {
        // A colon would end the user's name in Basic authentication (RFC 7617, section 2).
        let foreign = |c: char| c.is_control() || c.is_whitespace() || c == ':';
        let fits = email.chars().count() <= Self::EMAIL_MAX;
        if !fits || email.chars().any(foreign) || !email.contains('@') {
            return Err(Broken::at(
                ".email",
                "must be the e-mail address of a Jira account",
            ));
        }
        let token = api_token.expose_secret().as_bytes();
        let fits = (1..=Self::TOKEN_MAX).contains(&token.len());
        if !fits || !token.iter().all(u8::is_ascii_graphic) {
            return Err(Broken::at(
                ".api_token",
                "must have 1 to 4096 printable ASCII characters without blanks",
            ));
        }
        Ok(Self {
            email: email.to_owned(),
            api_token,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "ATATT3x-planted-token";

    fn credentials() -> Credentials {
        Credentials::Jira(JiraCredentials::new("a@example.com", TOKEN.into()).unwrap())
    }

    #[test]
    fn debug_never_shows_the_token() {
        let text = format!("{:?}", credentials());
        assert!(text.contains("a@example.com"), "{text}");
        assert!(!text.contains(TOKEN), "{text}");
    }

    #[test]
    fn what_was_exposed_for_sealing_reads_back() {
        let bytes = credentials().expose().unwrap();
        let Credentials::Jira(back) = Credentials::from_exposed(&bytes).unwrap();
        assert_eq!(back.email, "a@example.com");
        assert_eq!(back.api_token.expose_secret(), TOKEN);
    }

    #[test]
    fn broken_values_are_refused_without_being_quoted() {
        let cases = [
            ("", TOKEN, ".email"),
            ("a:b@example.com", TOKEN, ".email"),
            ("nobody", TOKEN, ".email"),
            ("a@example.com", "", ".api_token"),
            ("a@example.com", "two words", ".api_token"),
            ("a@example.com", "line\nbreak", ".api_token"),
        ];
        for (email, token, path) in cases {
            let broken = JiraCredentials::new(email, token.into()).unwrap_err();
            assert_eq!(broken.path, path, "{email:?} {token:?}");
            assert!(token.is_empty() || !broken.rule.contains(token));
        }
        let sealed = br#"{"jira":{"email":"a@example.com"}}"#;
        assert!(Credentials::from_exposed(sealed).is_err());
    }
}
