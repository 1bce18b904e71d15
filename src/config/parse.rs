//! The forms that the settings' values may have. Each parser says what is wrong with a value, and never repeats a secret.

use std::net::IpAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, Uri};
use ipnet::IpNet;

use super::{CorsOrigins, CredentialsKey, SigningSecret};

/// Python's `scheme+driver:` is taken without its driver. The value may hold a password, so that only its scheme is ever shown.
pub(super) fn database(text: &str) -> Result<String, String> {
    let (scheme, rest) = text
        .split_once(':')
        .ok_or("must be a URL such as postgres://user:password@host/database")?;
    match scheme.split('+').next().unwrap_or(scheme) {
        scheme @ ("sqlite" | "postgres" | "postgresql") => Ok(format!("{scheme}:{rest}")),
        other => Err(format!(
            "must begin with sqlite: or postgres:, not {other}:"
        )),
    }
}

pub(super) fn signing_secret(text: &str) -> Result<SigningSecret, String> {
    SigningSecret::new(text.as_bytes().to_vec()).ok_or_else(|| {
        format!(
            "must have at least {} bytes; `openssl rand -base64 32` makes one",
            SigningSecret::MIN
        )
    })
}

pub(super) fn credentials_key(text: &str) -> Result<CredentialsKey, String> {
    STANDARD
        .decode(text)
        .ok()
        .and_then(CredentialsKey::new)
        .ok_or_else(|| {
            "must be 32 bytes in base64; `openssl rand -base64 32` makes them".to_owned()
        })
}

pub(super) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

/// What `parse` makes of each item; of those that it refuses, all are told.
fn each<'a, T>(
    items: impl Iterator<Item = &'a str>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let (mut values, mut problems) = (Vec::new(), Vec::new());
    for item in items {
        match parse(item) {
            Ok(value) => values.push(value),
            Err(problem) => problems.push(problem),
        }
    }
    match problems.is_empty() {
        true => Ok(values),
        false => Err(problems.join("; ")),
    }
}

pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    each(list(text), |item| {
        let net = item.parse::<IpNet>();
        net.or_else(|_| item.parse::<IpAddr>().map(IpNet::from))
            .map_err(|_| format!("{item:?} is no network such as 10.1.0.0/16"))
    })
}

pub(super) fn origins(text: &str) -> Result<CorsOrigins, String> {
    match text {
        "*" => Ok(CorsOrigins::Any),
        "none" => Ok(CorsOrigins::SameOrigin),
        _ => each(list(text), origin).map(CorsOrigins::Only),
    }
}

/// Browsers send scheme, host and port alone, and compare byte by byte.
fn origin(item: &str) -> Result<HeaderValue, String> {
    let is_origin = item.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && !item.ends_with('/')
            && uri.path() == "/"
            && uri.query().is_none()
    });
    HeaderValue::from_str(item)
        .ok()
        .filter(|_| is_origin)
        .ok_or_else(|| format!("{item:?} is no origin such as https://desk.example.com"))
}

pub(super) fn extensions(text: &str) -> Result<Vec<String>, String> {
    let items: Vec<String> = if text.starts_with('[') {
        serde_json::from_str(text)
            .map_err(|_| "must be a JSON array of texts, or a comma list".to_owned())?
    } else {
        list(text).map(str::to_owned).collect()
    };
    each(items.iter().map(String::as_str), |item| {
        let bare = item.trim().trim_start_matches('.').to_ascii_lowercase();
        let fits =
            (1..=16).contains(&bare.len()) && bare.bytes().all(|b| b.is_ascii_alphanumeric());
        fits.then_some(bare)
            .ok_or_else(|| format!("{item:?} is no file extension such as pdf"))
    })
}
