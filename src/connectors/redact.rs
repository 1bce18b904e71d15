//! Cleans what a platform says before it is kept or shown: no secrets, no control characters, a readable length.

use secrecy::{ExposeSecret as _, SecretString};
use url::form_urlencoded::byte_serialize;

use crate::domain::export_log::shortened;

/// The longest text that is kept, in code points.
const MAX: usize = 300;
const HIDDEN: &str = "[redacted]";

/// Knows the secrets of one connection in every form in which they travel.
#[derive(Clone, Debug)]
pub(super) struct Redactor {
    secrets: Vec<SecretString>,
}

impl Redactor {
    /// Of these secrets; an empty one would be found everywhere, and is none.
    pub(super) fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        let secrets = secrets.into_iter().flat_map(|secret| {
            let quoted = quoted(secret.expose_secret());
            // PHP writes a slash in JSON so.
            let slashed = quoted.expose_secret().replace('/', "\\/");
            let escaped: String = byte_serialize(secret.expose_secret().as_bytes()).collect();
            let escaped_small = small_escapes(&escaped);
            [
                secret,
                quoted,
                slashed.into(),
                escaped.into(),
                escaped_small.into(),
            ]
        });
        let mut secrets: Vec<SecretString> = secrets
            .filter(|secret| !secret.expose_secret().is_empty())
            .collect();
        // One secret may be a part of another: the longer goes first.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
        Self { secrets }
    }

    /// Takes the secrets out of what a platform has answered, before anything is read in it.
    pub(super) fn hide(&self, body: &mut Vec<u8>) {
        let Ok(text) = std::str::from_utf8(body) else {
            return;
        };
        let held = |secret: &&SecretString| text.contains(secret.expose_secret());
        if self.secrets.iter().any(|secret| held(&secret)) {
            *body = self.without(text).into_bytes();
        }
    }

    fn without(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for secret in &self.secrets {
            clean = clean.replace(secret.expose_secret(), HIDDEN);
        }
        clean
    }

    /// The text in one line, without secrets, cut to 300 code points.
    pub(super) fn clean(&self, text: &str) -> String {
        self.clean_to(text, MAX)
    }

    /// The text in one line, without secrets, cut to so many code points.
    pub(super) fn clean_to(&self, text: &str, most: usize) -> String {
        // Secrets go first: what is folded or cut could otherwise leave a part of one behind.
        let clean = self.without(text);
        let mut line = clean.split_whitespace().collect::<Vec<_>>().join(" ");
        line.retain(|c| !c.is_control());
        shortened(&line, most)
    }
}

/// A text with its escapes (`%2F`) in small letters (`%2f`), as some write them.
fn small_escapes(text: &str) -> String {
    let mut parts = text.split('%');
    let mut small = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        small.extend(["%", &code.to_ascii_lowercase(), rest]);
    }
    small
}

/// The secret as it stands within JSON.
fn quoted(secret: &str) -> SecretString {
    let quoted = secret.replace('\\', "\\\\").replace('"', "\\\"");
    quoted.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_line_breaks_and_length_go() {
        let redactor = Redactor::new(["s3cret".into(), "".into(), "s3cret-and-more".into()]);
        let clean = redactor.clean("no\n s3cret\u{7} s3cret-and-more!");
        assert_eq!(clean, "no [redacted] [redacted]!");
        let redactor = Redactor::new([r#"a"b\c"#.into()]);
        assert_eq!(
            redactor.clean(r#"{"x":"a\"b\\c"}"#),
            r#"{"x":"[redacted]"}"#
        );
        let redactor = Redactor::new(["whsec_a/b".into()]);
        for echo in [r"whsec_a\/b", "whsec_a%2Fb", "whsec_a%2fb", "whsec_a/b"] {
            assert_eq!(redactor.clean(echo), "[redacted]", "{echo}");
            let mut body = format!("<{echo}>").into_bytes();
            redactor.hide(&mut body);
            assert_eq!(body, b"<[redacted]>");
        }
        let long = redactor.clean(&"ä".repeat(1000));
        assert_eq!(long.chars().count(), MAX);
        assert!(!format!("{redactor:?}").contains("s3cret"));
    }
}
