//! Whether Jira takes a document: the portable profile of the Atlassian Document Format, strictly.
//!
//! Portable is what all generations of Atlassian's schema agree on, expands and alignment included. Like Jira, the check says only that a document is
//! bad, not where; [`Fault::0`] is for the people who read a test's output.

use serde_json::{Map, Value};

use super::adf_marks;

/// How many characters of text Jira keeps in one rich text field.
pub const TEXT_LIMIT: usize = 32_767;

/// Why a document is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault(pub String);

/// Checks a document and counts its characters of text.
///
/// # Errors
/// The first rule that the document breaks.
pub fn check(document: &Value) -> Result<usize, Fault> {
    let doc = object(document)?;
    if doc.get("version") != Some(&Value::from(1)) {
        return fault("version is not 1");
    }
    only(doc, &["version", "type", "content"])?;
    if kind(doc)? != "doc" || !doc.contains_key("content") {
        return fault("not a doc with content");
    }
    // A stack instead of recursion: how deep a document goes is its author's choice.
    let mut open = vec![doc];
    let mut characters = 0;
    while let Some(node) = open.pop() {
        let parent = kind(node)?;
        for (place, child) in content(node)?.iter().enumerate() {
            let child = object(child)?;
            let name = kind(child)?;
            if !holds(parent, place, name) {
                return fault(format!("{name} at place {place} of {parent}"));
            }
            check_node(name, parent, child)?;
            characters += text(child).chars().count();
            open.push(child);
        }
    }
    Ok(characters)
}

/// All text of a document, a line for each block; made for people, so it takes any value.
pub fn plain_text(document: &Value) -> String {
    let mut lines = String::new();
    let mut open = vec![document];
    while let Some(node) = open.pop() {
        match node["type"].as_str() {
            Some("text") => lines.push_str(node["text"].as_str().unwrap_or_default()),
            Some("hardBreak") => lines.push('\n'),
            Some(name) if !lines.ends_with('\n') && !lines.is_empty() && is_textblock(name) => {
                lines.push('\n');
            }
            _ => {}
        }
        open.extend(node["content"].as_array().into_iter().flatten().rev());
    }
    lines
}

fn is_textblock(name: &str) -> bool {
    matches!(name, "paragraph" | "heading" | "codeBlock" | "taskItem")
}

const INLINE: [&str; 2] = ["text", "hardBreak"];
const LISTS: [&str; 2] = ["bulletList", "orderedList"];

/// Whether `parent` may have `child` at this place.
fn holds(parent: &str, place: usize, child: &str) -> bool {
    match parent {
        "doc" => matches!(child, "table" | "expand") || is_block(child),
        "expand" => child == "table" || is_block(child),
        "tableCell" | "tableHeader" => is_block(child),
        "paragraph" | "heading" | "taskItem" => INLINE.contains(&child),
        "bulletList" | "orderedList" => child == "listItem",
        "listItem" if place == 0 => matches!(child, "paragraph" | "codeBlock"),
        "listItem" => {
            matches!(child, "paragraph" | "codeBlock" | "mediaSingle") || LISTS.contains(&child)
        }
        "codeBlock" => child == "text",
        "blockquote" => child == "paragraph",
        "table" => child == "tableRow",
        "tableRow" => matches!(child, "tableCell" | "tableHeader"),
        "panel" => matches!(child, "paragraph" | "heading") || LISTS.contains(&child),
        "taskList" if place == 0 => child == "taskItem",
        "taskList" => matches!(child, "taskItem" | "taskList"),
        "mediaSingle" => place == 0 && child == "media",
        _ => false,
    }
}

fn is_block(name: &str) -> bool {
    LISTS.contains(&name)
        || matches!(
            name,
            "paragraph"
                | "heading"
                | "codeBlock"
                | "blockquote"
                | "rule"
                | "panel"
                | "taskList"
                | "mediaSingle"
        )
}

fn check_node(name: &str, parent: &str, node: &Map<String, Value>) -> Result<(), Fault> {
    let leaf = matches!(name, "text" | "hardBreak" | "rule" | "media");
    match name {
        "text" => only(node, &["type", "text", "marks"])?,
        "paragraph" | "heading" if matches!(parent, "doc" | "tableCell" | "tableHeader") => {
            only(node, &["type", "attrs", "content", "marks"])?;
            node.get("marks")
                .map_or(Ok(()), adf_marks::check_alignment)?;
        }
        _ if leaf => only(node, &["type", "attrs"])?,
        _ => only(node, &["type", "attrs", "content"])?,
    }
    let may_be_empty = matches!(name, "paragraph" | "heading" | "codeBlock" | "taskItem");
    if !leaf && !may_be_empty && content(node)?.is_empty() {
        return fault(format!("empty {name}"));
    }
    if name == "text" {
        check_text(parent, node)?;
    }
    check_attrs(name, node)
}

fn check_text(parent: &str, node: &Map<String, Value>) -> Result<(), Fault> {
    let text = text(node);
    if text.is_empty() {
        return fault("empty text");
    }
    if parent != "codeBlock" && text.contains(['\n', '\r']) {
        return fault("a line break in text");
    }
    match node.get("marks") {
        None => Ok(()),
        Some(_) if parent == "codeBlock" => fault("marks in a codeBlock"),
        Some(marks) => adf_marks::check(marks),
    }
}

fn check_attrs(name: &str, node: &Map<String, Value>) -> Result<(), Fault> {
    let none = Map::new();
    let attrs = match node.get("attrs") {
        None => &none,
        Some(attrs) => object(attrs)?,
    };
    let whole = |key: &str, from: u64, to: u64| match attrs.get(key) {
        None => true,
        Some(value) => value.as_u64().is_some_and(|n| (from..=to).contains(&n)),
    };
    let word = |key: &str, words: &[&str]| {
        attrs
            .get(key)
            .and_then(Value::as_str)
            .is_some_and(|value| words.is_empty() && !value.is_empty() || words.contains(&value))
    };
    let (known, good): (&[&str], bool) = match name {
        "heading" => (
            &["level"],
            attrs.contains_key("level") && whole("level", 1, 6),
        ),
        "orderedList" => (&["order"], whole("order", 1, u64::MAX)),
        "codeBlock" => (
            &["language"],
            attrs.get("language").is_none_or(Value::is_string),
        ),
        "hardBreak" => (&["text"], attrs.get("text").is_none_or(|text| text == "\n")),
        "table" => (&["isNumberColumnEnabled", "layout"], table_attrs(attrs)),
        "tableCell" | "tableHeader" => (
            &["colspan", "rowspan", "colwidth", "background"],
            whole("colspan", 1, 1000) && whole("rowspan", 1, 1000),
        ),
        "expand" => (&["title"], attrs.get("title").is_none_or(Value::is_string)),
        "panel" => (
            &["panelType"],
            word(
                "panelType",
                &["info", "note", "tip", "warning", "error", "success"],
            ),
        ),
        "taskList" => (&["localId"], word("localId", &[])),
        "taskItem" => (
            &["localId", "state"],
            word("localId", &[]) && word("state", &["TODO", "DONE"]),
        ),
        "mediaSingle" => (
            &["layout", "width"],
            word(
                "layout",
                &[
                    "center",
                    "wrap-left",
                    "wrap-right",
                    "wide",
                    "full-width",
                    "align-start",
                    "align-end",
                ],
            ) && attrs.get("width").is_none_or(Value::is_number),
        ),
        "media" => (
            &["type", "url", "alt", "width", "height"],
            word("type", &["external"])
                && word("url", &[])
                && ["width", "height"]
                    .iter()
                    .all(|key| attrs.get(*key).is_none_or(Value::is_number)),
        ),
        _ => (&[], true),
    };
    only(attrs, known)?;
    if good {
        Ok(())
    } else {
        fault(format!("attrs of {name}"))
    }
}

fn table_attrs(attrs: &Map<String, Value>) -> bool {
    let layouts = [
        "default",
        "wide",
        "full-width",
        "center",
        "align-start",
        "align-end",
    ];
    attrs
        .get("isNumberColumnEnabled")
        .is_none_or(Value::is_boolean)
        && attrs.get("layout").is_none_or(|layout| {
            layout
                .as_str()
                .is_some_and(|layout| layouts.contains(&layout))
        })
}

fn content(node: &Map<String, Value>) -> Result<&[Value], Fault> {
    match node.get("content") {
        None => Ok(&[]),
        Some(Value::Array(content)) => Ok(content),
        Some(_) => fault("content is no array"),
    }
}

fn text(node: &Map<String, Value>) -> &str {
    node.get("text").and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn kind(node: &Map<String, Value>) -> Result<&str, Fault> {
    match node.get("type") {
        Some(Value::String(kind)) => Ok(kind),
        _ => fault("no type"),
    }
}

pub(super) fn object(value: &Value) -> Result<&Map<String, Value>, Fault> {
    value.as_object().ok_or_else(|| Fault("no object".into()))
}

pub(super) fn only(node: &Map<String, Value>, known: &[&str]) -> Result<(), Fault> {
    match node.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => fault(format!("unknown key {key}")),
        None => Ok(()),
    }
}

pub(super) fn fault<T>(why: impl Into<String>) -> Result<T, Fault> {
    Err(Fault(why.into()))
}
