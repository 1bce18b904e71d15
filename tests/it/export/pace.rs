//! The pace of a run: never faster than the integration says.

use std::time::Duration;

use docket::sandbox::Options;

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
