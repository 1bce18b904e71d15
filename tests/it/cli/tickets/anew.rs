//! Imports that are told to create all tickets once more.

use std::fs;

use super::{empty, told};

#[tokio::test]
async fn an_import_anew_that_breaks_off_goes_on_by_its_run() {
    let office = empty().await;
    let path = office.folder.path().join("tickets.csv");
    let rows = "title,assignee_id\nOne,grace\nTwo,nobody\nThree,grace\n";
    fs::write(&path, rows).unwrap();
    let file = path.to_str().unwrap();
    let said = office.run(&["tickets", "import", file, "--anew"]);
    let run = said.err.lines().find_map(|line| line.strip_prefix("run "));
    let run = run.unwrap_or_else(|| panic!("{said:?}"));
    assert!(said.err.contains("2 of 3 tickets are there"), "{said:?}");
    assert!(said.err.contains(&format!("--run {run}")), "{said:?}");
    fs::write(&path, rows.replace("nobody", "grace")).unwrap();
    let said = office.run(&["tickets", "import", file, "--run", run]);
    assert_eq!(said.succeeded(), "3 tickets\n");
    assert_eq!(told(&office).len(), 3);
}
