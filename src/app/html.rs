//! What of a person's HTML is kept: everything that shows, nothing that acts.

use std::{borrow::Cow, collections::HashSet, sync::LazyLock};

use ammonia::{Builder, UrlRelative};

use crate::connectors::jira::adf;

/// Elements that editors emit beyond ammonia's own list.
#[rustfmt::skip]
const TAGS: [&str; 26] = [
    "address", "audio", "big", "button", "caption", "col", "colgroup", "dialog", "dir", "fieldset", "font",
    "input", "label", "legend", "main", "mark", "menu", "meter", "optgroup", "option", "progress",
    "section", "source", "tfoot", "u", "video",
];

/// Elements of which a browser shows nothing, or nothing of what they hold.
#[rustfmt::skip]
const UNSEEN: [&str; 10] = [
    "canvas", "datalist", "iframe", "noembed", "noframes", "noscript", "script", "style",
    "template", "title",
];

/// Attributes that carry meaning on any element: classes hold a code block's language or a callout's kind, `data-*` and `aria-*`
/// a task's state, `role` a heading's part.
const ATTRIBUTES: [&str; 22] = [
    "aria-checked",
    "aria-level",
    "class",
    "style",
    "align",
    "dir",
    "hidden",
    "popover",
    "data-checked",
    "data-code-language",
    "data-emoji",
    "data-enlighter-language",
    "data-highlight-language",
    "data-lang",
    "data-language",
    "data-type",
    "data-list",
    "data-macro-name",
    "data-node-type",
    "data-panel-type",
    "data-task-state",
    "role",
];

/// CSS that changes what a reader sees in text; everything that could load or cover something is left out.
const STYLES: [&str; 19] = [
    "background-color",
    "color",
    "display",
    "float",
    "font",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "list-style-type",
    "margin-left",
    "mso-list",
    "text-align",
    "text-decoration",
    "text-decoration-line",
    "vertical-align",
    "visibility",
    "white-space",
    "white-space-collapse",
];

/// Kinds of link that run nothing in a page, beyond ammonia's own: what opens other programs, and files.
#[rustfmt::skip]
const SCHEMES: [&str; 18] = [
    "callto", "cvs", "facetime", "file", "git", "irc6", "itms", "mvn", "notes", "rdp",
    "scp", "sftp", "sips", "skype", "slack", "svn", "telnet", "vnc",
];
/// Kinds of link that could run something.
const ACTING: [&str; 3] = ["data", "javascript", "vbscript"];
/// Attributes that hold an address.
const ADDRESSES: [&str; 3] = ["cite", "href", "src"];
/// What stands for such a link: that there was one is still to be told where the text goes.
const TAKEN_OUT: &str = "about:invalid";

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder
        .add_tags(TAGS)
        .add_clean_content_tags(UNSEEN)
        .add_generic_attributes(ATTRIBUTES)
        .add_tag_attributes("input", ["checked", "disabled"])
        .add_tag_attribute_values("input", "type", ["checkbox"])
        .add_tag_attributes("li", ["data-task", "type", "value"])
        .add_tag_attributes("ol", ["start", "type", "reversed"])
        .add_tag_attributes("a", ["title", "name"])
        .add_tag_attributes("font", ["color", "face"])
        .add_tag_attributes("details", ["open"])
        .add_tag_attributes("dialog", ["open"])
        .add_tag_attributes("pre", ["data-syntaxhighlighter-params", "language"])
        .add_tag_attributes("audio", ["controls", "src"])
        .add_tag_attributes("video", ["controls", "src"])
        .add_tag_attributes("source", ["src"])
        // Where a page holds the text within a form of its own, it sends nothing.
        .set_tag_attribute_value("button", "type", "button")
        .add_tag_attributes("meter", ["max", "min", "value"])
        .add_tag_attributes("progress", ["max", "value"])
        .add_tag_attributes("img", ["aria-roledescription"])
        .add_tag_attributes("td", ["bgcolor", "width"])
        .add_tag_attributes("th", ["bgcolor", "width"])
        .filter_style_properties(HashSet::from(STYLES))
        .url_relative(UrlRelative::PassThrough)
        .add_url_schemes(SCHEMES)
        .add_url_schemes(ACTING)
        .attribute_filter(harmless);
    builder
});

/// Pictures that lie in the text itself: of formats that cannot act, and only where a picture is shown.
const EMBEDDED: [&str; 4] = [
    "data:image/png;base64,",
    "data:image/jpeg;base64,",
    "data:image/gif;base64,",
    "data:image/webp;base64,",
];

/// Takes addresses out that could act, but for pictures.
fn harmless<'a>(element: &str, attribute: &str, value: &'a str) -> Option<Cow<'a, str>> {
    // Browsers skip blanks and control characters within a scheme.
    let begin = value.chars().filter(|c| *c > ' ').take(32);
    let begin: String = begin.collect::<String>().to_ascii_lowercase();
    let acts = ACTING.iter().any(|kind| {
        begin
            .strip_prefix(kind)
            .is_some_and(|rest| rest.starts_with(':'))
    });
    let is_picture = || EMBEDDED.iter().any(|start| begin.starts_with(start));
    match (element, attribute) {
        (_, "style") => Some(coloured(value)),
        (_, attribute) if !acts || !ADDRESSES.contains(&attribute) => Some(value.into()),
        ("img", "src") if is_picture() => Some(value.into()),
        ("a", "href") => Some(TAKEN_OUT.into()),
        _ => None,
    }
}

/// The style with a background's colour under its own name: the shorthand could load something, and is left out.
fn coloured(style: &str) -> Cow<'_, str> {
    if !style.to_ascii_lowercase().contains("background") {
        return style.into();
    }
    // Of functions, those of colours alone; without escapes, by which others could be written.
    let is_harmless = |value: &str| {
        let value = value.to_ascii_lowercase();
        let mut functions = value.split('(').rev().skip(1);
        !value.contains('\\')
            && functions.all(|before| before.ends_with("rgb") || before.ends_with("rgba"))
    };
    let declarations = style.split(';').map(|declaration| {
        let is_background = |name: &str| name.trim().eq_ignore_ascii_case("background");
        match declaration.split_once(':') {
            Some((name, value)) if is_background(name) && is_harmless(value) => {
                format!("background-color:{value}")
            }
            _ => declaration.to_owned(),
        }
    });
    declarations.collect::<Vec<_>>().join(";").into()
}

/// The HTML without scripts, event handlers, frames, forms, and links that run code. Safe to show as it is.
pub(super) fn sanitise(html: &str) -> String {
    // Text without any markup is kept as typed; ammonia would escape and so change it.
    if !html.contains(['<', '&', '>']) {
        return html.to_owned();
    }
    let clean = CLEANER.clean(&adf::as_text(html)).to_string();
    // A reader takes each of them for a line break, written as itself.
    with_first_lines(&clean.replace("\r\n", "\n").replace('\r', "\n"))
}

/// The HTML with two line breaks where one begins a preformatted text: a reader drops the first (HTML, "the initial newline"), and the
/// serialiser does not write it.
fn with_first_lines(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(begin) = rest.find('<') {
        // Values stand in quotation marks, which are escaped within them.
        let mut quoted = false;
        let end = rest[begin..].find(|c: char| {
            quoted ^= c == '"';
            c == '>' && !quoted
        });
        let (tag, behind) = rest.split_at(end.map_or(rest.len(), |end| begin + end + 1));
        out.push_str(tag);
        let name = tag[begin..].strip_prefix("<pre");
        if name.is_some_and(|more| more.starts_with(['>', ' '])) && behind.starts_with('\n') {
            out.push('\n');
        }
        rest = behind;
    }
    out + rest
}

/// Elements whose tags stand within words as they show.
#[rustfmt::skip]
const INLINE: [&str; 28] = [
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "font", "i",
    "ins", "kbd", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "u", "wbr",
];

/// The words of an HTML text, for search: without tags, and with a blank wherever a tag was that parts words.
pub(super) fn words(html: &str) -> String {
    let mut pieces = html.split('<');
    let mut spaced = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let name = piece.strip_prefix('/').unwrap_or(piece);
        let end = name.find(|c: char| !c.is_ascii_alphanumeric());
        let name = name[..end.unwrap_or(name.len())].to_ascii_lowercase();
        spaced.push_str(if INLINE.contains(&name.as_str()) {
            "<"
        } else {
            " <"
        });
        spaced.push_str(piece);
    }
    let text = Builder::empty().clean(&spaced).to_string();
    text.replace("&nbsp;", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// Plain text as HTML: it shows as it was typed, its line breaks too.
pub(super) fn from_plain(text: &str) -> String {
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    escaped.lines().collect::<Vec<_>>().join("<br>")
}

#[cfg(test)]
mod tests;
