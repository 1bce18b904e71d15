//! A conversion as a few readable lines, for snapshots.

use docket::connectors::jira::adf::Conversion;
use serde_json::Value;

/// One line a node; a paragraph's text and marks on its own line. Then the losses and attachments.
pub(super) fn compact(conversion: &Conversion) -> String {
    let mut out = String::new();
    for block in conversion.adf["content"].as_array().into_iter().flatten() {
        node(block, 0, &mut out);
    }
    for loss in &conversion.losses {
        out.push_str(&format!("! {}: {}", loss.node, loss.reason));
        if !loss.excerpt.is_empty() {
            out.push_str(&format!(" [{}]", loss.excerpt));
        }
        out.push('\n');
    }
    for file in &conversion.attachments {
        let (name, kind, size) = (&file.file_name, &file.media_type, file.content.len());
        out.push_str(&format!("+ {name} {kind} {size} bytes\n"));
    }
    out
}

fn node(value: &Value, depth: usize, out: &mut String) {
    let kind = value["type"].as_str().unwrap_or("?");
    out.push_str(&"  ".repeat(depth));
    out.push_str(kind);
    if let Some(attrs) = value["attrs"].as_object() {
        for (name, attr) in attrs.iter().filter(|(name, _)| *name != "localId") {
            out.push_str(&format!(" {name}={}", plain(attr)));
        }
    }
    out.push_str(&marks(value));
    let content = value["content"].as_array().map_or(&[][..], Vec::as_slice);
    let is_inline = |child: &Value| matches!(child["type"].as_str(), Some("text" | "hardBreak"));
    if content.iter().all(is_inline) {
        for child in content {
            match child["text"].as_str() {
                Some(text) => out.push_str(&format!(" {text:?}{}", marks(child))),
                None => out.push_str(" ↵"),
            }
        }
        out.push('\n');
        return;
    }
    out.push('\n');
    for child in content {
        node(child, depth + 1, out);
    }
}

fn marks(value: &Value) -> String {
    let marks = value["marks"].as_array().map_or(&[][..], Vec::as_slice);
    let names = marks.iter().map(|mark| {
        let attrs = mark["attrs"].as_object().into_iter().flatten();
        let values: Vec<String> = attrs.map(|(_, value)| plain(value)).collect();
        let kind = mark["type"].as_str().unwrap_or("?");
        if values.is_empty() {
            kind.to_owned()
        } else {
            format!("{kind}={}", values.join(","))
        }
    });
    let names: Vec<String> = names.collect();
    if names.is_empty() {
        String::new()
    } else {
        format!("({})", names.join(" "))
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
