//! Settings of an HTTP receiver.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

use super::address::receiver;
use crate::error::Broken;

/// An HTTP receiver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WebhookConfig {
    /// Where to post.
    pub url: Url,
    /// Headers sent along, by their names in lower case.
    pub headers: BTreeMap<String, String>,
}

/// What is to become of the settings of an HTTP receiver; `None`: it stays.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(
    missing_docs,
    reason = "each field is the one of the same name in WebhookConfig"
)]
pub struct WebhookConfigChange {
    pub url: Option<Url>,
    pub headers: Option<BTreeMap<String, String>>,
}

impl WebhookConfigChange {
    /// Settings of nothing but this change; `None` unless it names all of them.
    pub fn whole(self) -> Option<WebhookConfig> {
        Some(WebhookConfig {
            url: self.url?,
            headers: self.headers?,
        })
    }
}

/// Headers that are docket's own, the connection's, or a secret's, beside `content-*`, `webhook-*` and `proxy-*`.
const KEPT: [&str; 13] = [
    "accept",
    "authorization",
    "connection",
    "cookie",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
];

impl WebhookConfig {
    pub(super) fn changed(&self, change: &WebhookConfigChange) -> Self {
        let change = change.clone();
        Self {
            url: change.url.unwrap_or_else(|| self.url.clone()),
            headers: change.headers.unwrap_or_else(|| self.headers.clone()),
        }
    }

    /// Where to post.
    pub fn url(text: &str) -> Result<Url, Broken> {
        receiver(text)
    }

    /// Headers to send along: at most 20, none twice in whatever case.
    pub fn headers<'a>(
        given: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> Result<BTreeMap<String, String>, Vec<Broken>> {
        let mut given: Vec<_> = given.into_iter().collect();
        // A map has no order of its own, and faults are to be told in one.
        given.sort();
        if given.len() > 20 {
            return Err(Broken::new("must have at most 20 entries").into());
        }
        let mut kept = BTreeMap::new();
        let mut faults = Vec::new();
        for (name, value) in given {
            match header(name, value) {
                Err(broken) => faults.push(broken),
                Ok((name, value)) => {
                    if kept.insert(name.clone(), value).is_some() {
                        let rule = format!("must not name {name:?} in upper and lower case");
                        faults.push(Broken::new(rule));
                    }
                }
            }
        }
        match faults.is_empty() {
            true => Ok(kept),
            false => Err(faults),
        }
    }
}

fn header(name: &str, value: &str) -> Result<(String, String), Broken> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if !(1..=64).contains(&name.len()) || !name.bytes().all(token) {
        return Err(Broken::new(
            "must have names that are HTTP tokens of 1 to 64 characters",
        ));
    }
    let lower = name.to_ascii_lowercase();
    let own = ["content-", "webhook-", "proxy-"];
    if KEPT.contains(&lower.as_str()) || own.iter().any(|prefix| lower.starts_with(prefix)) {
        return Err(Broken::new(format!("must not set {lower:?}")));
    }
    let printable = |b: u8| b.is_ascii_graphic() || b == b' ';
    if value.len() > 1024 || !value.bytes().all(printable) || value.trim() != value {
        let rule = format!("must give {lower:?} a value of at most 1024 printable characters");
        return Err(Broken::new(rule));
    }
    Ok((lower, value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(given: &[(&str, &str)]) -> Result<Vec<String>, usize> {
        let given: BTreeMap<String, String> = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let read = WebhookConfig::headers(&given);
        read.map(|kept| kept.into_keys().collect())
            .map_err(|faults| faults.len())
    }

    #[test]
    fn headers_of_docket_and_of_the_connection_are_kept_from_others() {
        assert_eq!(headers(&[("X-Team", "ops")]), Ok(vec!["x-team".to_owned()]));
        let refused = [
            ("Authorization", "x"),
            ("content-length", "1"),
            ("Webhook-Id", "x"),
            ("transfer-encoding", "chunked"),
            ("two words", "x"),
            ("x-line", "a\r\nb: c"),
            ("x-umlaut", "ä"),
        ];
        assert_eq!(headers(&refused), Err(refused.len()));
        assert_eq!(headers(&[("x-a", "1"), ("X-A", "2")]), Err(1));
    }

    #[test]
    fn an_address_has_no_credentials_and_no_fragment() {
        assert!(WebhookConfig::url("https://hooks.example.com/in?team=ops").is_ok());
        for text in [
            "",
            "hooks.example.com",
            "ftp://hooks.example.com",
            "https://ada:secret@hooks.example.com",
            "https://hooks.example.com/#part",
        ] {
            assert!(WebhookConfig::url(text).is_err(), "{text}");
        }
    }
}
