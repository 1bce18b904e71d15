//! What of a person's HTML is kept: everything that shows, nothing that acts.

use std::{borrow::Cow, collections::HashSet, sync::LazyLock};

use ammonia::{Builder, UrlRelative};

/// Elements that editors emit beyond ammonia's own list.
const TAGS: [&str; 10] = [
    "section", "main", "label", "input", "u", "font", "mark", "caption", "colgroup", "col",
];

/// Attributes that carry meaning on any element: classes hold a code block's language or a callout's kind, `data-*` a task's state.
const ATTRIBUTES: [&str; 8] = [
    "class",
    "style",
    "align",
    "dir",
    "hidden",
    "data-language",
    "data-type",
    "data-list",
];

/// CSS that changes what a reader sees in text; everything that could load or cover something is left out.
const STYLES: [&str; 15] = [
    "background-color",
    "color",
    "display",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "list-style-type",
    "margin-left",
    "text-align",
    "text-decoration",
    "text-decoration-line",
    "vertical-align",
    "visibility",
    "white-space",
];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder
        .add_tags(TAGS)
        .add_generic_attributes(ATTRIBUTES)
        .add_tag_attributes("input", ["checked", "disabled"])
        .add_tag_attribute_values("input", "type", ["checkbox"])
        .add_tag_attributes("li", ["data-checked", "data-task", "value"])
        .add_tag_attributes("ul", ["data-checked"])
        .add_tag_attributes("ol", ["start", "type", "reversed"])
        .add_tag_attributes("a", ["title", "name"])
        .add_tag_attributes("font", ["color", "face"])
        .add_tag_attributes("details", ["open"])
        .add_tag_attributes("td", ["width"])
        .add_tag_attributes("th", ["width"])
        .filter_style_properties(HashSet::from(STYLES))
        .url_relative(UrlRelative::PassThrough)
        .add_url_schemes(["data"])
        .attribute_filter(embedded);
    builder
});

/// Pictures that lie in the text itself: of formats that cannot act, and only where a picture is shown.
const EMBEDDED: [&str; 4] = [
    "data:image/png;base64,",
    "data:image/jpeg;base64,",
    "data:image/gif;base64,",
    "data:image/webp;base64,",
];

/// Takes `data:` addresses out, but for pictures.
fn embedded<'a>(element: &str, attribute: &str, value: &'a str) -> Option<Cow<'a, str>> {
    // Browsers skip blanks and control characters within a scheme.
    let begin = value.chars().filter(|c| *c > ' ').take(32);
    let begin: String = begin.collect::<String>().to_ascii_lowercase();
    let is_picture = || EMBEDDED.iter().any(|start| begin.starts_with(start));
    let is_shown = element == "img" && attribute == "src";
    (!begin.starts_with("data:") || is_shown && is_picture()).then_some(value.into())
}

/// The HTML without scripts, event handlers, frames, forms, and links that run code. Safe to show as it is.
pub(super) fn sanitise(html: &str) -> String {
    // Text without any markup is kept as typed; ammonia would escape and so change it.
    if !html.contains(['<', '&', '>']) {
        return html.to_owned();
    }
    CLEANER.clean(html).to_string()
}

/// The words of an HTML text, for search: without tags, and with a blank wherever a tag was.
pub(super) fn words(html: &str) -> String {
    let spaced = html.replace('<', " <");
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
