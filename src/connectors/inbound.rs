//! Webhooks that platforms send to docket: who signed them, and which issue they speak of. Nothing else of them counts: the issue is
//! read again.

use std::borrow::Cow;

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::Sha256;

use crate::domain::integration::PlatformConfig;

/// In what is known of a copy besides: what kind of status it has.
pub const CATEGORY: &str = "external_status_category";
/// The kind of status of one that is no longer there, or no longer shown to docket.
pub(super) const GONE: &str = "GONE";

/// Where a ticket's copy stands on its platform.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Its status, in the platform's words.
    pub status: String,
    /// `OPEN`, `IN_PROGRESS`, `DONE` or `GONE`.
    pub category: &'static str,
    /// What the platform says of it in its own terms, by the names that this has in [`External::raw`]; null: nothing any more.
    ///
    /// [`External::raw`]: super::outcome::External::raw
    pub raw: Map<String, Value>,
}

impl Standing {
    /// Of one that is no longer there, or no longer shown to docket.
    pub(super) fn gone() -> Self {
        Self {
            status: "gone".to_owned(),
            category: GONE,
            ..Self::default()
        }
    }
}

/// Whether the header `X-Hub-Signature-256` (GitHub) or `X-Hub-Signature` (Jira) is that of this body under the secret. Takes as long for a
/// wrong one as for a right one.
pub fn is_signed(secret: &SecretString, header: &str, body: &[u8]) -> bool {
    let Some(given) = header.strip_prefix("sha256=").and_then(bytes) else {
        return false;
    };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else {
        return false;
    };
    mac.update(body);
    mac.verify_slice(&given).is_ok()
}

/// The bytes of hexadecimal digits.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = (0..digits.len())
        .step_by(2)
        .map(|at| digits.get(at..at + 2));
    pairs
        .map(|pair| u8::from_str_radix(pair?, 16).ok())
        .collect()
}

/// What a webhook speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The platform's own id of the issue; none where it speaks of no issue of the integration's.
    pub issue: Option<String>,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    issue: Option<Issue>,
    #[serde(default)]
    repository: Option<Repository>,
}

#[derive(Deserialize)]
struct Issue {
    /// A number on GitHub, a text on Jira.
    id: Value,
}

#[derive(Deserialize)]
struct Repository {
    #[serde(default)]
    full_name: String,
}

/// Reads the body; `None`: it is none of a webhook's.
pub fn read(config: &PlatformConfig, body: &[u8]) -> Option<Word> {
    let body: Body = serde_json::from_slice(&json(body)).ok()?;
    let id = body.issue.map(|issue| issue.id);
    let id = id.and_then(|id| match id {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    let here = match config {
        PlatformConfig::Github(config) => {
            let own = format!("{}/{}", config.owner, config.repository);
            let named = body.repository.map(|repository| repository.full_name);
            named.is_some_and(|named| named.eq_ignore_ascii_case(&own))
        }
        _ => true,
    };
    Some(Word {
        issue: id.filter(|_| here),
    })
}

/// GitHub sends a form where it is not told otherwise, with the JSON in its field `payload`. No JSON begins so.
fn json(body: &[u8]) -> Cow<'_, [u8]> {
    if !body.starts_with(b"payload=") {
        return body.into();
    }
    let payload = url::form_urlencoded::parse(body).next();
    let payload = payload.map(|(_, value)| value.into_owned());
    payload.unwrap_or_default().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of GitHub's documentation.
    #[test]
    fn a_signature_fits_its_body_and_secret_alone() {
        let secret = SecretString::from("It's a Secret to Everybody");
        let header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(is_signed(&secret, header, b"Hello, World!"));
        assert!(!is_signed(&secret, header, b"Hello, World"));
        assert!(!is_signed(&"another".into(), header, b"Hello, World!"));
        for broken in [
            "",
            "sha256=",
            "sha1=757107ea",
            "sha256=7",
            "sha256=zz",
            "sha256=7571\u{e9}",
        ] {
            assert!(!is_signed(&secret, broken, b"Hello, World!"), "{broken}");
        }
    }

    #[test]
    fn an_issue_is_named_by_its_id_whatever_its_form() {
        let config = PlatformConfig::Github(crate::domain::integration::GithubConfig {
            owner: "acme".to_owned(),
            repository: "app".to_owned(),
            api_url: "https://api.github.com".parse().unwrap(),
            labels: Vec::new(),
        });
        let of = |text: &str| read(&config, text.as_bytes());
        let told = of(r#"{"issue":{"id":7},"repository":{"full_name":"Acme/app"}}"#).unwrap();
        assert_eq!(told.issue.as_deref(), Some("7"));
        let other = of(r#"{"issue":{"id":7},"repository":{"full_name":"acme/other"}}"#).unwrap();
        assert_eq!(other.issue, None);
        assert_eq!(of(r#"{"zen":"Keep it"}"#).unwrap().issue, None);
        assert_eq!(of("not json"), None);
        let form = "payload=%7B%22issue%22%3A%7B%22id%22%3A7%7D%2C%22repository%22%3A+%7B%22full_name%22%3A%22acme%2Fapp%22%7D%7D";
        assert_eq!(of(form).unwrap().issue.as_deref(), Some("7"));
        assert_eq!(of("payload="), None);
    }
}
