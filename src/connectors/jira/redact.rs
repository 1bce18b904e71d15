//! Cleans what Jira says before it is kept or shown: no secrets, no control characters, a readable length.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{connectors::JiraCredentials, domain::export_log::shortened};

/// The longest text that is kept, in code points.
const MAX: usize = 300;
const HIDDEN: &str = "[redacted]";

/// Knows the secrets of one connection in every form in which they travel.
#[derive(Clone, Debug)]
pub(super) struct Redactor {
    secrets: Vec<SecretString>,
}

impl Redactor {
    pub(super) fn new(credentials: &JiraCredentials) -> Self {
        let token = credentials.api_token.expose_secret();
        let basic = BASE64_STANDARD.encode(format!("{}:{token}", credentials.email));
        Self {
            secrets: vec![basic.into(), credentials.api_token.clone()],
        }
    }

    /// The text in one line, without secrets, cut to 300 code points.
    pub(super) fn clean(&self, text: &str) -> String {
        self.clean_to(text, MAX)
    }

    /// The text in one line, without secrets, cut to so many code points.
    pub(super) fn clean_to(&self, text: &str, most: usize) -> String {
        let mut clean = text.to_owned();
        // Secrets go first: what is folded or cut could otherwise leave a part of one behind.
        for secret in &self.secrets {
            clean = clean.replace(secret.expose_secret(), HIDDEN);
        }
        let mut line = clean.split_whitespace().collect::<Vec<_>>().join(" ");
        line.retain(|c| !c.is_control());
        shortened(&line, most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_line_breaks_and_length_go() {
        let credentials = JiraCredentials::new("a@example.com", "s3cret".into()).unwrap();
        let redactor = Redactor::new(&credentials);
        let basic = BASE64_STANDARD.encode("a@example.com:s3cret");
        let clean = redactor.clean(&format!("no\n s3cret\u{7} Basic {basic}!"));
        assert_eq!(clean, "no [redacted] Basic [redacted]!");
        let long = redactor.clean(&"ä".repeat(1000));
        assert_eq!(long.chars().count(), MAX);
        assert!(!format!("{redactor:?}").contains("s3cret"));
    }
}
