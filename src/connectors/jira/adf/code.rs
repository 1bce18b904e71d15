//! Code blocks: the language an editor noted, and the text.

use html5ever::local_name;

use super::build::CodeText;
use super::dom::{Data, Dom, Element, NodeId};
use super::element;
use super::tree::{Code, Words};

/// Starts to gather a code block's text.
pub(super) fn begin(dom: &Dom, pre: NodeId) -> CodeText {
    CodeText {
        owner: pre,
        text: String::new(),
        language: language(dom, pre),
        formatted: false,
        structured: false,
    }
}

/// The code block, or none if nothing of it would be seen.
pub(super) fn finish(code: CodeText) -> Option<Code> {
    let text = code.text.strip_suffix('\n').unwrap_or(&code.text);
    if text.trim_ascii().is_empty() {
        return None;
    }
    Some(Code {
        language: code.language.and_then(Words::new),
        text: Words::new(text),
    })
}

/// The language, noted on the block, on the code in it or on what is around it.
fn language(dom: &Dom, pre: NodeId) -> Option<String> {
    let inner = dom
        .first_child(pre)
        .and_then(|first| match dom.data(first) {
            Data::Text(text) if text.trim_ascii().is_empty() => dom.next_sibling(first),
            _ => Some(first),
        });
    let holds_code = |n: &NodeId| {
        dom.html_name(*n).is_some_and(element::is_code_name)
            || dom
                .element(*n)
                .is_some_and(|e| e.has_class("ql-code-block"))
    };
    let inner = inner.filter(holds_code);
    let parent = dom
        .parent(pre)
        .filter(|n| dom.html_name(*n) == Some(&local_name!("div")));
    let grandparent = parent.and_then(|n| dom.parent(n));
    let grandparent = grandparent.filter(|n| dom.html_name(*n) == Some(&local_name!("div")));
    let own = [inner, Some(pre)].into_iter().flatten();
    let around = [parent, grandparent].into_iter().flatten();
    // Trix's, and that of GitHub's Markdown where the block holds code rather than a text in some language.
    let named = dom.element(pre).and_then(|pre| {
        let of_code = || pre.attr("lang").filter(|_| inner.is_some());
        pre.attr("language")
            .or_else(of_code)
            .filter(|name| is_name(name))
    });
    own.filter_map(|n| dom.element(n))
        .find_map(|e| noted(e).or_else(|| bare_class(e)))
        .or(named)
        .or_else(|| around.filter_map(|n| dom.element(n)).find_map(noted))
        .map(|name| name.to_ascii_lowercase())
}

/// A language by one of the notations in use.
fn noted(element: &Element) -> Option<&str> {
    let attributes = [
        "data-language",
        "data-lang",
        "data-code-language",
        "data-highlight-language",
        "data-enlighter-language",
    ];
    let by_attribute = attributes
        .iter()
        .find_map(|name| element.attr(name))
        .map(without_options)
        .filter(|name| is_name(name));
    let params = || {
        element
            .attr("data-syntaxhighlighter-params")
            .and_then(brush)
    };
    by_attribute.or_else(params).or_else(|| {
        let mut classes = element.classes();
        while let Some(class) = classes.next() {
            // SyntaxHighlighter: `brush: js`.
            if class == "brush:" {
                return classes
                    .next()
                    .map(|c| c.trim_end_matches(';'))
                    .filter(|c| is_name(c));
            }
            let prefixes = [
                "language-",
                "lang-",
                "highlight-source-",
                "mw-highlight-lang-",
                "highlight-",
                "brush:",
                "sourceCode-",
                "code-",
                // Org mode's and Crayon's.
                "src-",
                "lang:",
            ];
            let name = prefixes
                .iter()
                .find_map(|prefix| class.strip_prefix(prefix))
                .map(without_options);
            if let Some(name) = name.filter(|name| is_name(name)) {
                return Some(name);
            }
        }
        None
    })
}

/// The `rust` of `rust,ignore`, the `js` of `js{1,3}` and of `js:title.js`: what follows is for the page that shows the code.
fn without_options(name: &str) -> &str {
    name.split([',', '{', ':', ';']).next().unwrap_or("").trim()
}

/// Confluence's `brush: java; gutter: false`.
fn brush(params: &str) -> Option<&str> {
    let mut params = params.split(';').filter_map(|param| param.split_once(':'));
    let (_, name) = params.find(|(key, _)| key.trim() == "brush")?;
    Some(name.trim()).filter(|name| is_name(name))
}

/// highlight.js and pandoc put the bare name beside a class of their own.
fn bare_class(element: &Element) -> Option<&str> {
    let marker = |class: &str| {
        matches!(class, "hljs" | "sourceCode" | "prettyprint" | "prism-code")
        // rustdoc's.
        || matches!(class, "rust-example-rendered" | "item-decl")
        // DokuWiki's and docutils'.
        || class == "code" && element.name.local == local_name!("pre")
    };
    if !element.classes().any(marker) {
        return None;
    }
    element
        .classes()
        .find(|class| !marker(class) && is_name(class))
}

fn is_name(name: &str) -> bool {
    !matches!(
        name,
        "" | "none"
            | "plain"
            | "text"
            | "plaintext"
            | "default"
            | "undefined"
            | "nohighlight"
            | "block"
            | "wrapper"
            | "toolbar"
            | "container"
            | "snippet"
            | "area"
            | "body"
            | "box"
            | "content"
            | "editor"
            | "example"
            | "highlight"
            | "inline"
            | "listing"
            | "literal-block"
            | "sample"
            | "section"
            | "view"
    ) && name.len() <= 40
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '#' | '-' | '_' | '.'))
}
