//! The descriptions of the demo's tickets, as Jira gets them.

use docket::{connectors::jira::adf, sandbox::check_adf};
use serde_json::Value;

#[test]
fn every_description_of_the_demo_is_accepted() {
    let session: Value =
        serde_json::from_str(include_str!("../../../src/cli/demo/session.json")).unwrap();
    let mut refused = Vec::new();
    for ticket in session["tickets"].as_array().unwrap() {
        let converted = adf::convert(ticket["description"].as_str().unwrap());
        if let Err(fault) = check_adf(&converted.adf) {
            refused.push(format!("{}: {fault:?}\n{}", ticket["ref"], converted.adf));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}
