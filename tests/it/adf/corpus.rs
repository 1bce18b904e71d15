//! The corpus: documents by feature with the conversions they are to have, and the judges' verdict on all of them.
//!
//! Each file in `corpus/` holds cases: a line `=== name`, the HTML, a line `---`, and the conversion in compact form.
//! With DOCKET_UPDATE_CORPUS=1 the conversions are written anew, to be read before they are committed.

use std::path::Path;

use docket::connectors::jira::adf::{Conversion, convert};
use serde_json::Value;

use super::compact::compact;
use super::{official, words};

struct Case {
    name: String,
    html: String,
    expected: String,
}

fn parse(text: &str) -> Vec<Case> {
    let sections = text.split("=== ").skip(1);
    let case = |section: &str| {
        let (name, rest) = section.split_once('\n').expect("a name has its line");
        let (html, expected) = rest
            .split_once("\n---\n")
            .unwrap_or((rest.trim_end_matches('\n'), ""));
        Case {
            name: name.trim().to_owned(),
            html: html.to_owned(),
            expected: expected.trim_end().to_owned(),
        }
    };
    sections.map(case).collect()
}

fn files() -> Vec<(String, Vec<Case>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/adf/corpus");
    let entries = std::fs::read_dir(folder).expect("the corpus is there");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("readable").path())
        .collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).expect("a corpus file is text");
        (path.display().to_string(), parse(&text))
    };
    paths.iter().map(read).collect()
}

fn update(path: &str, cases: &[(Case, Conversion)]) {
    let case = |(case, conversion): &(Case, Conversion)| {
        format!(
            "=== {}\n{}\n---\n{}",
            case.name,
            case.html,
            compact(conversion)
        )
    };
    let text: Vec<String> = cases.iter().map(case).collect();
    std::fs::write(path, text.join("\n")).expect("the corpus can be written");
}

#[test]
fn the_corpus_converts_as_written_down() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (path, cases) in files() {
        let cases: Vec<_> = cases
            .into_iter()
            .map(|case| (convert(&case.html), case))
            .collect();
        count += cases.len();
        if std::env::var_os("DOCKET_UPDATE_CORPUS").is_some() {
            let cases: Vec<_> = cases.into_iter().map(|(done, case)| (case, done)).collect();
            update(&path, &cases);
            continue;
        }
        for (conversion, case) in cases {
            let found = compact(&conversion);
            if found.trim_end() != case.expected {
                wrong.push(format!("{path}: {}\n{}\n=> {found}", case.name, case.html));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 300, "only {count} documents");
}

#[test]
fn the_judges_accept_the_corpus() {
    let cases = files().into_iter().flat_map(|(_, cases)| cases);
    let documents: Vec<(String, Value)> = cases
        .map(|case| (case.name, convert(&case.html).adf))
        .collect();
    official::assert_accepted(&documents);
}

#[test]
fn every_visible_word_of_the_corpus_arrives() {
    let cases = files().into_iter().flat_map(|(_, cases)| cases);
    // A picture of an emoji becomes the emoji, which is no word of the HTML.
    let cases = cases.filter(|case| !case.html.contains("<img class=\"emoji\""));
    let documents: Vec<(String, Value)> = cases
        .map(|case| (case.html.clone(), convert(&case.html).adf))
        .collect();
    words::assert_arrived(&documents);
}
