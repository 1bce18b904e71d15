//! `docket adf`: one document, or one a line.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::Stdio,
};

use serde_json::{Value, json};

use super::{Said, docket};

fn converted(args: &[&str], input: &[u8]) -> Said {
    let folder = tempfile::tempdir().unwrap();
    let mut command = docket(folder.path(), args);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    Said::by_child(child)
}

#[test]
fn a_document_goes_to_standard_output_and_its_losses_to_standard_error() {
    let said = converted(
        &["adf"],
        b"<h1>Plan</h1><p>See <a href=\"javascript:x()\">this</a></p>",
    );
    assert_eq!(said.code, Some(0), "{said:?}");
    let adf: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(adf["content"][0]["type"], "heading");
    assert_eq!(adf["content"][1]["content"][0]["text"], "See this");
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
}

#[test]
fn nothing_is_cut_unless_a_limit_says_so() {
    let long = format!("<p>{}</p><p>the end</p>", "word ".repeat(10_000));
    assert!(converted(&["adf"], long.as_bytes()).out.contains("the end"));
    let cut = converted(&["adf", "--limit", "32000"], long.as_bytes());
    assert!(!cut.out.contains("the end"));
    assert!(!cut.err.is_empty());
}

#[test]
fn lines_are_answered_one_by_one_as_they_come() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = docket(folder.path(), &["adf", "--jsonl"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    for html in ["<p>one</p>", "", "two\nlines"] {
        writeln!(input, "{}", json!(html)).unwrap();
        let answer: Value = serde_json::from_str(&output.next().unwrap().unwrap()).unwrap();
        assert_eq!(answer["adf"]["type"], "doc");
        assert_eq!(answer["losses"], json!([]));
    }
    drop(input);
    assert!(output.next().is_none());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_line_that_is_no_json_string_is_named() {
    let said = converted(&["adf", "--jsonl"], b"\"<p>fine</p>\"\n<p>not</p>\n");
    assert_eq!(said.code, Some(1));
    assert_eq!(said.out.lines().count(), 1);
    assert!(said.err.starts_with("docket: line 2:"), "{}", said.err);
}
