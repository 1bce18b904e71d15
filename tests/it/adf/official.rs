//! The official judges: four generations of the ADF schema, and Atlassian's own validator run by node.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

/// The folder that `tests/tools/package.json` was installed into.
pub(super) fn node_modules() -> PathBuf {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools");
    let folder = std::env::var_os("DOCKET_TEST_NODE_MODULES")
        .map_or_else(|| tools.join("node_modules"), PathBuf::from);
    assert!(
        folder.join("adf-schema-57").is_dir(),
        "{} lacks the ADF schemas: run `npm install` in tests/tools, or set DOCKET_TEST_NODE_MODULES",
        folder.display()
    );
    folder
}

static SCHEMAS: LazyLock<Vec<(&str, Validator)>> = LazyLock::new(|| {
    let generations = [
        "adf-schema-22",
        "adf-schema-36",
        "adf-schema-47",
        "adf-schema-57",
    ];
    let compile = |name| {
        let path = node_modules()
            .join(name)
            .join("dist/json-schema/v1/full.json");
        let text = std::fs::read_to_string(&path).expect("the schema is readable");
        let schema: Value = serde_json::from_str(&text).expect("the schema is JSON");
        (
            name,
            jsonschema::draft4::new(&schema).expect("the schema compiles"),
        )
    };
    generations.map(compile).into()
});

/// The first complaint of any generation of the schema.
pub(super) fn schema_complaint(adf: &Value) -> Option<String> {
    SCHEMAS.iter().find_map(|(name, schema)| {
        let error = schema.iter_errors(adf).next()?;
        Some(format!("{name}: {} at {}", error, error.instance_path()))
    })
}

/// Runs a script of `tests/tools` with `input` on its standard input.
pub(super) fn node(script: &str, input: String) -> Output {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/tools")
        .join(script);
    let mut child = Command::new("node")
        .arg(path)
        .arg(node_modules())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("node runs");
    let mut stdin = child.stdin.take().expect("standard input is piped");
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("node ends");
    writer
        .join()
        .expect("no panic")
        .expect("node reads its input");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script} failed: {complaint}");
    output
}

/// The documents the official validator refuses: their positions and its reasons.
pub(super) fn refusals<'a>(documents: impl IntoIterator<Item = &'a Value>) -> Vec<(usize, String)> {
    let mut lines = String::new();
    let mut count = 0;
    for document in documents {
        lines.push_str(&document.to_string());
        lines.push('\n');
        count += 1;
    }
    let output = node("adf-validator.mjs", lines);
    let verdicts = String::from_utf8(output.stdout).expect("verdicts are text");
    let verdicts: Vec<&str> = verdicts.lines().collect();
    assert_eq!(verdicts.len(), count, "one verdict for each document");
    let refused = verdicts
        .iter()
        .enumerate()
        .filter(|(_, verdict)| **verdict != "ok");
    refused
        .map(|(n, verdict)| (n, (*verdict).to_owned()))
        .collect()
}

/// Fails, with the source, at the first document that a judge refuses.
pub(super) fn assert_accepted(documents: &[(String, Value)]) {
    for (source, adf) in documents {
        if let Some(complaint) = schema_complaint(adf) {
            panic!("schema refuses {source:?}: {complaint}\n{adf:#}");
        }
    }
    if let Some((n, reason)) = refusals(documents.iter().map(|(_, adf)| adf)).first() {
        let (source, adf) = &documents[*n];
        panic!("validator refuses {source:?}: {reason}\n{adf:#}");
    }
}

#[test]
fn the_judges_refuse_what_is_wrong() {
    let empty_text = serde_json::json!({"version": 1, "type": "doc", "content": [
        {"type": "paragraph", "content": [{"type": "text", "text": ""}]}
    ]});
    let inline_at_top = serde_json::json!({"version": 1, "type": "doc", "content": [
        {"type": "text", "text": "x"}
    ]});
    for wrong in [&empty_text, &inline_at_top] {
        assert!(schema_complaint(wrong).is_some(), "{wrong}");
    }
    assert_eq!(refusals([&inline_at_top]).len(), 1);
}
