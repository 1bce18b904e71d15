//! What a platform that asks to wait is spared, and what goes out at once where nothing stands in the way any more.

use std::time::Duration;

use docket::{
    app::clock::Clock as _,
    db::dispatch_replay,
    domain::{actor::Role, time::Time},
    proto::v1::{self, DispatchOutcome},
    sandbox::{Action, Fault, Operation},
};
use rstest::rstest;

use super::{
    bench::{Bench, result},
    files_later::{add, there},
};
use crate::support::{database::Kind, server::TestServer};

/// How long Jira asks to wait in these tests.
const HOUR: u64 = 3600;

fn throttle(seconds: u64) -> Action {
    Action::Throttle {
        retry_after: Some(seconds),
        reason: None,
    }
}

async fn test(bench: &Bench) -> bool {
    let request = v1::TestIntegrationRequest {
        id: bench.integration.clone(),
    };
    let mut integrations = bench.server.integrations(Role::Manager);
    let tested = integrations.test_integration(request).await.unwrap();
    tested.into_inner().ok
}

#[rstest]
#[tokio::test]
async fn a_platform_that_asks_to_wait_is_asked_for_no_ticket_until_then(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    bench.order(Action::status(401));
    let waits = bench.create("Waits already").await.unwrap();
    bench.order(throttle(HOUR));
    let first = bench.create("First").await.unwrap();
    let second = bench.create("Second").await.unwrap();
    let why = result(&second).error_message.clone().unwrap();
    assert!(
        why.contains("has asked docket to wait") && why.contains("3600 s at the earliest"),
        "{why}"
    );
    let asked = bench.dispatch(&first.id, None).await.unwrap();
    assert!(!result(&asked).success);
    assert_eq!(bench.creates(), 2, "nobody else has asked");
    for ticket in [&waits, &first, &second] {
        let attempts = bench.attempts(&ticket.id).await;
        let last = attempts.last().unwrap();
        assert_eq!(last.outcome(), DispatchOutcome::RetryLater);
        let wait = bench.wait_of(last);
        assert!((3599..=3600).contains(&wait), "{wait}");
    }
    // Neither switching nor a test shortens it.
    bench.switch(false).await;
    bench.switch(true).await;
    assert!(test(&bench).await);
    bench.pass(Duration::from_secs(HOUR - 60));
    let third = bench.create("Third").await.unwrap();
    let wait = bench.wait_of(&bench.attempts(&third.id).await[0]);
    assert!((59..=60).contains(&wait), "{wait}");
    assert_eq!(bench.creates(), 2);

    bench.pass(Duration::from_secs(61));
    for (ticket, attempts) in [(waits, 2), (first, 3), (second, 2), (third, 2)] {
        bench.until_ended(&ticket.id, attempts).await;
        assert!(result(&bench.get(&ticket.id).await).success);
    }
    assert_eq!(bench.creates(), 6);
}

#[rstest]
#[tokio::test]
async fn what_waits_goes_out_once_a_test_finds_the_integration_well(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    bench.order(Action::status(401));
    let ticket = bench.create("Waits").await.unwrap();
    bench.order(Action::status(401));
    bench.pass(Duration::from_secs(7));
    let attempts = bench.until_ended(&ticket.id, 2).await;
    assert!(bench.wait_of(&attempts[1]) >= 299);
    // One that does not work changes nothing.
    let ill = Fault::on(Operation::ServerInfo, Action::status(503));
    bench.jira.order(ill.always());
    assert!(!test(&bench).await);
    let attempts = bench.attempts(&ticket.id).await;
    assert!(bench.wait_of(&attempts[1]) >= 299);
    bench.jira.clear_orders();
    assert!(test(&bench).await);
    // No time passes.
    bench.until_ended(&ticket.id, 3).await;
    assert!(result(&bench.get(&ticket.id).await).success);
    assert_eq!(bench.issues_of(&ticket.id).len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_wait_of_more_than_a_day_is_kept(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let bench = Bench::new(kind).await;
    bench.order(throttle(3 * 24 * HOUR));
    let ticket = bench.create("Too many").await.unwrap();
    let wait = bench.wait_of(&bench.attempts(&ticket.id).await[0]);
    assert!((259_199..=259_200).contains(&wait), "{wait}");
}

/// The waits of the schedule are for tries.
#[rstest]
#[tokio::test]
async fn what_is_held_or_begun_anew_is_no_try(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let bench = Bench::new(kind).await;
    bench.order(throttle(HOUR));
    let tried = bench.create("Tried").await.unwrap();
    let held = bench.create("Held").await.unwrap();
    bench.order(Action::status(401));
    bench.order(Action::status(401));
    bench.pass(Duration::from_secs(HOUR + 1));
    for (ticket, least) in [(&tried, 300), (&held, 5)] {
        let attempts = bench.until_ended(&ticket.id, 2).await;
        let wait = bench.wait_of(&attempts[1]);
        assert!((least - 1..=least * 6 / 5).contains(&wait), "{wait}");
    }
    // A test that finds the integration well has both tried at once, and the schedule begin.
    bench.order(Action::status(401));
    bench.order(Action::status(401));
    assert!(test(&bench).await);
    for ticket in [&tried, &held] {
        let attempts = bench.until_ended(&ticket.id, 3).await;
        let wait = bench.wait_of(&attempts[2]);
        assert!((4..=6).contains(&wait), "{wait}");
    }
    bench.pass(Duration::from_secs(7));
    for ticket in [&tried, &held] {
        bench.until_ended(&ticket.id, 4).await;
        assert!(result(&bench.get(&ticket.id).await).success);
    }
}

#[rstest]
#[tokio::test]
async fn a_replay_takes_what_waits_for_a_later_try_and_spares_a_platform_that_asks_to_wait(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    bench.order(Action::status(401));
    let ticket = bench.create("Waits").await.unwrap();
    bench.order(Action::status(401));
    bench.pass(Duration::from_secs(7));
    bench.until_ended(&ticket.id, 2).await;
    assert_eq!(replay(&bench.server, bench.clock.now()).await, 1);
    bench.until_ended(&ticket.id, 3).await;
    assert!(result(&bench.get(&ticket.id).await).success);
    assert_eq!(replay(&bench.server, bench.clock.now()).await, 0);

    bench.order(throttle(HOUR));
    let ticket = bench.create("Held").await.unwrap();
    assert_eq!(replay(&bench.server, bench.clock.now()).await, 1);
    let attempts = bench.attempts(&ticket.id).await;
    assert!((3599..=3600).contains(&bench.wait_of(&attempts[0])));
}

/// What was due while the integration was switched off has the whole schedule before it, too.
#[rstest]
#[tokio::test]
async fn switched_on_again_what_is_overdue_begins_anew(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    bench.order(Action::status(401));
    let ticket = bench.create("Overdue").await.unwrap();
    bench.switch(false).await;
    bench.pass(Duration::from_secs(HOUR));
    bench.order(Action::status(401));
    bench.switch(true).await;
    let attempts = bench.until_ended(&ticket.id, 2).await;
    let wait = bench.wait_of(&attempts[1]);
    assert!((4..=6).contains(&wait), "{wait}");
}

#[rstest]
#[tokio::test]
async fn a_replay_sends_files_that_were_left_behind(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    let ticket = bench.file("With files").await;
    for name in ["a.txt", "b.txt", "c.txt"] {
        add(&bench, &ticket.id, name, name.as_bytes()).await;
        bench.pass(Duration::from_secs(1));
    }
    let refuse = |status| Fault::on(Operation::AddAttachments, Action::status(status));
    bench.jira.order(refuse(413).nth(2));
    bench.jira.order(refuse(403).nth(3));
    let integration = Some(bench.integration.as_str());
    bench.dispatch(&ticket.id, integration).await.unwrap();
    assert_eq!(there(&bench), ["a.txt"]);
    // One was refused for good, one waits.
    assert_eq!(replay(&bench.server, bench.clock.now()).await, 1);
    bench.until_ended(&ticket.id, 2).await;
    assert_eq!(there(&bench), ["a.txt", "b.txt", "c.txt"]);
    assert_eq!(replay(&bench.server, bench.clock.now()).await, 0);
    assert_eq!(bench.issues_of(&ticket.id).len(), 1);
}

/// As `docket dispatch replay` does it; how many.
pub(crate) async fn replay(server: &TestServer, now: Time) -> u64 {
    let since = now - chrono::TimeDelta::days(1);
    let replayed = server.database().write(move |tx| {
        Box::pin(async move { dispatch_replay::replay(tx, since, None, now).await })
    });
    replayed.await.unwrap()
}

#[rstest]
#[tokio::test]
async fn what_waits_goes_out_at_once_with_new_credentials(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind).await;
    bench.order(Action::status(401));
    let refused = bench.create("Refused").await.unwrap();
    bench.order(throttle(HOUR));
    let throttled = bench.create("Throttled").await.unwrap();
    let made = crate::api::an_integration("Jira", &bench.jira.url());
    let update = v1::UpdateIntegrationRequest {
        integration: Some(bench.integration().await),
        credentials: made.credentials,
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["credentials".to_owned()],
        }),
        ..Default::default()
    };
    let mut integrations = bench.server.integrations(Role::Manager);
    integrations.update_integration(update).await.unwrap();
    // No time passes.
    for ticket in [&refused, &throttled] {
        bench.until_ended(&ticket.id, 2).await;
        assert!(result(&bench.get(&ticket.id).await).success);
    }
}

#[rstest]
#[tokio::test]
async fn a_platform_that_asks_to_wait_for_long_has_not_failed_for_as_long(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::set(kind, &[("DISPATCH_DISABLE_AFTER_HOURS", "2")]).await;
    bench.order(throttle(3 * HOUR));
    let ticket = bench.create("Too many").await.unwrap();
    bench.order(Action::status(401));
    bench.pass(Duration::from_secs(3 * HOUR + 60));
    bench.until_ended(&ticket.id, 2).await;
    assert!(bench.integration().await.enabled, "it failed for a minute");
    bench.order(Action::status(401));
    bench.pass(Duration::from_secs(2 * HOUR));
    bench.until_ended(&ticket.id, 3).await;
    assert!(!bench.integration().await.enabled, "it failed for hours");
}
