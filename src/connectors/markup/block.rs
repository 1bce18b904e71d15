//! Blocks: paragraphs, headings, lists, code, quotes. The document is of bounded depth, so is the recursion.

use serde_json::Value;

use super::{
    Dialect,
    escape::{self, UNSEEN, address},
    inline::{MRKDWN_FENCE, in_fence, inlines, line_end, longest_run},
    table,
};

/// The whole document.
pub(super) fn document(adf: &Value, dialect: Dialect) -> String {
    blocks(content(adf), dialect).trim_matches('\n').to_owned()
}

pub(super) fn content(node: &Value) -> &[Value] {
    node["content"].as_array().map_or(&[], Vec::as_slice)
}

/// Blocks one after the other.
pub(super) fn blocks(nodes: &[Value], dialect: Dialect) -> String {
    let texts = nodes.iter().map(|node| block(node, dialect));
    let texts: Vec<String> = texts.filter(|text| !text.trim().is_empty()).collect();
    texts.join("\n\n")
}

fn block(node: &Value, dialect: Dialect) -> String {
    match node["type"].as_str().unwrap_or_default() {
        "paragraph" => inlines(content(node), dialect),
        "heading" => heading(node, dialect),
        "bulletList" | "orderedList" if dialect == Dialect::Wiki => wiki_list(node, ""),
        "bulletList" | "orderedList" => list(node, dialect),
        "taskList" => tasks(node, dialect, 0),
        "codeBlock" => code(node, dialect),
        "blockquote" | "panel" => quote(&blocks(content(node), dialect), dialect),
        "table" => table::table(node, dialect),
        "mediaSingle" => content(node)
            .iter()
            .map(|media| picture(media, dialect))
            .collect(),
        "rule" => match dialect {
            Dialect::Markdown => "---".to_owned(),
            Dialect::Mrkdwn => "———".to_owned(),
            Dialect::Wiki | Dialect::Plain => "----".to_owned(),
        },
        _ => blocks(content(node), dialect),
    }
}

fn heading(node: &Value, dialect: Dialect) -> String {
    let text = inlines(content(node), dialect);
    let text = text.replace(line_end(dialect), " ");
    let level = node["attrs"]["level"].as_u64().unwrap_or(1).clamp(1, 6);
    match dialect {
        Dialect::Markdown => {
            let marks = "#".repeat(usize::try_from(level).unwrap_or(1));
            format!("{marks} {text}")
        }
        Dialect::Wiki => format!("h{level}. {text}"),
        Dialect::Mrkdwn if text.contains('*') || text.trim().is_empty() => text,
        Dialect::Mrkdwn => format!("*{text}*"),
        Dialect::Plain => text,
    }
}

fn list(node: &Value, dialect: Dialect) -> String {
    let first = node["attrs"]["order"].as_u64();
    let mut lines = Vec::new();
    for (at, item) in (0..).zip(content(node)) {
        let mark = match (first, dialect) {
            (Some(first), _) => format!("{}. ", first + at),
            (None, Dialect::Mrkdwn) => "• ".to_owned(),
            (None, _) => "- ".to_owned(),
        };
        let texts = content(item).iter().map(|node| block(node, dialect));
        // A list inside an item follows its text at once.
        let text = texts.collect::<Vec<_>>().join("\n");
        lines.push(hanging(&mark, &text));
    }
    lines.join("\n")
}

/// The text behind its mark; further lines stand below the text.
fn hanging(mark: &str, text: &str) -> String {
    let indent = " ".repeat(mark.chars().count());
    let mut out = String::new();
    for (at, line) in text.split('\n').enumerate() {
        match at {
            0 => out.push_str(mark),
            _ if line.is_empty() => out.push('\n'),
            _ => {
                out.push('\n');
                out.push_str(&indent);
            }
        }
        out.push_str(line);
    }
    out
}

/// Jira's lists: marks one behind the other tell the depth, and an item is one line.
fn wiki_list(node: &Value, above: &str) -> String {
    let own = if node["type"] == "orderedList" {
        '#'
    } else {
        '*'
    };
    let marks = format!("{above}{own}");
    let mut lines = Vec::new();
    for item in content(node) {
        let mut text = Vec::new();
        let mut inner = Vec::new();
        for node in content(item) {
            match node["type"].as_str() {
                Some("bulletList" | "orderedList") => inner.push(wiki_list(node, &marks)),
                Some("codeBlock") => text.push(code(node, Dialect::Wiki)),
                _ => text.push(block(node, Dialect::Wiki).replace('\n', "\\\\ ")),
            }
        }
        lines.push(format!("{marks} {}", text.join("\\\\ ")));
        lines.extend(inner);
    }
    lines.join("\n")
}

fn tasks(node: &Value, dialect: Dialect, depth: usize) -> String {
    let mut lines = Vec::new();
    for entry in content(node) {
        if entry["type"] == "taskList" {
            lines.push(tasks(entry, dialect, depth + 1));
            continue;
        }
        let done = entry["attrs"]["state"] == "DONE";
        let mark = match (dialect, done) {
            (Dialect::Markdown, true) => "- [x] ",
            (Dialect::Markdown, false) => "- [ ] ",
            (Dialect::Mrkdwn, true) => "☑ ",
            (Dialect::Mrkdwn, false) => "☐ ",
            (Dialect::Wiki, true) => "(/) ",
            (Dialect::Wiki, false) => "",
            (Dialect::Plain, true) => "[x] ",
            (Dialect::Plain, false) => "[ ] ",
        };
        let text = inlines(content(entry), dialect);
        let line = match dialect {
            Dialect::Wiki => {
                let text = text.replace('\n', "\\\\ ");
                format!("{} {mark}{text}", "*".repeat(depth + 1))
            }
            _ => format!("{}{}", "  ".repeat(depth), hanging(mark, &text)),
        };
        lines.push(line);
    }
    lines.join("\n")
}

fn code(node: &Value, dialect: Dialect) -> String {
    let texts = content(node)
        .iter()
        .filter_map(|node| node["text"].as_str());
    let text: String = texts.collect();
    let word = |c: char| c.is_ascii_alphanumeric() || "+#-_".contains(c);
    let language = node["attrs"]["language"].as_str().unwrap_or_default();
    let language: String = language.chars().filter(|c| word(*c)).collect();
    match dialect {
        Dialect::Plain => text,
        Dialect::Markdown => {
            let fence = "`".repeat(longest_run(&text, '`').max(2) + 1);
            format!("{fence}{language}\n{text}\n{fence}")
        }
        Dialect::Mrkdwn => {
            let text = in_fence(&text);
            format!("{MRKDWN_FENCE}\n{text}\n{MRKDWN_FENCE}")
        }
        // Nothing is escaped there but what would end the block, and what tells somebody wherever it stands.
        Dialect::Wiki => {
            let text = text.replace("{noformat", &format!("{{{UNSEEN}noformat"));
            let text = text.replace("[~", &format!("[{UNSEEN}~"));
            format!("{{noformat}}\n{text}\n{{noformat}}")
        }
    }
}

fn quote(text: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Wiki => format!("{{quote}}\n{text}\n{{quote}}"),
        Dialect::Markdown | Dialect::Mrkdwn | Dialect::Plain => lines(text, "> "),
    }
}

/// Each line with something before it.
fn lines(text: &str, before: &str) -> String {
    let lines = text.split('\n').map(|line| format!("{before}{line}"));
    lines.collect::<Vec<_>>().join("\n")
}

fn picture(node: &Value, dialect: Dialect) -> String {
    let Some(url) = node["attrs"]["url"].as_str() else {
        return String::new();
    };
    let alt = node["attrs"]["alt"].as_str().unwrap_or("picture");
    let (name, to) = (escape::name(alt, dialect), address(url, dialect));
    match dialect {
        Dialect::Markdown => format!("![{name}]({to})"),
        Dialect::Mrkdwn => format!("<{to}|{name}>"),
        // A picture that a reader's browser would fetch from anywhere is a link here.
        Dialect::Wiki => format!("[{name}|{to}]"),
        Dialect::Plain => format!("{alt} ({url})"),
    }
}
