//! What fuzzing found worth keeping: every document of `fuzz/corpus`, held against all judges on every run.

use std::path::Path;

use docket::connectors::jira::adf::convert;
use serde_json::Value;

use super::official;

fn documents() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/adf");
    let entries = std::fs::read_dir(folder).expect("the corpus of the fuzz target is there");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("readable").path())
        .collect();
    paths.sort();
    let read = |path| {
        let bytes = std::fs::read(path).expect("readable");
        let html = String::from_utf8_lossy(&bytes).into_owned();
        let adf = convert(&html).adf;
        (html, adf)
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn what_fuzzing_kept_is_accepted() {
    let documents = documents();
    assert!(
        documents.len() > 1_000,
        "the corpus is whole: {}",
        documents.len()
    );
    official::assert_accepted(&documents);
}
