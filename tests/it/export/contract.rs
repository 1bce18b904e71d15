//! What the client asks of Jira, held against Jira's own documents.

use docket::proto::v1::NewSessionTicket;
use docket::sandbox::Options;
use std::time::Duration;

use super::bench::{Bench, assert_completed, chain};
use crate::{sandbox::openapi::check_exchange, support::database::Kind};

#[tokio::test]
async fn every_request_of_an_export_is_one_that_jira_documents() {
    let mut tickets = chain(&[("a", &[]), ("b", &["a"])]);
    tickets[0] = NewSessionTicket {
        labels: vec!["payments".to_owned()],
        sprint: Some("DEMO Sprint 12".to_owned()),
        story_points: Some(3.0),
        jira_assignee: Some("nobody@example.com".to_owned()),
        ..tickets[0].clone()
    };
    let bench = Bench::with(Kind::Sqlite, Options::default(), Duration::ZERO, tickets).await;
    assert_completed(&bench.run().await);
    assert_eq!(bench.revert(false).await.unwrap().deleted.len(), 2);
    let requests = bench.jira.requests();
    assert!(requests.len() > 8, "{} requests", requests.len());
    let mut faults = Vec::new();
    for exchange in requests.iter().filter(|exchange| exchange.is_genuine()) {
        let path = match &exchange.query {
            Some(query) => format!("{}?{query}", exchange.path),
            None => exchange.path.clone(),
        };
        let checked = check_exchange(
            &exchange.method,
            &path,
            exchange.request.as_ref(),
            exchange.status.unwrap(),
            exchange.response.as_ref(),
        );
        faults.extend(checked.err());
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
