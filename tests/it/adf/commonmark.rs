//! The examples of the CommonMark specification.

use docket::connectors::jira::adf::convert;

use super::{official, words};

#[test]
fn the_specification_arrives_whole_and_valid() {
    let output = official::node("commonmark.mjs", String::new());
    let examples: Vec<String> =
        serde_json::from_slice(&output.stdout).expect("the script writes JSON");
    assert!(examples.len() >= 640, "only {} examples", examples.len());
    let examples = examples.into_iter().map(|html| {
        let adf = convert(&html).adf;
        (html, adf)
    });
    let documents: Vec<_> = examples.collect();
    words::assert_arrived(&documents);
    official::assert_accepted(&documents);
}
