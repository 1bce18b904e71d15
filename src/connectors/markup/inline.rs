//! Text with its marks.

use serde_json::Value;

use super::{
    Dialect,
    escape::{address, text as escaped},
};

/// How a line ends inside a block.
pub(super) fn line_end(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Markdown => "\\\n",
        Dialect::Mrkdwn | Dialect::Wiki | Dialect::Plain => "\n",
    }
}

/// The content of a paragraph, heading or task.
pub(super) fn inlines(content: &[Value], dialect: Dialect) -> String {
    let mut out = String::new();
    for (at, node) in content.iter().enumerate() {
        if node["type"] == "hardBreak" {
            let end = out.trim_end_matches(' ').len();
            out.truncate(end);
            out.push_str(line_end(dialect));
            continue;
        }
        let Some(text) = node["text"].as_str() else {
            continue;
        };
        let next = content.get(at + 1).and_then(|next| next["text"].as_str());
        let next = next.and_then(|next| next.chars().next());
        out.push_str(&marked(
            text,
            node["marks"].as_array().map_or(&[], Vec::as_slice),
            dialect,
            (out.chars().next_back(), next),
        ));
    }
    out
}

/// A piece of text, between these neighbours.
fn marked(
    text: &str,
    marks: &[Value],
    dialect: Dialect,
    (before, after): (Option<char>, Option<char>),
) -> String {
    let has = |kind: &str| marks.iter().any(|mark| mark["type"] == kind);
    let link = marks.iter().find(|mark| mark["type"] == "link");
    let link = link.and_then(|mark| mark["attrs"]["href"].as_str());
    let begins = before.is_none_or(|c| c == '\n');
    // Marks have to touch the words.
    let core = text.trim();
    if core.is_empty() {
        return text.to_owned();
    }
    let lead = &text[..text.len() - text.trim_start().len()];
    let tail = &text[text.trim_end().len()..];
    let mut inner = match has("code") {
        true => code(core, dialect),
        false => escaped(core, dialect, begins && link.is_none()),
    };
    let free = |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || ".,;:!?()".contains(c));
    let loose =
        (!lead.is_empty() || free(before)) && (!tail.is_empty() || free(after)) && link.is_none();
    for (kind, marks) in forms(dialect, loose) {
        if has(kind) {
            inner = format!("{}{inner}{}", marks.0, marks.1);
        }
    }
    if dialect == Dialect::Markdown || dialect == Dialect::Wiki {
        inner = shifted(inner, marks, dialect);
    }
    let inner = match link {
        Some(url) => linked(inner, core, url, dialect),
        None => inner,
    };
    format!("{lead}{inner}{tail}")
}

/// The marks of each kind of emphasis. `loose`: nothing that belongs to a word stands beside the text.
fn forms(dialect: Dialect, loose: bool) -> [(&'static str, (&'static str, &'static str)); 4] {
    let none = ("", "");
    match dialect {
        Dialect::Plain => ["strike", "em", "strong", "underline"].map(|kind| (kind, none)),
        // Marks inside a word, or beside others, would be read in another way: tags never are.
        Dialect::Markdown if !loose => [
            ("strike", ("<del>", "</del>")),
            ("em", ("<em>", "</em>")),
            ("strong", ("<strong>", "</strong>")),
            ("underline", ("<ins>", "</ins>")),
        ],
        Dialect::Markdown => [
            ("strike", ("~~", "~~")),
            ("em", ("*", "*")),
            ("strong", ("**", "**")),
            ("underline", ("<ins>", "</ins>")),
        ],
        // Braces let a mark stand inside a word.
        Dialect::Wiki if !loose => [
            ("strike", ("{-}", "{-}")),
            ("em", ("{_}", "{_}")),
            ("strong", ("{*}", "{*}")),
            ("underline", ("{+}", "{+}")),
        ],
        Dialect::Wiki => [
            ("strike", ("-", "-")),
            ("em", ("_", "_")),
            ("strong", ("*", "*")),
            ("underline", ("+", "+")),
        ],
        // Slack has no form inside a word.
        Dialect::Mrkdwn if !loose => {
            ["strike", "em", "strong", "underline"].map(|kind| (kind, none))
        }
        Dialect::Mrkdwn => [
            ("strike", ("~", "~")),
            ("em", ("_", "_")),
            ("strong", ("*", "*")),
            ("underline", none),
        ],
    }
}

fn shifted(inner: String, marks: &[Value], dialect: Dialect) -> String {
    let shift = marks.iter().find(|mark| mark["type"] == "subsup");
    let shift = shift.and_then(|mark| mark["attrs"]["type"].as_str());
    match (shift, dialect) {
        (Some("sub"), Dialect::Markdown) => format!("<sub>{inner}</sub>"),
        (Some("sup"), Dialect::Markdown) => format!("<sup>{inner}</sup>"),
        (Some("sub"), _) => format!("{{~}}{inner}{{~}}"),
        (Some("sup"), _) => format!("{{^}}{inner}{{^}}"),
        _ => inner,
    }
}

fn linked(inner: String, text: &str, url: &str, dialect: Dialect) -> String {
    let to = address(url, dialect);
    match dialect {
        Dialect::Markdown => format!("[{inner}]({to})"),
        Dialect::Mrkdwn => format!("<{to}|{inner}>"),
        Dialect::Wiki => format!("[{inner}|{to}]"),
        Dialect::Plain if text == url => inner,
        Dialect::Plain => format!("{inner} ({url})"),
    }
}

/// Code within a line.
fn code(text: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Plain => text.to_owned(),
        Dialect::Mrkdwn => {
            let text = super::escape::mrkdwn(text).replace('`', "'");
            format!("`{text}`")
        }
        Dialect::Wiki => format!("{{{{{}}}}}", escaped(text, Dialect::Wiki, false)),
        Dialect::Markdown => {
            let fence = "`".repeat(longest_run(text, '`') + 1);
            // A backtick at an edge must not touch the fence.
            match text.starts_with('`') || text.ends_with('`') {
                true => format!("{fence} {text} {fence}"),
                false => format!("{fence}{text}{fence}"),
            }
        }
    }
}

/// How often the character stands in a row at most.
pub(super) fn longest_run(text: &str, of: char) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == of { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
