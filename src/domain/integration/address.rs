//! Addresses of outside systems: what they must look like. Whether one may be called is the address guard's to say.

use url::Url;

use crate::error::Broken;

/// The longest address, in code points.
const MAX: usize = 2048;

/// An absolute http(s) address with a host. Plain http is for hosts that docket's settings allow, which the guard knows.
pub(super) fn parsed(text: &str) -> Result<Url, Broken> {
    if text.chars().count() > MAX {
        return Err(Broken::new("must have at most 2048 characters"));
    }
    let url = Url::parse(text).map_err(|_| Broken::new("must be an absolute URL"))?;
    match url.scheme() {
        "https" | "http" if url.host().is_some() => Ok(url),
        _ => Err(Broken::new("must be an http(s) URL with a host")),
    }
}

/// Whether the address has neither credentials nor a fragment.
pub(super) fn plain(url: &Url) -> bool {
    url.fragment().is_none() && url.username().is_empty() && url.password().is_none()
}

/// The address under which an interface's calls lie: without a query, fragment or credentials.
pub(super) fn base(text: &str) -> Result<Url, Broken> {
    let url = parsed(text)?;
    match url.query().is_none() && plain(&url) {
        true => Ok(url),
        false => Err(Broken::new(
            "must be http(s)://host[:port][/path] without a query, fragment or credentials",
        )),
    }
}

/// The address of a receiver: without a fragment or credentials.
pub(super) fn receiver(text: &str) -> Result<Url, Broken> {
    let url = parsed(text)?;
    match plain(&url) {
        true => Ok(url),
        false => Err(Broken::new("must have neither a fragment nor credentials")),
    }
}
