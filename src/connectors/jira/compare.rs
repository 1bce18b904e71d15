//! Values of fields as Jira shows them: whether they still are what was sent, and how they read.

use serde_json::Value;

/// The members by which a person recognises a value, the best first.
const NAMES: [&str; 6] = ["displayName", "name", "value", "key", "id", "accountId"];

/// Whether what Jira shows still is what was sent: Jira adds members, and never takes any away. The order of a list does not count.
pub fn agrees(sent: &Value, shown: &Value) -> bool {
    match (sent, shown) {
        (Value::Object(sent), Value::Object(shown)) => sent
            .iter()
            .all(|(name, value)| shown.get(name).is_some_and(|shown| agrees(value, shown))),
        (Value::Array(sent), Value::Array(shown)) => {
            sent.len() == shown.len()
                && sent
                    .iter()
                    .all(|sent| shown.iter().any(|shown| agrees(sent, shown)))
        }
        // A sprint is sent as its number and shown as a list of sprints, those that are over among them.
        (Value::Number(_), Value::Array(shown)) => shown
            .iter()
            .any(|shown| shown.get("id").is_some_and(|id| agrees(sent, id))),
        (Value::Number(sent), Value::Number(shown)) => sent.as_f64() == shown.as_f64(),
        (Value::String(sent), Value::String(shown)) => sent.trim() == shown.trim(),
        _ => sent == shown,
    }
}

/// A value for a person: documents as their text, lists with commas, things by their names. Empty for nothing.
pub fn as_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let mut texts: Vec<String> = items.iter().map(as_text).collect();
            texts.sort_unstable();
            texts.join(", ")
        }
        Value::Object(members) if members.get("type").is_some_and(|kind| kind == "doc") => {
            adf_text(value)
        }
        Value::Object(members) => {
            let named = NAMES.iter().find_map(|name| members.get(*name));
            named.map_or_else(|| value.to_string(), as_text)
        }
        // A whole number reads as one, however it is written.
        Value::Number(number) if number.is_f64() => number.as_f64().unwrap_or_default().to_string(),
        other => other.to_string(),
    }
}

/// A document's text, a line for each block, with white space folded: what of a document survives its being rewritten.
pub fn adf_text(document: &Value) -> String {
    let mut text = String::new();
    let mut open = vec![document];
    while let Some(node) = open.pop() {
        match node["type"].as_str().unwrap_or_default() {
            "text" => text.push_str(node["text"].as_str().unwrap_or_default()),
            "paragraph" | "heading" | "codeBlock" | "taskItem" | "hardBreak" | "rule" => {
                text.push('\n');
            }
            // Mentions, emoji, dates, statuses and cards, which people add in Jira.
            _ => {
                let attrs = &node["attrs"];
                let named = ["text", "shortName", "url", "timestamp"];
                let named = named.iter().find_map(|name| attrs[*name].as_str());
                text.push_str(named.unwrap_or_default());
            }
        }
        open.extend(node["content"].as_array().into_iter().flatten().rev());
    }
    let lines = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_jira_adds_is_no_difference_and_what_people_change_is() {
        let cases = [
            (json!("a"), json!("a "), true),
            (json!("a"), json!("b"), false),
            (json!(3), json!(3.0), true),
            (
                json!({ "id": "1" }),
                json!({ "id": "1", "name": "Highest" }),
                true,
            ),
            (
                json!({ "id": "1" }),
                json!({ "id": "2", "name": "High" }),
                false,
            ),
            (json!({ "id": "1" }), Value::Null, false),
            (json!(["a", "b"]), json!(["b", "a"]), true),
            (json!(["a"]), json!(["a", "b"]), false),
            (json!(12), json!([{ "id": 11 }, { "id": 12 }]), true),
            (json!(12), json!([{ "id": 11 }]), false),
            (
                json!([{ "name": "API" }]),
                json!([{ "id": "7", "name": "API" }]),
                true,
            ),
        ];
        for (sent, shown, same) in cases {
            assert_eq!(agrees(&sent, &shown), same, "{sent} {shown}");
        }
    }

    #[test]
    fn a_document_that_jira_rewrote_reads_the_same() {
        let text = |content: Value| adf_text(&json!({ "type": "doc", "content": content }));
        let sent =
            json!([{ "type": "paragraph", "content": [{ "type": "text", "text": "one two" }] }]);
        let rewritten = json!([{ "type": "paragraph", "attrs": { "localId": "x" }, "content": [
            { "type": "text", "text": "one " }, { "type": "text", "text": "two", "marks": [] },
        ] }]);
        assert_eq!(text(sent.clone()), text(rewritten));
        let edited = json!([
            { "type": "paragraph", "content": [{ "type": "text", "text": "one two" }] },
            { "type": "paragraph", "content": [{ "type": "mention", "attrs": { "text": "@Ada" } }] },
        ]);
        assert_eq!(text(edited), "one two\n@Ada");
    }
}
