//! The marks of a text in the Atlassian Document Format: which there are, and which go together.

use serde_json::{Map, Value};

use super::adf::{Fault, fault, kind, object, only};

/// Checks the marks of one text.
pub(super) fn check(marks: &Value) -> Result<(), Fault> {
    let marks = match marks {
        Value::Array(marks) if !marks.is_empty() => marks,
        _ => return fault("marks must not be empty"),
    };
    let mut seen = Vec::new();
    for mark in marks {
        let mark = object(mark)?;
        only(mark, &["type", "attrs"])?;
        let name = kind(mark)?;
        if seen.contains(&name) {
            return fault(format!("{name} twice"));
        }
        check_attrs(name, mark)?;
        seen.push(name);
    }
    let joined = seen.iter().any(|name| !matches!(*name, "code" | "link"));
    if joined && seen.contains(&"code") {
        return fault("code goes with link alone");
    }
    Ok(())
}

fn check_attrs(name: &str, mark: &Map<String, Value>) -> Result<(), Fault> {
    let none = Map::new();
    let attrs = match mark.get("attrs") {
        None => &none,
        Some(attrs) => object(attrs)?,
    };
    let text = |key: &str| attrs.get(key).and_then(Value::as_str).unwrap_or_default();
    let (known, good): (&[&str], bool) = match name {
        "em" | "strong" | "strike" | "underline" | "code" => (&[], true),
        "subsup" => (&["type"], matches!(text("type"), "sub" | "sup")),
        "textColor" => (&["color"], is_color(text("color"))),
        "link" => (&["href", "title"], is_safe(text("href"))),
        _ => return fault(format!("unknown mark {name}")),
    };
    only(attrs, known)?;
    if good {
        Ok(())
    } else {
        fault(format!("attrs of {name}"))
    }
}

fn is_color(color: &str) -> bool {
    color.strip_prefix('#').is_some_and(|digits| {
        digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    })
}

fn is_safe(href: &str) -> bool {
    let href: String = href
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .collect::<String>()
        .to_ascii_lowercase();
    !href.is_empty()
        && !["javascript:", "data:", "vbscript:"]
            .iter()
            .any(|scheme| href.starts_with(scheme))
}

/// Checks the marks of a paragraph or heading: its alignment alone, and only one that is not the default.
pub(super) fn check_alignment(marks: &Value) -> Result<(), Fault> {
    let marks = marks.as_array().map(Vec::as_slice);
    let Some([mark]) = marks else {
        return fault("marks of a block");
    };
    let mark = object(mark)?;
    only(mark, &["type", "attrs"])?;
    let align = mark.get("attrs").and_then(|attrs| attrs["align"].as_str());
    match (kind(mark)?, align) {
        ("alignment", Some("center" | "end")) => Ok(()),
        _ => fault("a mark that blocks do not have"),
    }
}
