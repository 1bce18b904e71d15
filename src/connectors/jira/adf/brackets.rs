//! What stands in angle brackets without being a tag: a browser shows nothing of it, its author meant it to be read.

use std::borrow::Cow;

/// The elements of HTML, today's and those of former days, in alphabetical order.
#[rustfmt::skip]
const ELEMENTS: [&str; 139] = [
    "a", "abbr", "acronym", "address", "applet", "area", "article", "aside", "audio", "b",
    "base", "basefont", "bdi", "bdo", "bgsound", "big", "blink", "blockquote", "body", "br",
    "button", "canvas", "caption", "center", "cite", "code", "col", "colgroup", "data", "datalist",
    "dd", "del", "details", "dfn", "dialog", "dir", "div", "dl", "dt", "em",
    "embed", "fieldset", "figcaption", "figure", "font", "footer", "form", "frame", "frameset", "h1",
    "h2", "h3", "h4", "h5", "h6", "head", "header", "hgroup", "hr", "html",
    "i", "iframe", "image", "img", "input", "ins", "kbd", "label", "legend", "li",
    "link", "listing", "main", "map", "mark", "marquee", "math", "menu", "menuitem", "meta",
    "meter", "nav", "nobr", "noembed", "noframes", "noscript", "object", "ol", "optgroup", "option",
    "output", "p", "param", "picture", "plaintext", "pre", "progress", "q", "rb", "rp",
    "rt", "rtc", "ruby", "s", "samp", "script", "search", "section", "select", "slot",
    "small", "source", "span", "strike", "strong", "style", "sub", "summary", "sup", "svg",
    "table", "tbody", "td", "template", "textarea", "tfoot", "th", "thead", "time", "title",
    "tr", "track", "tt", "u", "ul", "var", "video", "wbr", "xmp",
];

/// The HTML with what only looks like a tag written as text: addresses such as `<ada@example.com>` and
/// `<https://example.com>`; and everything where no element of HTML is among it, as in `a<b` or `open <file>`.
pub fn as_text(html: &str) -> Cow<'_, str> {
    let plain = !has_markup(html);
    let mut out = String::new();
    let mut copied = 0;
    for (at, _) in html.match_indices('<') {
        if plain || is_address(&html[at + 1..]) {
            out.push_str(&html[copied..at]);
            out.push_str("&lt;");
            copied = at + 1;
        }
    }
    if copied == 0 {
        return html.into();
    }
    out.push_str(&html[copied..]);
    out.into()
}

/// Whether there is an element, a comment or the like in it. Character references are none.
pub(super) fn has_markup(html: &str) -> bool {
    // What comes after it is begun and never ended.
    let Some(last) = html.rfind('>') else {
        return false;
    };
    html[..last]
        .match_indices('<')
        .any(|(at, _)| is_markup(&html[at + 1..]))
}

fn is_markup(rest: &str) -> bool {
    if rest.starts_with('!') {
        return true;
    }
    let (is_end, name) = match rest.strip_prefix('/') {
        Some(name) => (true, name),
        None => (false, rest),
    };
    let end = name.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '<'));
    let name = name[..end.unwrap_or(name.len())].to_ascii_lowercase();
    // An element of someone's own has an end, a mere `<your-name>` has none.
    ELEMENTS.binary_search(&&*name).is_ok() || (is_end && name.contains(['-', ':']))
}

/// Whether a mail or web address up to a closing bracket begins.
fn is_address(rest: &str) -> bool {
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>'));
    let Some(address) = end.filter(|end| rest[*end..].starts_with('>')) else {
        return false;
    };
    let address = &rest[..address];
    if !address.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return false;
    }
    if let Some((scheme, place)) = address.split_once("://") {
        let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        return !place.is_empty() && scheme.chars().all(is_scheme);
    }
    let parts = address.split_once('@');
    parts.is_some_and(|(user, host)| {
        !user.is_empty() && !host.is_empty() && !address.contains(['=', '"', '\'', '/'])
    })
}
