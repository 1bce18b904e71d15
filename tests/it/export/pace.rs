//! The pace of a run: never faster than the integration says.

use std::time::Duration;

use docket::sandbox::{Action, Fault, Operation, Options};
use serde_json::json;

use super::bench::{Bench, assert_completed, chain};
use crate::support::database::Kind;

#[tokio::test]
async fn creates_keep_the_delay_of_the_integration() {
    let tickets = chain(&[("a", &[]), ("b", &[]), ("c", &[]), ("d", &[])]);
    let delay = Duration::from_millis(1500);
    let bench = Bench::with(Kind::Sqlite, Options::default(), delay, tickets).await;
    assert_completed(&bench.run().await);
    // Before every create but the first; the clock moves by nothing else here.
    assert_eq!(bench.clock.waits(), [delay; 3]);
}

#[tokio::test]
async fn without_a_delay_nothing_waits() {
    let bench = Bench::new(Kind::Sqlite, &[("a", &[]), ("b", &[])]).await;
    assert_completed(&bench.run().await);
    assert_eq!(bench.clock.waits(), [Duration::ZERO; 0]);
}

/// Jira says so in a header of each answer: the next request waits, whatever it asks.
#[tokio::test]
async fn near_a_limit_every_request_is_slower() {
    let bench = Bench::new(Kind::Sqlite, &[("a", &[]), ("b", &["a"])]).await;
    let near = Action::Status {
        status: 200,
        body: Some(json!({ "issueLinkTypes": [
            { "id": "1", "name": "Blocks", "inward": "is blocked by", "outward": "blocks" },
        ] })),
        headers: [("x-ratelimit-nearlimit".to_owned(), "true".to_owned())].into(),
    };
    bench.jira.order(Fault::on(Operation::ListLinkTypes, near));
    assert_completed(&bench.run().await);
    assert_eq!(
        bench.clock.waits(),
        [Duration::from_secs(1)],
        "before the link"
    );
}
