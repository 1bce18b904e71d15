//! `docket demo`: the whole story, from a Jira to 87 issues, and nothing left behind.

use std::fs;

use super::{Said, docket};

#[test]
fn the_demo_exports_87_tickets_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = docket(folder.path(), &["demo", "--once", "--fast"]);
    let said = Said::by(command.env("TMPDIR", folder.path()));
    let out = said.succeeded();
    assert!(out.contains("COMPLETED: 87 of 87 tickets"), "{said:?}");
    assert!(
        out.contains("87 issues for 87 tickets, none missing, none twice"),
        "{said:?}"
    );
    assert!(out.contains("; 35 of 35 files."), "{said:?}");
    let issues = out
        .lines()
        .filter(|line| line.contains("/browse/DEMO-"))
        .count();
    assert_eq!(issues, 87, "{said:?}");
    // No log of the server is mixed in: standard error has the progress alone.
    assert!(
        !said.err.contains("WARN") && !said.err.contains("ERROR"),
        "{said:?}"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
