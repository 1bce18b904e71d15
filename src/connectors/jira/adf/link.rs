//! The addresses of links and images: absolute, and of a kind that runs nothing.

use html5ever::local_name;
use url::Url;

use super::dom::{Dom, NodeId};
use super::loss::Kind;
use super::tree::Href;

/// The kinds of address that need an authority: the official validator insists on their `://`.
const WITH_AUTHORITY: [&str; 6] = ["http", "https", "ftp", "ftps", "scp", "sftp"];
/// The other kinds of address the official validator of every generation lets through.
const OTHERS: [&str; 25] = [
    "callto", "cvs", "facetime", "feed", "git", "irc", "irc6", "itms", "magnet", "mailto", "mvn",
    "news", "nntp", "notes", "rdp", "sip", "sips", "skype", "slack", "ssh", "svn", "tel", "telnet",
    "vnc", "xmpp",
];

/// Resolves addresses against the document's base.
pub(super) struct Links {
    base: Option<Url>,
}

impl Links {
    /// The base is the document's own `<base href>` if it has one, itself resolved against `base`.
    pub(super) fn new(dom: &Dom, base: Option<&Url>) -> Self {
        let own = find_base(dom).and_then(|href| match base {
            Some(base) => base.join(&href).ok(),
            None => Url::parse(&href).ok(),
        });
        let base = own.or_else(|| base.cloned()).filter(is_web);
        Self { base }
    }

    /// The address of a link.
    pub(super) fn link(&self, address: &str) -> Result<Href, Kind> {
        let (url, text) = self.resolve(address)?;
        let scheme = url.scheme();
        if OTHERS.contains(&scheme) || (WITH_AUTHORITY.contains(&scheme) && url.has_authority()) {
            Ok(text.unwrap_or_else(|| url.as_str().to_owned()).into())
        } else {
            Err(Kind::LinkUnsafe)
        }
    }

    /// The address of an image.
    pub(super) fn image(&self, address: &str) -> Option<String> {
        let (url, text) = self.resolve(address).ok()?;
        is_web(&url).then(|| text.unwrap_or_else(|| url.as_str().to_owned()))
    }

    /// The address, and its text as written where that can stay.
    fn resolve(&self, address: &str) -> Result<(Url, Option<String>), Kind> {
        let trimmed = address.trim_matches(|c: char| c <= ' ');
        match Url::parse(trimmed) {
            Ok(url) => {
                let authority = trimmed.get(url.scheme().len() + 1..).unwrap_or("");
                let as_written = authority.starts_with("//") == url.has_authority()
                    && trimmed.chars().all(|c| c > ' ' && c != '\x7f' && c != '\\');
                Ok((url, as_written.then(|| trimmed.to_owned())))
            }
            Err(url::ParseError::RelativeUrlWithoutBase) => match &self.base {
                Some(base) => base
                    .join(trimmed)
                    .map(|url| (url, None))
                    .map_err(|_| Kind::LinkAddress),
                None => Err(Kind::LinkRelative),
            },
            Err(_) => Err(Kind::LinkAddress),
        }
    }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

fn find_base(dom: &Dom) -> Option<String> {
    let root = NodeId::DOCUMENT;
    let html = children(dom, root).find(|n| dom.html_name(*n) == Some(&local_name!("html")))?;
    let head = children(dom, html).find(|n| dom.html_name(*n) == Some(&local_name!("head")))?;
    children(dom, head)
        .filter(|n| dom.html_name(*n) == Some(&local_name!("base")))
        .find_map(|n| dom.element(n)?.attr("href").map(str::to_owned))
}

fn children(dom: &Dom, node: NodeId) -> impl Iterator<Item = NodeId> {
    std::iter::successors(dom.first_child(node), |n| dom.next_sibling(*n))
}
