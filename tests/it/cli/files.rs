//! Files with sessions: every fault at once, each with its place, before any server is asked.

use std::fs;

use super::{Said, docket};

/// Imports a file with this text, from a server that must never be reached, and gives the faults without their common beginning.
fn faults(name: &str, text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), text).unwrap();
    let args = [
        "session",
        "import",
        name,
        "--token",
        "x",
        "--server",
        "http://127.0.0.1:1",
    ];
    let said = Said::by(&mut docket(folder.path(), &args));
    let beginning = format!("docket: {name}: ");
    let bare = |line: &&str| match line.strip_prefix(&beginning) {
        Some(fault) => fault.to_owned(),
        None => panic!("{said:?}"),
    };
    said.failed().iter().map(bare).collect()
}

#[test]
fn json_tells_all_its_faults() {
    let text = r#"{
        "name": 7, "jira_project_key": "DEMO", "colour": "red",
        "users": [{"id": "ada", "display_name": "Ada", "email": "ada@example.com", "role": "QUEEN"}],
        "tickets": [
            {"ref": "a", "title": "", "priority": "P9", "order": 0, "labels": ["fine", "two words"]},
            {"ref": "a", "title": "B", "depends_on_refs": ["a", "nobody"], "story_points": 1001},
            {"title": "two\nlines", "category": "GOSSIP", "custom_fields": [], "titel": "C"},
            "no ticket",
            {"ref": "e", "title": "E", "order": 5, "depends_on_refs": ["f"]},
            {"ref": "f", "title": "F", "order": 5, "depends_on_refs": ["e"]}
        ]
    }"#;
    let found = faults("session.json", text);
    let expected = [
        r#""colour" is no key of a session"#,
        "name: must be a text",
        "user 1: unknown variant `QUEEN`",
        "ticket 1 (a): order: must be a whole number from 1, not 0",
        "ticket 1 (a): title: is missing",
        "ticket 1 (a): priority: must be one of P1, P2, P3, P4, not \"P9\"",
        "ticket 1 (a): labels[1]: ",
        "ticket 2 (a): story_points: must be a number from 0 to 1000, not 1001",
        "ticket 3: ref: is missing",
        "ticket 3: title: must be one line",
        "ticket 3: category: must be one of INCIDENT",
        "ticket 3: custom_fields: must be an object",
        "ticket 3: titel: is no key of a ticket",
        "ticket 4: must be an object",
        "ticket 2 (a): ref: \"a\" is that of ticket 1 (a) already",
        "ticket 2 (a): depends_on_refs: \"a\" is the ticket itself",
        "ticket 2 (a): depends_on_refs: \"nobody\" is the ref of no ticket in the file",
        "ticket 6 (f): order: 5 is that of ticket 5 (e) already",
        "tickets depend on one another in a circle: ",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found:?} is not {expected:?}");
    }
}

#[test]
fn json_that_is_none_tells_the_line() {
    let found = faults(
        "session.json",
        "{\n  \"name\": \"x\",\n  \"tickets\": [,]\n}",
    );
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("line 3: is no JSON: "), "{found:?}");
}

#[test]
fn csv_tells_all_its_faults() {
    let text = "ref,title,colour,priority,priority,labels,story_points\n\
                a,A,red,P1,,x;y,lots\n\
                b,\"B\nover two lines\",,,,,\n\
                c,C,,P5,,two words,\n\
                d,D\n\
                a,E,,,,,\n";
    let found = faults("session.csv", text);
    let expected = [
        r#"line 1: "colour" is no column of a ticket"#,
        "line 1: the column priority comes twice",
        "line 2: story_points: must be a number from 0 to 1000, not \"lots\"",
        "line 3: title: must be one line",
        "line 5: priority: must be one of P1, P2, P3, P4, not \"P5\"",
        "line 5: labels[0]: ",
        "line 6: has 2 cells, the header has 7",
        "line 7: ref: \"a\" is that of line 2 already",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found:?} is not {expected:?}");
    }
}

#[test]
fn csv_needs_its_columns() {
    let found = faults("session.csv", "name,order\nx,1\n");
    assert!(
        found.contains(&"line 1: the column ref is missing".to_owned()),
        "{found:?}"
    );
    assert!(
        found.contains(&"line 1: the column title is missing".to_owned()),
        "{found:?}"
    );
}

#[test]
fn what_is_neither_is_asked_about() {
    assert!(faults("session.txt", "{}")[0].contains("--format"));
}
