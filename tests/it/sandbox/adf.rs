//! Documents: which ones Jira takes.

use docket::sandbox::{TEXT_LIMIT, check_adf, plain_text};
use rstest::rstest;
use serde_json::{Value, json};

use super::{Jira, document};

fn doc(content: Value) -> Value {
    json!({"version": 1, "type": "doc", "content": content})
}

fn paragraph(text: &str, marks: Value) -> Value {
    let mut text = json!({"type": "text", "text": text});
    if !marks.is_null() {
        text["marks"] = marks;
    }
    json!({"type": "paragraph", "content": [text]})
}

fn plain(text: &str) -> Value {
    paragraph(text, Value::Null)
}

fn marked(marks: Value) -> Value {
    doc(json!([paragraph("x", marks)]))
}

fn list(items: Value) -> Value {
    doc(json!([{"type": "bulletList", "content": [{"type": "listItem", "content": items}]}]))
}

fn cell(content: Value) -> Value {
    let cell = json!({"type": "tableCell", "content": content});
    doc(json!([{"type": "table", "content": [{"type": "tableRow", "content": [cell]}]}]))
}

#[rstest]
#[case::empty(doc(json!([])))]
#[case::code_and_link(marked(json!([{"type": "code"}, {"type": "link", "attrs": {"href": "https://x.y"}}])))]
#[case::colour(marked(json!([{"type": "textColor", "attrs": {"color": "#00fF00"}}, {"type": "em"}])))]
#[case::nested_list(list(json!([plain("a"), {"type": "orderedList", "attrs": {"order": 3}, "content": [
    {"type": "listItem", "content": [{"type": "codeBlock", "attrs": {"language": "rust"}, "content": [{"type": "text", "text": "a\nb"}]}]}]}])))]
#[case::cell(cell(json!([{"type": "paragraph"}])))]
#[case::panel(doc(json!([{"type": "panel", "attrs": {"panelType": "info"}, "content": [plain("x")]}])))]
#[case::tasks(doc(json!([{"type": "taskList", "attrs": {"localId": "1"}, "content": [
    {"type": "taskItem", "attrs": {"localId": "2", "state": "DONE"}, "content": [{"type": "text", "text": "x"}]}]}])))]
#[case::image(doc(json!([{"type": "mediaSingle", "attrs": {"layout": "center"}, "content": [
    {"type": "media", "attrs": {"type": "external", "url": "https://x.y/z.png"}}]}])))]
fn a_portable_document_is_taken(#[case] document: Value) {
    check_adf(&document).unwrap();
}

#[rstest]
#[case::version(json!({"version": 2, "type": "doc", "content": []}))]
#[case::no_content(json!({"version": 1, "type": "doc"}))]
#[case::text_on_top(doc(json!([{"type": "text", "text": "x"}])))]
#[case::empty_text(doc(json!([plain("")])))]
#[case::line_break(doc(json!([plain("a\nb")])))]
#[case::no_marks(marked(json!([])))]
#[case::same_mark(marked(json!([{"type": "em"}, {"type": "em"}])))]
#[case::code_and_strong(marked(json!([{"type": "code"}, {"type": "strong"}])))]
#[case::colour_name(marked(json!([{"type": "textColor", "attrs": {"color": "red"}}])))]
#[case::script(marked(json!([{"type": "link", "attrs": {"href": " JavaScript:alert(1)"}}])))]
#[case::unknown_mark(marked(json!([{"type": "blink"}])))]
#[case::heading_level(doc(json!([{"type": "heading", "attrs": {"level": 7}}])))]
#[case::order(doc(json!([{"type": "orderedList", "attrs": {"order": 0}, "content": [{"type": "listItem", "content": [plain("x")]}]}])))]
#[case::empty_list(doc(json!([{"type": "bulletList", "content": []}])))]
#[case::list_first(list(json!([{"type": "bulletList", "content": [{"type": "listItem", "content": [plain("x")]}]}])))]
#[case::heading_in_list(list(json!([plain("x"), {"type": "heading", "attrs": {"level": 1}}])))]
#[case::table_in_cell(cell(json!([{"type": "table", "content": [{"type": "tableRow", "content": []}]}])))]
#[case::empty_cell(cell(json!([])))]
#[case::quote(doc(json!([{"type": "blockquote", "content": [{"type": "rule"}]}])))]
#[case::marks_in_code(doc(json!([{"type": "codeBlock", "content": [{"type": "text", "text": "x", "marks": [{"type": "em"}]}]}])))]
#[case::task_without_id(doc(json!([{"type": "taskList", "attrs": {"localId": ""}, "content": [
    {"type": "taskItem", "attrs": {"localId": "2", "state": "DONE"}}]}])))]
#[case::uploaded_image(doc(json!([{"type": "mediaSingle", "attrs": {"layout": "center"}, "content": [
    {"type": "media", "attrs": {"type": "file", "id": "1", "collection": ""}}]}])))]
#[case::unknown_node(doc(json!([{"type": "marquee"}])))]
#[case::unknown_key(doc(json!([{"type": "rule", "style": "bold"}])))]
#[tokio::test]
async fn any_other_document_is_refused_without_a_reason(#[case] document: Value) {
    check_adf(&document).unwrap_err();
    let jira = Jira::start().await;
    let refused = jira.create(json!({"description": document})).await;
    assert_eq!(refused.status, 400);
    assert_eq!(
        refused.body,
        json!({"errorMessages": ["INVALID_INPUT"], "errors": {}})
    );
}

#[tokio::test]
async fn text_has_a_limit_in_characters() {
    let jira = Jira::start().await;
    jira.created(json!({"description": document(&"ä".repeat(TEXT_LIMIT))}))
        .await;
    let refused = jira
        .create(json!({"description": document(&"a".repeat(TEXT_LIMIT + 1))}))
        .await;
    assert_eq!(
        (refused.status, &refused.body["errorMessages"]),
        (400, &json!(["CONTENT_LIMIT_EXCEEDED"]))
    );
}

/// Building and dropping a deep `Value` recurses, and so needs a stack that the check itself must not need.
#[test]
fn a_deep_document_does_not_exhaust_the_stack() {
    let big = std::thread::Builder::new().stack_size(256 << 20);
    let deep = big.spawn(|| {
        // Moved into place: `json!` would copy the whole of what is below at each level.
        let node = |kind: &str, content: Vec<Value>| {
            let mut node = json!({"type": kind});
            node["content"] = Value::Array(content);
            node
        };
        let mut list = node("bulletList", vec![node("listItem", vec![plain("x")])]);
        for _ in 0..2_000 {
            list = node("bulletList", vec![node("listItem", vec![plain("x"), list])]);
        }
        let mut deep = doc(json!([]));
        deep["content"] = Value::Array(vec![list]);
        std::thread::scope(|scope| {
            let small = std::thread::Builder::new().stack_size(128 << 10);
            let check = || {
                assert_eq!(check_adf(&deep), Ok(2_001));
                assert_eq!(plain_text(&deep).lines().count(), 2_001);
            };
            small.spawn_scoped(scope, check).unwrap().join().unwrap();
        });
    });
    deep.unwrap().join().unwrap();
}
